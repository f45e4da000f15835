import Journal
import Model

/// What a `TusUpload` is for: the whole of a delivery, or a part of it.
struct TusErrand: Sendable {
  let delivery: Delivery
  let source: DeliverySource
  let heard: @Sendable () async -> Void
  var part: Part?

  /// One of the partial uploads that make a file.
  struct Part: Sendable {
    let number: Int
    let upload: PartedUpload
    /// Its bytes in the file.
    let range: Range<Int64>
  }

  /// What the journal calls an upload in parts that go by tus, which has no name of its own for them.
  static let journalName = "tus"

  /// Where bytes of the upload are in the file.
  func place(of range: Range<Int64>) -> Range<Int64> {
    let start = part?.range.lowerBound ?? 0
    return range.lowerBound + start..<range.upperBound + start
  }

  /// `Upload-Metadata`: a part says only of which file it is.
  var metadata: String {
    part == nil ? UploadMetadata(delivery).header : UploadMetadata(sha256: delivery.hash).header
  }
}

extension UploadMetadata {
  /// What an upload of this delivery says of itself.
  init(_ delivery: Delivery) {
    self.init(
      filename: delivery.name, filetype: delivery.mediaType, kind: delivery.kind, frame: delivery.frame,
      sha256: delivery.hash, originalBytes: delivery.originalBytes, facts: delivery.facts)
  }
}
