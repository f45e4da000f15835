/// What a photographer writes into pictures: who took them, whose they are, what they show.
public struct PictureWords: Hashable, Sendable {
  public var creator: String?
  public var copyright: String?
  public var caption: String?
  /// Added to those that a picture has.
  public var keywords: [String]

  public init(
    creator: String? = nil, copyright: String? = nil, caption: String? = nil, keywords: [String] = []
  ) {
    self.creator = creator
    self.copyright = copyright
    self.caption = caption
    self.keywords = keywords
  }

  /// Whether there is nothing to write.
  public var isEmpty: Bool { creator == nil && copyright == nil && caption == nil && keywords.isEmpty }

  /// A JPEG with these words in it: EXIF (Artist, Copyright, ImageDescription), IPTC and XMP (Dublin Core), all in
  /// UTF-8. Its pixels are the same bytes as before, and so is everything else that was in it.
  ///
  /// EXIF or IPTC that cannot be understood is left as it is: XMP has the words in any case.
  /// - Throws: `PictureError` with `.corrupt` for what is no JPEG, or `.encoding` where there is no room for them.
  public func written(into jpeg: [UInt8]) throws(PictureError) -> [UInt8] {
    guard !isEmpty else { return jpeg }
    var head = try JPEGHead(jpeg)
    try writeEXIF(&head)
    try writeXMP(&head)
    try writeIPTC(&head)
    return head.bytes
  }

  private static let exif: StaticString = "Exif\u{0}\u{0}"
  private static let xmp: StaticString = "http://ns.adobe.com/xap/1.0/\u{0}"
  private static let photoshop: StaticString = "Photoshop 3.0\u{0}"

  private func writeEXIF(_ head: inout JPEGHead) throws(PictureError) {
    var texts: [Int: String] = [:]
    texts[EXIFWords.artist] = creator
    texts[EXIFWords.copyright] = copyright
    texts[EXIFWords.description] = caption
    guard !texts.isEmpty else { return }
    let known = head.index(0xE1, Self.exif).map { Array(head.segments[$0].content.dropFirst(6)) }
    guard let block = EXIFWords.block(known, with: texts, limit: JPEGHead.contentLimit - 6) else { return }
    try head.put(
      Array("Exif\u{0}\u{0}".utf8) + block, marker: 0xE1, signature: Self.exif, after: [(0xE0, "JFIF\u{0}")])
  }

  private func writeXMP(_ head: inout JPEGHead) throws(PictureError) {
    let known = head.index(0xE1, Self.xmp).map {
      String(decoding: head.segments[$0].content.dropFirst(Self.xmp.utf8CodeUnitCount), as: UTF8.self)
    }
    guard let packet = XMPWords.packet(known, with: self) else {
      throw PictureError(.encoding, "its XMP cannot be understood")
    }
    try head.put(
      Array("http://ns.adobe.com/xap/1.0/\u{0}".utf8) + Array(packet.utf8), marker: 0xE1, signature: Self.xmp,
      after: [(0xE0, "JFIF\u{0}"), (0xE1, Self.exif)])
  }

  private func writeIPTC(_ head: inout JPEGHead) throws(PictureError) {
    let known = head.index(0xED, Self.photoshop).map { head.segments[$0].content }
    guard let content = IPTCWords.segment(known, with: self), content.count <= JPEGHead.contentLimit else {
      return
    }
    try head.put(
      content, marker: 0xED, signature: Self.photoshop,
      after: [(0xE0, "JFIF\u{0}"), (0xE1, Self.exif), (0xE1, Self.xmp)])
  }
}
