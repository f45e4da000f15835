import Foundation

/// What an upload says of itself in tus's `Upload-Metadata` header (tus 1.0, "Creation").
///
/// `filename` and `filetype` are what any tus client sends. The others are ours: they let a rendition arrive
/// before its original and be joined to it. A server that does not know them ignores them.
public struct UploadMetadata: Hashable, Sendable {
  /// The file's own name, `IMG_0001.JPG`. Never trusted as a path.
  public var filename: String?
  /// Its media type.
  public var filetype: String?
  /// `thumbnail`, `preview` or `original`; absent means `original`.
  public var kind: AssetKind
  /// SHA-256 of the frame's first original: the frame's identity.
  public var frame: ContentHash?
  /// SHA-256 of the bytes of this very upload, checked before anything is published.
  public var sha256: ContentHash?
  /// The frame's original's length in bytes, so that a page can name it before it is there.
  public var originalBytes: Int64?
  /// What the page shows of the frame.
  public var facts: PictureFacts?

  public init(
    filename: String? = nil, filetype: String? = nil, kind: AssetKind = .original, frame: ContentHash? = nil,
    sha256: ContentHash? = nil, originalBytes: Int64? = nil, facts: PictureFacts? = nil
  ) {
    self.filename = filename
    self.filetype = filetype
    self.kind = kind
    self.frame = frame
    self.sha256 = sha256
    self.originalBytes = originalBytes
    self.facts = facts
  }

  /// Why a header is not upload metadata.
  public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public let reason: String
    public var description: String { "Upload-Metadata: \(reason)" }
  }

  /// Reads an `Upload-Metadata` header: pairs `key base64(value)` separated by commas, the value optional.
  /// Unknown keys are ignored; `name` and `type` (Uppy's words) stand for `filename` and `filetype`.
  /// - Throws: `ParseError` for anything that is not of that form, or values of ours that are not what they
  ///   should be.
  public init(header: String) throws(ParseError) {
    var values: [String: String] = [:]
    for pair in header.split(separator: ",", omittingEmptySubsequences: true) {
      let words = pair.split(separator: " ", omittingEmptySubsequences: true)
      guard let key = words.first, words.count <= 2 else {
        throw ParseError(reason: "a pair is a key, a space and a base64 value")
      }
      guard values[String(key)] == nil else { throw ParseError(reason: "\(key) is given twice") }
      var text = ""
      if words.count == 2 {
        guard let value = Data(base64Encoded: String(words[1])),
          let decoded = String(data: value, encoding: .utf8)
        else { throw ParseError(reason: "the value of \(key) is not base64 of UTF-8 text") }
        text = decoded
      }
      values[String(key)] = text
    }
    func hash(_ key: String) throws(ParseError) -> ContentHash? {
      guard let text = values[key] else { return nil }
      guard let hash = ContentHash(hex: text) else {
        throw ParseError(reason: "\(key) is 64 hexadecimal digits")
      }
      return hash
    }
    filename = values["filename"] ?? values["name"]
    filetype = values["filetype"] ?? values["type"]
    if let text = values["kind"] {
      guard let kind = AssetKind(rawValue: text) else {
        throw ParseError(reason: "kind is thumbnail, preview or original")
      }
      self.kind = kind
    } else {
      kind = .original
    }
    frame = try hash("frame")
    sha256 = try hash("sha256")
    originalBytes = values["original_bytes"].flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
    if let text = values["facts"] {
      do {
        facts = try JSONDecoder().decode(PictureFacts.self, from: Data(text.utf8))
      } catch {
        throw ParseError(reason: "facts is a JSON object as docs/http-api.md describes it")
      }
    } else {
      facts = nil
    }
  }

  /// The header's value.
  public var header: String {
    var pairs: [(String, String)] = []
    if let filename { pairs.append(("filename", filename)) }
    if let filetype { pairs.append(("filetype", filetype)) }
    pairs.append(("kind", kind.rawValue))
    if let frame { pairs.append(("frame", frame.hex)) }
    if let sha256 { pairs.append(("sha256", sha256.hex)) }
    if let originalBytes { pairs.append(("original_bytes", String(originalBytes))) }
    if let facts {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      // A struct of optional texts and numbers; a number that JSON has no word for is left out of the header.
      if let json = try? encoder.encode(facts) {
        pairs.append(("facts", String(decoding: json, as: UTF8.self)))
      }
    }
    return pairs.map { "\($0.0) \(Data($0.1.utf8).base64EncodedString())" }.joined(separator: ",")
  }
}
