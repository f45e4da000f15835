import Exiv2Bridge
import Foundation

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

  public var isEmpty: Bool { creator == nil && copyright == nil && caption == nil && keywords.isEmpty }

  /// A JPEG with these words in it: EXIF (Artist, Copyright, ImageDescription), IPTC and XMP (Dublin Core), all in
  /// UTF-8. Its pixels are the same bytes as before.
  ///
  /// Blocks for a millisecond or two: not for the cooperative pool.
  /// - Throws: `PictureError` with `.encoding` where libexiv2 does not make it.
  public func written(into jpeg: [UInt8]) throws(PictureError) -> [UInt8] {
    guard !isEmpty else { return jpeg }
    func copy(_ text: String?) -> UnsafeMutablePointer<CChar>? { text.flatMap { strdup($0) } }
    let texts = [copy(creator), copy(copyright), copy(caption)]
    let list = keywords.map { copy($0) }
    defer { for text in texts + list { free(text) } }
    var bytes: UnsafeMutablePointer<UInt8>?
    var length = 0
    var failure = [CChar](repeating: 0, count: 300)
    let result = list.map { UnsafePointer($0) }.withUnsafeBufferPointer { list in
      var words = exiv2_bridge_words(
        creator: texts[0], copyright: texts[1], caption: texts[2], keywords: list.baseAddress,
        keyword_count: list.count)
      return exiv2_bridge_write(jpeg, jpeg.count, &words, &bytes, &length, &failure, failure.count)
    }
    defer { free(bytes) }
    guard result == 0, let bytes else {
      let reason = String(decoding: failure.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw PictureError(.encoding, "words cannot be written into it: \(reason)")
    }
    return Array(UnsafeBufferPointer(start: bytes, count: length))
  }
}
