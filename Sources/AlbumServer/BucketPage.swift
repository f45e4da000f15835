import Crypto
import Foundation
import Model

/// The live page as it lies in a bucket: the same files as the album server's, which find their feed beside them.
public enum BucketPage {
  /// One file of the page.
  public struct File: Hashable, Sendable {
    /// Relative to the album, `index.html` or `assets/VERSION/NAME`.
    public let path: String
    public let bytes: [UInt8]
    public let mediaType: String
    /// Whether it never changes under its path.
    public let isImmutable: Bool
  }

  /// The assets first and the page itself last: whoever sees the new page finds what it names.
  public static var files: [File] {
    let assets = PageFiles.assets.values.sorted { $0.name < $1.name }
    let version = version(of: assets)
    return assets.map {
      File(path: "assets/\(version)/\($0.name)", bytes: $0.bytes, mediaType: $0.mediaType, isImmutable: true)
    } + [
      File(
        path: "index.html",
        bytes: Array(index(String(decoding: PageFiles.index.bytes, as: UTF8.self), version: version).utf8),
        mediaType: PageFiles.index.mediaType, isImmutable: false)
    ]
  }

  /// A bucket sends no policy, so the page carries its own (without `frame-ancestors`, which counts only in a header).
  static func index(_ page: String, version: String) -> String {
    let policy = """
      default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
      base-uri 'none'; form-action 'none'
      """
    let marks = """
      <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="\(policy)">
        <meta name="pixcheese-album" content="album.json">
      """
    return page.replacing("<meta charset=\"utf-8\">", with: marks, maxReplacements: 1)
      .replacing("../assets/", with: "assets/\(version)/")
  }

  private static func version(of files: [PageFiles.File]) -> String {
    var hash = SHA256()
    for file in files {
      hash.update(data: Data("\(file.name) \(file.bytes.count)\n".utf8))
      hash.update(data: file.bytes)
    }
    return String(ContentHash(hash.finalize()).hex.prefix(12))
  }
}
