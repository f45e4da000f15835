import Crypto
import Hummingbird
import Model
import NIOCore

/// Writes the body of one request into an upload's file, hashing on the way.
struct UploadReceiver: Sendable {
  /// How a body ended.
  enum Ending: Sendable {
    /// As it was announced.
    case whole
    /// The connection ended before the body did.
    case torn
    /// More bytes came than the upload has room for.
    case tooLong
    /// The disk, or something else of ours, failed.
    case failed(AlbumServerError)
  }

  /// What a request brought.
  struct Received: Sendable {
    /// Bytes of the upload that are written, though not yet synced.
    var offset: Int64
    var ending: Ending
    /// The hash of all of them; `nil` where the beginning was not hashed by this process.
    var whole: SHA256?
    /// The digest of this request's bytes.
    var chunk: TusChecksum.Running?
  }

  /// Bytes gathered before they are written: one change of threads for each so many.
  private static let batchSize = 256 << 10

  let file: StoredFile
  let length: Int64
  /// Told of bytes as they arrive.
  let arrived: @Sendable (Int) -> Void
  /// Asked before so many bytes are written; throws where there is no room for them.
  let requireRoom: @Sendable (Int64) throws -> Void

  /// Takes everything that comes, until the body's end or the connection's.
  func receive(
    _ body: RequestBody, announced: Int64?, offset: Int64, whole: SHA256?, chunk: TusChecksum.Running?
  ) async -> Received {
    var received = Received(offset: offset, ending: .whole, whole: whole, chunk: chunk)
    var batch: [ByteBuffer] = []
    var gathered: Int64 = 0
    do {
      for try await buffer in body {
        guard received.offset + gathered + Int64(buffer.readableBytes) <= length else {
          received.ending = .tooLong
          return received
        }
        arrived(buffer.readableBytes)
        batch.append(buffer)
        gathered += Int64(buffer.readableBytes)
        if gathered >= Self.batchSize {
          received = try await write(batch, after: received)
          batch = []
          gathered = 0
        }
      }
    } catch let error as AlbumServerError {
      received.ending = .failed(error)
      return received
    } catch {
      // Whatever ends a connection early is the same to us: what arrived before is kept.
      received.ending = .torn
    }
    do {
      received = try await write(batch, after: received)
    } catch let error as AlbumServerError {
      received.ending = .failed(error)
      return received
    } catch {
      received.ending = .failed(AlbumServerError(.file, "an upload cannot be written", underlying: error))
      return received
    }
    // A connection that was cut can look like a body's end.
    if case .whole = received.ending, let announced, received.offset - offset < announced {
      received.ending = .torn
    }
    return received
  }

  private func write(_ batch: [ByteBuffer], after received: Received) async throws -> Received {
    guard !batch.isEmpty else { return received }
    let (file, requireRoom) = (file, requireRoom)
    return try await BlockingThreads.run {
      try requireRoom(batch.reduce(0) { $0 + Int64($1.readableBytes) })
      var received = received
      for buffer in batch {
        try buffer.withUnsafeReadableBytes { bytes in
          try file.write(bytes, at: received.offset)
          received.whole?.update(bufferPointer: bytes)
          received.chunk?.update(bytes)
          received.offset += Int64(bytes.count)
        }
      }
      return received
    }
  }
}
