/// One frame as an album's JSON API and its events show it (contract.md, `GET …/frames`).
public struct AlbumFrame: Hashable, Codable, Sendable {
  /// The sequence number of this frame's last change; it grows with every change in the album.
  public var seq: Int64
  /// SHA-256 of the frame's first original.
  public var frame: ContentHash
  /// The file name of the original that it is shown by; so with the next two.
  public var name: String
  public var mediaType: String
  /// Its length in bytes; `nil` while nobody has said.
  public var bytes: Int64?
  /// The thumbnail's URL; `nil` while it is not there. The same holds for the next two.
  public var thumbnail: String?
  public var preview: String?
  public var original: String?
  /// Every original that is there, in the order of their arrival: of RAW and JPEG both. `original` is one of them, no
  /// RAW if there is another.
  public var originals: [AlbumOriginal]
  /// What the page shows.
  public var facts: PictureFacts

  public init(
    seq: Int64, frame: ContentHash, name: String, mediaType: String, bytes: Int64?, thumbnail: String?,
    preview: String?, original: String?, originals: [AlbumOriginal] = [], facts: PictureFacts
  ) {
    self.seq = seq
    self.frame = frame
    self.name = name
    self.mediaType = mediaType
    self.bytes = bytes
    self.thumbnail = thumbnail
    self.preview = preview
    self.original = original
    self.originals = originals
    self.facts = facts
  }

  private enum CodingKeys: String, CodingKey {
    case seq, frame, name, bytes, thumbnail, preview, original, originals
    case mediaType = "media_type"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    seq = try container.decode(Int64.self, forKey: .seq)
    frame = try container.decode(ContentHash.self, forKey: .frame)
    name = try container.decode(String.self, forKey: .name)
    mediaType = try container.decode(String.self, forKey: .mediaType)
    bytes = try container.decodeIfPresent(Int64.self, forKey: .bytes)
    thumbnail = try container.decodeIfPresent(String.self, forKey: .thumbnail)
    preview = try container.decodeIfPresent(String.self, forKey: .preview)
    original = try container.decodeIfPresent(String.self, forKey: .original)
    originals = try container.decodeIfPresent([AlbumOriginal].self, forKey: .originals) ?? []
    facts = try PictureFacts(from: decoder)
  }

  /// Every key of the contract is always there, `null` where nothing is known yet; the facts lie flat beside them.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(seq, forKey: .seq)
    try container.encode(frame, forKey: .frame)
    try container.encode(name, forKey: .name)
    try container.encode(mediaType, forKey: .mediaType)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(thumbnail, forKey: .thumbnail)
    try container.encode(preview, forKey: .preview)
    try container.encode(original, forKey: .original)
    try container.encode(originals, forKey: .originals)
    var factsContainer = encoder.container(keyedBy: PictureFacts.CodingKeys.self)
    try factsContainer.encode(facts.capturedAt, forKey: .capturedAt)
    try factsContainer.encode(facts.width, forKey: .width)
    try factsContainer.encode(facts.height, forKey: .height)
    try factsContainer.encodeIfPresent(facts.camera, forKey: .camera)
    try factsContainer.encodeIfPresent(facts.lens, forKey: .lens)
    try factsContainer.encodeIfPresent(facts.exposureTime, forKey: .exposureTime)
    try factsContainer.encodeIfPresent(facts.aperture, forKey: .aperture)
    try factsContainer.encodeIfPresent(facts.iso, forKey: .iso)
    try factsContainer.encodeIfPresent(facts.focalLength, forKey: .focalLength)
    try factsContainer.encodeIfPresent(facts.rating, forKey: .rating)
  }
}
