public import Curl
public import Foundation
public import Model

/// Asks an album server for what is not an upload: making, listing and showing albums (docs/http-api.md).
public struct AlbumServerClient: Sendable {
  /// An album as the server shows it.
  public struct Album: Hashable, Codable, Sendable {
    /// Its slug.
    public let album: String
    public let name: String
    /// The live page.
    public let url: String
    /// RFC 3339.
    public let createdAt: String
    public let frames: Int

    enum CodingKeys: String, CodingKey {
      case album, name, url, frames
      case createdAt = "created_at"
    }
  }

  /// An album that was just made.
  public struct Created: Hashable, Codable, Sendable {
    public let album: String
    public let url: String
    public let uploadURL: String
    /// A secret.
    public let token: String

    enum CodingKeys: String, CodingKey {
      case album, url, token
      case uploadURL = "upload_url"
    }
  }

  /// Why a server did not do what it was asked for.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Code: Hashable, Sendable {
      /// Nobody answers, or the connection broke.
      case unreachable
      /// Somebody answers who is no album server: a captive portal, another program.
      case notAnAlbumServer
      /// The token is missing, wrong or not enough.
      case notAllowed
      /// There is no such album.
      case noSuchAlbum
      /// The server refuses what it was asked for, in its own words.
      case refused
      /// The server failed; later it may not.
      case failing
    }
    public let code: Code
    /// One sentence for a person.
    public let description: String
  }

  private let curl: CurlClient

  public init(curl: CurlClient) {
    self.curl = curl
  }

  /// Makes an album.
  /// - Parameters:
  ///   - server: the server's own address.
  ///   - token: an administrator's.
  /// - Throws: `Failure`.
  public func create(_ name: String, on server: URL, token: String?) async throws(Failure) -> Created {
    struct New: Encodable { let name: String }
    let body: [UInt8]
    do {
      body = Array(try JSONEncoder().encode(New(name: name)))
    } catch {
      throw Failure(code: .refused, description: "This name cannot be written as JSON.")
    }
    return try await answer(
      .post, server.appending(path: "api/v1/albums"), token: token, body: .bytes(body), expected: 201)
  }

  /// Every album of a server.
  /// - Parameter token: an administrator's.
  /// - Throws: `Failure`.
  public func list(on server: URL, token: String?) async throws(Failure) -> [Album] {
    struct Albums: Decodable { let albums: [Album] }
    let answer: Albums = try await answer(
      .get, server.appending(path: "api/v1/albums"), token: token, body: .none, expected: 200)
    return answer.albums
  }

  /// One album.
  /// - Throws: `Failure`.
  public func show(_ address: AlbumServerAddress) async throws(Failure) -> Album {
    try await answer(.get, address.album, token: nil, body: .none, expected: 200)
  }

  /// Some of an album's frames, in the order of their changes.
  public struct Frames: Sendable, Decodable {
    public let frames: [AlbumFrame]
    /// After which to go on; `nil` at the end.
    public let next: Int64?
  }

  /// An album's frames after a sequence number.
  /// - Throws: `Failure`.
  public func frames(of address: AlbumServerAddress, after seq: Int64) async throws(Failure) -> Frames {
    let url = address.album.appending(path: "frames")
      .appending(queryItems: [
        URLQueryItem(name: "after", value: String(seq)), URLQueryItem(name: "limit", value: "500"),
      ])
    return try await answer(.get, url, token: nil, body: .none, expected: 200)
  }

  /// The length of a media file in bytes; `nil` where there is none.
  /// - Throws: `Failure`.
  public func length(of media: URL) async throws(Failure) -> Int64? {
    let response: Response
    do {
      response = try await curl.perform(
        Request(.head, media, timeouts: Timeouts(connect: .seconds(5), total: .seconds(30))))
    } catch {
      throw Failure(code: .unreachable, description: "\(Self.place(media)) cannot be reached: \(error.text).")
    }
    switch response.status {
    case 200: return response.headers["Content-Length"].flatMap { Int64($0) } ?? 0
    case 404, 410: return nil
    default: throw Self.failure(response, media)
    }
  }

  private func answer<Answer: Decodable>(
    _ method: Request.Method, _ url: URL, token: String?, body: Request.Body, expected: Int
  ) async throws(Failure) -> Answer {
    var headers = [HeaderFields.Field(name: "Accept", value: "application/json")]
    if let token { headers.append(HeaderFields.Field(name: "Authorization", value: "Bearer \(token)")) }
    if body.length > 0 { headers.append(HeaderFields.Field(name: "Content-Type", value: "application/json")) }
    let response: Response
    do {
      response = try await curl.perform(
        Request(
          method, url, headers: headers, body: body,
          timeouts: Timeouts(connect: .seconds(5), total: .seconds(30)),
          maximumResponseBytes: 16 << 20))
    } catch {
      throw Failure(code: .unreachable, description: "\(Self.place(url)) cannot be reached: \(error.text).")
    }
    guard response.status == expected else { throw Self.failure(response, url) }
    do {
      return try JSONDecoder().decode(Answer.self, from: Data(response.body))
    } catch {
      throw Failure(
        code: .notAnAlbumServer,
        description: "\(Self.place(url)) answers, but not as an album server does: is this the right address?"
      )
    }
  }

  private static func failure(_ response: Response, _ url: URL) -> Failure {
    let said = ServerWords.Problem(response)?.detail.flatMap(ServerWords.line)
    let words = said.map { " It says: \($0)" } ?? ""
    return switch response.status {
    case 401, 403: Failure(code: .notAllowed, description: "\(place(url)) does not accept the token.\(words)")
    case 404 where said != nil:
      Failure(code: .noSuchAlbum, description: "There is no such album at \(place(url)).\(words)")
    case 500...: Failure(code: .failing, description: "\(place(url)) fails (\(response.status)).\(words)")
    default:
      said == nil
        ? Failure(
          code: .notAnAlbumServer,
          description:
            "\(place(url)) answers \(response.status), as no album server does: is this the right address?")
        : Failure(code: .refused, description: "\(place(url)) refuses (\(response.status)).\(words)")
    }
  }

  /// Host and port, which is what a person knows a server by.
  private static func place(_ url: URL) -> String {
    (url.host ?? url.absoluteString) + (url.port.map { ":\($0)" } ?? "")
  }
}
