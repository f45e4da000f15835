import Blocking
import Foundation
import Glibc
public import Journal
public import Model
import Pictures
public import SystemPackage

/// The source of local files and folders: each file becomes a safe frame where it lies, without a copy.
///
/// What was hashed once is known by path, length and modification time, so that a second run over ten thousand files
/// reads none of them.
public struct FileSource: Sendable {
  /// What became of a file.
  public enum Outcome: Sendable {
    /// It is a safe original of a frame; `isNew` is false where the journal had its bytes already.
    case safe(Frame, Original, isNew: Bool)
    /// They were taken before and are as they were then: nothing was read.
    case known([(frame: Frame, original: Original)])
    /// It could not be read, or changed while it was read; the reason is for a person.
    case failed(FilePath, reason: String)
  }

  /// Files belong to this source in the journal.
  static let name = "file"

  private let journal: Journal
  private let albums: [String]
  private let policy: SendingPolicy
  /// Files hashed at once: as many as a small machine has cores, so that the disk is never idle.
  private static let width = 2

  /// - Parameter policy: which files go to the albums. The others are safe frames too, known and kept back.
  public init(journal: Journal, albums: [String], policy: SendingPolicy = SendingPolicy()) {
    self.journal = journal
    self.albums = albums
    self.policy = policy
  }

  /// Takes files up, telling of each one as soon as it is safe.
  /// - Throws: `JournalError`; what was told of before is safe. `CancellationError`.
  public func take(_ files: [FileScan.Found], each: @escaping @Sendable (Outcome) -> Void) async throws {
    var rest: [FileScan.Found] = []
    // In parts, each a transaction: nothing else that wants to write waits for all of them.
    for start in stride(from: 0, to: files.count, by: Self.part) {
      let part = files[start..<min(start + Self.part, files.count)].map { (file: $0, object: $0.object) }
      let taken = try await journal.deliverTaken(
        part.map(\.object), source: Self.name, albums: albums, policy: policy)
      let there = await Self.stillThere(taken)
      let known = part.compactMap { part in
        there[part.object].flatMap { original in taken[part.object].map { (frame: $0, original: original) } }
      }
      if !known.isEmpty { each(.known(known)) }
      rest += part.filter { there[$0.object] == nil }.map(\.file)
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      var waiting = Self.shots(rest).makeIterator()
      for _ in 0..<Self.width {
        if let shot = waiting.next() { group.addTask { try await takeShot(shot, each: each) } }
      }
      while try await group.next() != nil {
        if let shot = waiting.next() { group.addTask { try await takeShot(shot, each: each) } }
      }
    }
  }

  /// Files of one folder that differ in their extension alone, the RAW last: a frame is known by the first of its
  /// originals, which is to be the one that every viewer shows, whichever is read more quickly.
  private static func shots(_ files: [FileScan.Found]) -> [[FileScan.Found]] {
    var order: [String] = []
    var shots: [String: [FileScan.Found]] = [:]
    for file in files {
      let shot = file.shot
      if shots[shot] == nil { order.append(shot) }
      shots[shot, default: []].append(file)
    }
    return order.map { shot in
      let files = shots[shot, default: []]
      return files.filter { !$0.isRaw } + files.filter(\.isRaw)
    }
  }

  private func takeShot(_ files: [FileScan.Found], each: @Sendable (Outcome) -> Void) async throws {
    for file in files { each(try await take(file)) }
  }

  private func take(_ file: FileScan.Found) async throws -> Outcome {
    try Task.checkCancellation()
    let hashed: (hash: ContentHash, bytes: Int64)
    do {
      hashed = try await Journal.hashing(file.path)
    } catch {
      return .failed(file.path, reason: error.message)
    }
    var status = stat()
    guard stat(file.path.string, &status) == 0, hashed.bytes == file.bytes,
      Int64(status.st_size) == file.bytes,
      status.modifiedNanoseconds == file.modifiedNanoseconds
    else { return .failed(file.path, reason: "It changed while it was read; it is left for the next run.") }
    let name = file.path.lastComponent?.string ?? "frame"
    let safe = SafeOriginal(
      original: Original(
        hash: hashed.hash, name: name, mediaType: MediaType.forFile(named: name), bytes: file.bytes,
        path: file.path, isInPlace: true, modifiedNanoseconds: file.modifiedNanoseconds),
      source: Self.name, object: file.object,
      mark: FrameMark(rating: policy.frames.looksAtMarks ? await FileRating.read(file.path.string) : nil))
    let recorded = try await journal.recordSafe(safe, session: nil, albums: albums, policy: policy)
    return .safe(recorded.frame, safe.original, isNew: recorded.isNew)
  }

  /// How many files are looked up at once.
  private static let part = 500

  /// The originals that known files are, where the journal's own path of each is there still. A frame that is known by
  /// another path may have lost that file; then this one takes its place.
  private static func stillThere(_ frames: [SourceObject: Frame]) async -> [SourceObject: Original] {
    await offload {
      var there: [SourceObject: Original] = [:]
      for (object, frame) in frames {
        there[object] = [frame.original, frame.lead].first { original in
          original.bytes == object.bytes
            && MediaType.forFile(named: original.name) == MediaType.forFile(named: object.name)
            && access(original.path.string, R_OK) == 0
        }
      }
      return there
    }
  }
}

extension FileScan.Found {
  /// How the journal knows this file.
  var object: SourceObject {
    // Read off the text: `FilePath` takes its time, and there may be a hundred thousand of these.
    let text = path.string
    let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) ?? text.startIndex
    return SourceObject(
      folder: slash == text.startIndex ? "/" : String(text[..<slash]),
      name: String(text[slash...].dropFirst()), bytes: bytes, modified: modifiedNanoseconds)
  }

  /// Its path without the extension.
  fileprivate var shot: String {
    let object = object
    let stem =
      object.name.utf8.lastIndex(of: UInt8(ascii: ".")).map { object.name[..<$0] } ?? object.name[...]
    return "\(object.folder)/\(stem)"
  }

  fileprivate var isRaw: Bool { MediaType.isRaw(MediaType.forFile(named: object.name)) }
}
