import Dispatch
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
  public func take(_ files: [FileScan.Found], each: @Sendable (Outcome) -> Void) async throws {
    let known = try await journal.deliverTaken(
      files.map(\.object), source: Self.name, albums: albums, policy: policy)
    var rest: [FileScan.Found] = []
    for file in files {
      if let frame = known[file.object], let original = Self.original(file, of: frame) {
        each(.safe(frame, original, isNew: false))
      } else {
        rest.append(file)
      }
    }
    try await withThrowingTaskGroup(of: Outcome.self) { group in
      var waiting = rest.makeIterator()
      for _ in 0..<Self.width {
        if let file = waiting.next() { group.addTask { try await take(file) } }
      }
      while let outcome = try await group.next() {
        each(outcome)
        if let file = waiting.next() { group.addTask { try await take(file) } }
      }
    }
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

  /// The original that a known file is, where the journal's own path of it is there still. A frame that is known by
  /// another path may have lost that file; then this one takes its place.
  private static func original(_ file: FileScan.Found, of frame: Frame) -> Original? {
    [frame.original, frame.lead].first { original in
      original.bytes == file.bytes
        && MediaType.forFile(named: original.name) == MediaType.forFile(named: file.object.name)
        && access(original.path.string, R_OK) == 0
    }
  }
}

extension FileScan.Found {
  /// How the journal knows this file.
  var object: SourceObject {
    SourceObject(
      folder: path.removingLastComponent().string, name: path.lastComponent?.string ?? "", bytes: bytes,
      modified: modifiedNanoseconds)
  }
}
