public import Foundation

/// How an album server runs.
public struct AlbumServerConfiguration: Sendable {
  /// The address to listen on: a host name, an IPv4 or an IPv6 address; `0.0.0.0` or `::` for all interfaces.
  public var host: String
  /// The port; 0 lets the system choose one, which `onReady` reports.
  public var port: Int
  /// How the server is reached from outside, `https://albums.example`, without a path; `nil` where it is reached as it listens.
  public var publicURL: URL?
  /// The largest file that an upload may have, in bytes; 16 GiB if nothing is said.
  public var maxUploadSize: Int64 = 16 << 30
  /// How long an unfinished upload is kept after its last byte came.
  public var uploadLifetime: Duration = .seconds(7 * 86_400)
  /// How often an event stream without events shows that it lives.
  public var heartbeat: Duration = .seconds(15)
  /// How long a connection may say nothing, also in the middle of a request's body, or take nothing of an answer, before it
  /// is closed.
  public var idleTimeout: Duration = .seconds(60)
  /// How long running downloads may go on after the server was told to stop.
  public var shutdownGrace: Duration = .seconds(3)
  /// How many downloads there are at once; others wait. At 192 KiB each they hold 192 MiB at most.
  var mostDownloads = 1024
  /// How long one of them may take nothing while others wait.
  var downloadPatience: Duration = .seconds(2)
  /// How long renditions that the disk refused are left before they are tried again; it doubles, up to ten minutes.
  var renditionPause: Duration = .seconds(5)
  /// Called once, when the server listens, with the port it listens on.
  public var onReady: @Sendable (_ port: Int) async -> Void

  /// - Throws: `AlbumServerError` with `.configuration` for an address that cannot be one.
  public init(
    host: String, port: Int, publicURL: URL? = nil,
    onReady: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
  ) throws(AlbumServerError) {
    guard (0...65535).contains(port) else {
      throw AlbumServerError(.configuration, "\(port) is no port: a port is 0 to 65535")
    }
    if let publicURL {
      guard let scheme = publicURL.scheme, ["http", "https"].contains(scheme),
        publicURL.host?.isEmpty == false,
        ["", "/"].contains(publicURL.path), publicURL.query == nil
      else {
        throw AlbumServerError(
          .configuration,
          "the public address \(publicURL.absoluteString) is not http(s)://HOST without a path")
      }
    }
    self.host = host
    self.port = port
    self.publicURL = publicURL
    self.onReady = onReady
  }
}
