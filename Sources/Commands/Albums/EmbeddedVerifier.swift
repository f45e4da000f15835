import AlbumServer
import Delivery
import Journal

/// Looks into an album of this machine: its store, without a server.
struct EmbeddedVerifier: DestinationVerifier {
  let store: AlbumStore
  let name: String

  func missing(of deliveries: [Delivery]) async throws(VerificationError) -> [MissingDelivery] {
    var missing: [MissingDelivery] = []
    for delivery in deliveries {
      let held: Int64?
      do {
        held = try await store.bytesHeld(
          inAlbum: name, frame: delivery.frame, kind: delivery.kind, sha256: delivery.hash)
      } catch {
        throw VerificationError(
          .unreachable, "The album \(name) of this machine cannot be read.", underlying: error)
      }
      if held == nil {
        missing.append(MissingDelivery(delivery, reason: "it is not in the album"))
      } else if let held, held != delivery.bytes {
        missing.append(
          MissingDelivery(delivery, reason: "its file has \(held) bytes, not \(delivery.bytes)"))
      }
    }
    return missing
  }
}
