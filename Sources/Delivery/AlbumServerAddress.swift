public import Foundation

/// The addresses of one album on an album server, made from its live page's (contract.md, "Naming an album").
public struct AlbumServerAddress: Hashable, Sendable {
  /// The live page, `…/a/SLUG`.
  public let page: URL
  /// The server, `…`.
  public let server: URL
  /// The album in the JSON API, `…/api/v1/albums/SLUG`.
  public let album: URL
  /// The tus 1.0 creation endpoint.
  public var uploads: URL { album.appending(path: "uploads") }

  /// - Parameter page: `http(s)://HOST/a/SLUG`, as `Destination` has checked it.
  public init(page: URL) {
    self.page = page
    let slug = page.lastPathComponent
    server = page.deletingLastPathComponent().deletingLastPathComponent()
    album = server.appending(path: "api/v1/albums").appending(path: slug)
  }
}
