import Crypto
import Foundation
import Model

/// The bytes of an object on a card: pieces that lie in memory, shared between frames, or in files.
///
/// A made frame is a small head of its own and a scene that many frames share, so that a card of thousands of
/// frames costs little memory and every frame still has bytes of its own.
struct ObjectContent: Sendable {
  enum Piece: Sendable {
    case bytes([UInt8])
    /// A whole file of that length. It is opened for each request: a card may have more files than a process
    /// may hold open.
    case file(URL, length: Int)

    /// Zeros.
    case filling(length: Int)

    var length: Int {
      switch self {
      case .bytes(let bytes): bytes.count
      case .filling(let length): length
      case .file(_, let length): length
      }
    }
  }

  /// What `Piece.filling` is sent from.
  static let zeros = [UInt8](repeating: 0, count: 1 << 20)

  let pieces: [Piece]
  /// In bytes.
  let length: Int

  init(_ pieces: [Piece]) {
    self.pieces = pieces
    length = pieces.reduce(0) { $0 + $1.length }
  }

  /// A file that is there.
  init(file: URL) throws(CameraSimulatorError) {
    do {
      let values = try file.resourceValues(forKeys: [.fileSizeKey])
      self.init([.file(file, length: values.fileSize ?? 0)])
    } catch {
      throw CameraSimulatorError(.file, "\(file.path) cannot be read", underlying: error)
    }
  }

  /// The parts of the pieces that a range of the object covers, in order.
  func slices(of range: Range<Int>) -> [(piece: Piece, range: Range<Int>)] {
    var found: [(piece: Piece, range: Range<Int>)] = []
    var start = 0
    for piece in pieces {
      let overlap = range.clamped(to: start..<start + piece.length)
      if !overlap.isEmpty { found.append((piece, overlap.lowerBound - start..<overlap.upperBound - start)) }
      start += piece.length
    }
    return found
  }

  /// The first bytes, at most `count`.
  func prefix(_ count: Int) throws(CameraSimulatorError) -> [UInt8] {
    var head: [UInt8] = []
    try forEachChunk(upTo: count) { head.append(contentsOf: $0) }
    return head
  }

  /// The SHA-256 of all bytes, 64 lower-case hexadecimal digits.
  func sha256() throws(CameraSimulatorError) -> String {
    var hash = SHA256()
    try forEachChunk(upTo: length) { hash.update(bufferPointer: $0) }
    return ContentHash(hash.finalize()).hex
  }

  /// Writes all bytes into a new file.
  func write(to file: URL) throws(CameraSimulatorError) {
    do {
      try Data().write(to: file)
      let handle = try FileHandle(forWritingTo: file)
      defer { try? handle.close() }
      var failure: (any Error)?
      try forEachChunk(upTo: length) { chunk in
        do {
          if failure == nil { try handle.write(contentsOf: Data(chunk)) }
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    } catch {
      throw CameraSimulatorError(.file, "\(file.path) cannot be written", underlying: error)
    }
  }

  private func forEachChunk(
    upTo count: Int, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(CameraSimulatorError) {
    for (piece, range) in slices(of: 0..<min(count, length)) {
      switch piece {
      case .bytes(let bytes):
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
      case .filling:
        Self.zeros.withUnsafeBytes { zeros in
          for start in stride(from: 0, to: range.count, by: zeros.count) {
            body(UnsafeRawBufferPointer(rebasing: zeros.prefix(range.count - start)))
          }
        }
      case .file(let url, _):
        do {
          let handle = try FileHandle(forReadingFrom: url)
          defer { try? handle.close() }
          var left = range.count
          while left > 0, let chunk = try handle.read(upToCount: min(left, 1 << 20)), !chunk.isEmpty {
            chunk.withUnsafeBytes(body)
            left -= chunk.count
          }
        } catch {
          throw CameraSimulatorError(.file, "\(url.path) cannot be read", underlying: error)
        }
      }
    }
  }
}
