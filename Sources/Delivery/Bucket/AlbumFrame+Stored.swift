import Journal
import Model

extension BucketLayout {
  /// Where a delivery's bytes are, relative to the page: their name is the content that is sent, a published copy's
  /// where there is one.
  static func medium(of delivery: Delivery) -> String {
    medium(delivery.hash, extension: ending(of: delivery.kind, named: delivery.name))
  }
}

extension AlbumFrame {
  /// A frame as a bucket album's feed has it.
  ///
  /// Several originals are listed as an album server lists them, and the frame goes by the name of the one that it is
  /// shown by (`AlbumOriginal.lead`): of RAW and JPEG the JPEG.
  /// - Parameter stored: all that the bucket has of one frame, originals in the order of their arrival.
  /// - Returns: `nil` if that is nothing.
  init?(stored: [Delivery]) {
    guard let first = stored.first else { return nil }
    func medium(_ kind: AssetKind) -> String? {
      stored.first { $0.kind == kind }.map(BucketLayout.medium)
    }
    let originals = stored.filter { $0.kind == .original }.map { delivery in
      AlbumOriginal(
        sha256: delivery.hash, name: delivery.name, mediaType: MediaType.forFile(named: delivery.name),
        bytes: delivery.bytes, url: BucketLayout.medium(of: delivery))
    }
    let lead = AlbumOriginal.lead(of: originals, frame: first.frame)
    // Before the first original is there, a rendition knows the name of the one that it shows.
    let name = lead?.name ?? first.name
    self.init(
      seq: 0, frame: first.frame, name: name, mediaType: MediaType.forFile(named: name),
      bytes: lead?.bytes ?? first.originalBytes, thumbnail: medium(.thumbnail), preview: medium(.preview),
      original: lead?.url, originals: originals, facts: first.facts ?? PictureFacts())
  }
}
