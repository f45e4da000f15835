import Curl
import Foundation
public import Journal
import Model

/// Looks into an album of an album server: its frames over the API, and the media themselves with HEAD.
public struct AlbumServerVerifier: DestinationVerifier {
  private let client: AlbumServerClient
  private let address: AlbumServerAddress
  private let frames: [ContentHash: AlbumFrame]

  /// Reads the whole album's list of frames.
  /// - Throws: `VerificationError`.
  public init(_ address: AlbumServerAddress, client: AlbumServerClient) async throws(VerificationError) {
    self.address = address
    self.client = client
    var frames: [ContentHash: AlbumFrame] = [:]
    var after: Int64? = 0
    while let seq = after {
      let page: AlbumServerClient.Frames
      do {
        page = try await client.frames(of: address, after: seq)
      } catch {
        throw VerificationError(error)
      }
      // A frame that changes while the album is read comes again with what it has then.
      for frame in page.frames { frames[frame.frame] = frame }
      if let next = page.next, next <= seq {
        throw VerificationError(
          .unreachable, "The server's list of frames does not end: \(next) comes after \(seq).")
      }
      after = page.next
    }
    // As the server has it: a frame is known by any of its originals.
    for frame in frames.values {
      for original in frame.originals { frames[original.sha256] = frames[original.sha256] ?? frame }
    }
    self.frames = frames
  }

  /// Those whose frame, or whose file, the album has not got. An original is told by its SHA-256 and its
  /// length.
  public func missing(of deliveries: [Delivery]) async throws(VerificationError) -> [MissingDelivery] {
    try await missing(of: deliveries) { delivery in
      await reason(delivery).mapError(VerificationError.init)
    }
  }

  /// Why a delivery is not there; `nil` if it is.
  private func reason(_ delivery: Delivery) async -> Result<String?, AlbumServerClient.Failure> {
    guard let frame = frames[delivery.frame] else { return .success("its frame is not in the album") }
    let media: String? =
      switch delivery.kind {
      case .thumbnail: frame.thumbnail
      case .preview: frame.preview
      case .original: frame.originals.first { $0.sha256 == delivery.hash }?.url
      }
    guard let media, let url = URL(string: media, relativeTo: address.server)?.absoluteURL else {
      return .success("its frame has no such \(delivery.kind.rawValue)")
    }
    do throws(AlbumServerClient.Failure) {
      guard let bytes = try await client.length(of: url) else { return .success("its file is gone") }
      // A rendition that the server made itself is as good; an original is the one that was sent.
      guard delivery.kind != .original || bytes == delivery.bytes else {
        return .success("its file has \(bytes) bytes, not \(delivery.bytes)")
      }
      return .success(nil)
    } catch {
      return .failure(error)
    }
  }
}

extension VerificationError {
  init(_ failure: AlbumServerClient.Failure) {
    let code: Code =
      switch failure.code {
      case .notAllowed: .notAllowed
      case .noSuchAlbum: .noSuchAlbum
      case .unreachable, .notAnAlbumServer, .refused, .failing: .unreachable
      }
    self.init(code, failure.description, underlying: failure)
  }
}
