public import Curl
import Foundation
public import Journal
import Model

/// Looks into a bucket album: what its feeds show, and every object with HEAD.
public struct BucketVerifier: DestinationVerifier {
  private let client: S3Client
  private let layout: BucketLayout
  private let frames: [ContentHash: AlbumFrame]

  /// Reads the whole album as a guest has it.
  /// - Throws: `VerificationError`.
  public init(_ bucket: BucketDestination, curl: CurlClient) async throws(VerificationError) {
    client = S3Client(
      bucket.location, credentials: bucket.credentials, curl: curl,
      timeouts: Timeouts(connect: .seconds(5), total: .seconds(30)))
    layout = BucketLayout(prefix: bucket.prefix)
    let shown: BucketAlbums.Shown?
    do {
      shown = try await BucketAlbums(bucket, curl: curl).show()
    } catch {
      throw VerificationError(error.reason)
    }
    guard let shown else {
      throw VerificationError(.noSuchAlbum, "There is no album at this place of the bucket.")
    }
    frames = shown.named
  }

  /// Those that no feed shows, or whose object is not there or has another length or checksum.
  public func missing(of deliveries: [Delivery]) async throws(VerificationError) -> [MissingDelivery] {
    try await missing(of: deliveries) { await reason($0) }
  }

  /// Why a delivery is not there; `nil` if it is.
  private func reason(_ delivery: Delivery) async -> Result<String?, VerificationError> {
    guard let frame = frames[delivery.frame] else { return .success("its frame is not in the album") }
    let own = BucketLayout.medium(of: delivery)
    let shown: String? =
      switch delivery.kind {
      case .thumbnail: frame.thumbnail
      case .preview: frame.preview
      // Feeds of older programs list no originals.
      case .original: frame.originals.contains { $0.url == own } || frame.original == own ? own : nil
      }
    guard let shown else { return .success("its frame has no such \(delivery.kind.rawValue)") }
    do {
      let (presence, answer) = try await client.head(layout.key(of: shown))
      switch presence {
      case .absent: return .success("its file is gone")
      // Another laptop's rendition of the same frame is as good.
      case .there where shown != own: return .success(nil)
      case .there(let bytes, _) where bytes != delivery.bytes:
        return .success("its file has \(bytes.map(String.init) ?? "no") bytes, not \(delivery.bytes)")
      case .there where answer.sha256 ?? delivery.hash != delivery.hash:
        return .success("its file has other bytes")
      case .there: return .success(nil)
      case nil: return .failure(VerificationError(answer.failure))
      }
    } catch {
      return .failure(VerificationError(.unreachable, error.text, underlying: error))
    }
  }
}

extension VerificationError {
  init(_ reason: DeliveryReason) {
    let code: Code =
      switch reason.code {
      case .notAllowed: .notAllowed
      case .noSuchAlbum: .noSuchAlbum
      default: .unreachable
      }
    self.init(code, reason.text)
  }
}
