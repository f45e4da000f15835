public import Foundation

/// Where an album is, as `--album` names it (contract.md, "Naming an album").
public enum Destination: Hashable, Sendable {
  /// The embedded album of this machine, by its name.
  case embedded(name: String)
  /// An album on an album server: the page's address, `http(s)://HOST/a/SLUG`.
  case albumServer(URL)
  /// A bucket album: `s3://BUCKET/PREFIX`, the prefix without slashes at its ends.
  case bucket(name: String, prefix: String)
  /// Any tus 1.0 creation endpoint, given as `tus+http(s)://…`: originals only. The URL is without `tus+`.
  case tus(URL)

  /// Why a text names no album.
  public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text, without what may be a password in it (`withoutPassword`).
    public let text: String
    public let reason: String

    init(text: String, reason: String) {
      self.text = Destination.withoutPassword(text)
      self.reason = reason
    }

    public var description: String { "\(text.debugDescription) names no album: \(reason)" }
  }

  /// A text as it may be shown: where it is an address, without what stands before an `@`.
  public static func withoutPassword(_ text: String) -> String {
    guard let scheme = text.range(of: "://"), let at = text.lastIndex(of: "@"), scheme.upperBound <= at else {
      return text
    }
    return text[..<scheme.upperBound] + "…" + text[at...]
  }

  /// Reads one of the forms of contract.md.
  /// - Throws: `ParseError` with what is wrong with the text.
  public init(parsing text: String) throws(ParseError) {
    func fail(_ reason: String) -> ParseError { ParseError(text: text, reason: reason) }
    let hasPassword =
      "a name and a password do not belong into an address: the token goes into PIXCHEESE_TOKEN"
    let lowered = text.lowercased()
    if lowered.hasPrefix("tus+http://") || lowered.hasPrefix("tus+https://") {
      guard let url = URL(string: String(text.dropFirst(4))), url.host?.isEmpty == false else {
        throw fail("the address after tus+ cannot be read")
      }
      guard url.user == nil, url.password == nil else { throw fail(hasPassword) }
      self = .tus(url)
    } else if lowered.hasPrefix("http://") || lowered.hasPrefix("https://") {
      guard let url = URL(string: text), url.host?.isEmpty == false else {
        throw fail("the address cannot be read")
      }
      guard url.user == nil, url.password == nil else { throw fail(hasPassword) }
      let parts = url.path.split(separator: "/")
      guard parts.count >= 2, parts[parts.count - 2] == "a" else {
        throw fail("an album's address ends in /a/SLUG, as its live page's does")
      }
      // The server names its uploads and media from the root of its host.
      guard parts.count == 2 else {
        throw fail("nothing stands before /a/SLUG: an album server has its host, or a port of it, to itself")
      }
      self = .albumServer(url)
    } else if lowered.hasPrefix("s3://") {
      let rest = text.dropFirst(5)
      let bucket = rest.prefix { $0 != "/" }
      guard !bucket.isEmpty else { throw fail("s3:// is followed by BUCKET/PREFIX") }
      guard !bucket.contains("@") else {
        throw fail(
          "keys do not belong into an address: they go into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
      }
      var prefix = rest.dropFirst(bucket.count).drop { $0 == "/" }
      while prefix.last == "/" { prefix.removeLast() }
      // A part that means another folder, or none, would not survive the way through URLs.
      let parts = prefix.split(separator: "/", omittingEmptySubsequences: false)
      guard prefix.isEmpty || !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
        throw fail("the prefix has an empty part, or one that is . or ..")
      }
      guard prefix.utf8.count <= 500 else { throw fail("the prefix is longer than 500 bytes") }
      guard !prefix.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        throw fail("the prefix has control characters")
      }
      self = .bucket(name: String(bucket), prefix: String(prefix))
    } else if text.contains("://") {
      throw fail("an album is a NAME, http(s)://HOST/a/SLUG, s3://BUCKET/PREFIX or tus+http(s)://HOST/PATH")
    } else {
      guard !text.trimmingCharacters(in: .whitespaces).isEmpty else { throw fail("the name is empty") }
      guard text.utf8.count <= 200 else { throw fail("the name is longer than 200 bytes") }
      guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
        throw fail("the name has control characters")
      }
      self = .embedded(name: text)
    }
  }

  /// Which of a frame's assets this destination takes.
  public var takes: [AssetKind] {
    switch self {
    case .tus: [.original]
    case .embedded, .albumServer, .bucket: AssetKind.allCases
    }
  }
}
