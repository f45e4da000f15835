import Foundation
import TestServers

/// `pixcheese serve`, running, with its data in a folder of a home.
struct AlbumServerProgram: Sendable {
  let program: Program
  /// `http://127.0.0.1:PORT`
  let url: String
  private let data: URL

  /// - Parameter port: 0 takes a free one; another is for a server that comes back.
  static func start(in home: Home, port: UInt16 = 0) async throws -> AlbumServerProgram {
    let data = home.folder.appending(path: "server")
    let program = try home.start("serve", "--listen", "127.0.0.1:\(port)", "--data", data.path)
    guard let url = try await program.first("server.ready").url else {
      throw program.failure("the server does not say its address")
    }
    return AlbumServerProgram(program: program, url: url, data: data)
  }

  /// One that is reached over a bad network, and by the tests on loopback.
  static func start(in home: Home, on network: BadNetwork, port: UInt16 = 0) async throws
    -> AlbumServerProgram
  {
    try await start(in: home, at: network.address, port: port)
  }

  /// One that listens everywhere, and is known by an address that its clients have for it.
  static func start(in home: Home, at address: String, port: UInt16 = 0) async throws -> AlbumServerProgram {
    let port = try port == 0 ? LoopbackPort.free() : port
    let data = home.folder.appending(path: "server")
    let program = try home.start(
      "serve", "--listen", "0.0.0.0:\(port)", "--data", data.path, "--public-url",
      "http://\(address):\(port)")
    try await program.first("server.ready")
    return AlbumServerProgram(program: program, url: "http://127.0.0.1:\(port)", data: data)
  }

  var port: UInt16 { UInt16(URL(string: url)?.port ?? 0) }

  /// The administrator's token, from where the server leaves it.
  func administratorToken() throws -> String {
    try String(contentsOf: data.appending(path: "admin-token"), encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// An album, as `pixcheese album create --json` prints it.
  struct Album: Decodable, Sendable {
    let album: String
    let url: String
    let uploadURL: String
    let token: String

    enum CodingKeys: String, CodingKey {
      case album, url, token
      case uploadURL = "upload_url"
    }

    /// What lets a program in.
    var environment: [String: String] { ["PIXCHEESE_TOKEN": token] }
  }

  /// Makes an album from a home that has nothing to do with the server's.
  func album(_ name: String, from home: Home) async throws -> Album {
    try await home.answer(
      "album", "create", name, "--server", url, environment: ["PIXCHEESE_TOKEN": try administratorToken()])
  }

  func reader(of album: Album) throws -> AlbumReader { try AlbumReader(page: album.url, on: program) }
}
