import Curl
import Foundation
import Model

/// Where uploads are made, and which requests that takes.
struct TusEndpoint: Hashable, Sendable {
  var creation: URL
  /// The bearer token; it goes to the creation URL's origin and nowhere else.
  var token: String?
  /// Whether the creation URL is one file's alone.
  private(set) var isNamed = false

  init(creation: URL, token: String? = nil) {
    self.creation = creation
    self.token = token
  }

  /// What stands in a creation URL for the name of each file, as `URL` encodes it. SeaweedFS takes the path of a creation for the
  /// file's own (weed/server/filer_server_tus_handlers.go).
  private static let namePlaceholder = "%7Bname%7D"

  /// Whether a server that takes the creation's path for the file's name would put every file in the place of the last.
  func wouldReplace(uploadAt location: URL) -> Bool {
    location.path.contains("/.tus/.uploads/") && !isNamed
  }

  /// The endpoint for one file: `{name}` in the creation URL becomes its name with the beginning of its hash, since names of
  /// photos come again.
  func naming(_ name: String, _ hash: ContentHash) -> TusEndpoint {
    guard creation.absoluteString.contains(Self.namePlaceholder) else { return self }
    let dot = name.lastIndex(of: ".") ?? name.endIndex
    let unique = "\(name[..<dot])-\(hash.hex.prefix(8))\(name[dot...])"
    let allowed = CharacterSet.urlPathAllowed.subtracting(CharacterSet(charactersIn: "/"))
    guard let encoded = unique.addingPercentEncoding(withAllowedCharacters: allowed),
      let url = URL(string: creation.absoluteString.replacing(Self.namePlaceholder, with: encoded))
    else { return self }
    var named = TusEndpoint(creation: url, token: token)
    named.isNamed = true
    return named
  }

  /// What the server called an upload, as an absolute address.
  /// - Returns: `nil` for anything but http and https, for an address with a name or password in it, and for one that
  ///   `wouldExpose` the file.
  func resolve(location: String) -> URL? {
    guard let url = absolute(location), let scheme = url.scheme?.lowercased(),
      ["http", "https"].contains(scheme), !wouldExpose(uploadAt: location),
      url.host?.isEmpty == false, url.user == nil, url.password == nil
    else { return nil }
    return url
  }

  /// Whether an upload that is made by https would go in the clear. A server that does not know of the TLS proxy before it
  /// says so, and anybody in the same network could read the file there, or call it delivered.
  func wouldExpose(uploadAt location: String) -> Bool {
    creation.scheme?.lowercased() == "https" && absolute(location)?.scheme?.lowercased() == "http"
  }

  private func absolute(_ location: String) -> URL? {
    URL(string: location, relativeTo: creation)?.absoluteURL
  }

  /// How an upload is written down: without scheme, host and port where they are the creation URL's, so that an album
  /// that moves (an embedded one on another port) is still found. `resolve` reads it.
  func reference(to upload: URL) -> String {
    guard isTrusted(upload), upload.path(percentEncoded: true).hasPrefix("/")
    else {
      return upload.absoluteString
    }
    return upload.path(percentEncoded: true) + (upload.query(percentEncoded: true).map { "?\($0)" } ?? "")
  }

  /// `OPTIONS`: what can the server do?
  /// - Parameter upload: an upload whose server is meant, should that be another one.
  func options(beside upload: URL? = nil) -> TusRequest {
    let url = upload.flatMap { isTrusted($0) ? nil : $0 } ?? creation
    return TusRequest(method: .options, url: url, headers: fields(for: url))
  }

  /// `POST`: makes an upload, with its first bytes if `carrying` is more than 0.
  /// - Parameter isPartial: whether it is a part of a file ("Concatenation").
  func create(length: Int64, metadata: String, carrying: Int64, isPartial: Bool = false) -> TusRequest {
    var headers = fields(for: creation)
    headers.append(.init(name: "Upload-Length", value: String(length)))
    if isPartial { headers.append(.init(name: "Upload-Concat", value: "partial")) }
    if !metadata.isEmpty { headers.append(.init(name: "Upload-Metadata", value: metadata)) }
    if carrying > 0 { headers.append(Self.contentType) }
    return TusRequest(method: .post, url: creation, headers: headers, range: 0..<carrying)
  }

  /// `POST`: makes a file of partial uploads, in this order.
  /// - Parameter parts: their addresses as they are written down (`reference`).
  func join(_ parts: [String], metadata: String) -> TusRequest {
    var headers = fields(for: creation)
    headers.append(.init(name: "Upload-Concat", value: "final;" + parts.joined(separator: " ")))
    headers.append(.init(name: "Upload-Metadata", value: metadata))
    return TusRequest(method: .post, url: creation, headers: headers)
  }

  /// `DELETE`: throws an upload away.
  func terminate(_ upload: URL) -> TusRequest {
    TusRequest(method: .delete, url: upload, headers: fields(for: upload))
  }

  /// `HEAD`: how much of it is there?
  func head(_ upload: URL) -> TusRequest {
    TusRequest(method: .head, url: upload, headers: fields(for: upload))
  }

  /// `PATCH`: a chunk.
  /// - Parameter checksum: the algorithm and the chunk's digest in base64.
  func patch(_ upload: URL, range: Range<Int64>, checksum: (TusChecksum, String)? = nil) -> TusRequest {
    var headers = fields(for: upload)
    headers.append(.init(name: "Upload-Offset", value: String(range.lowerBound)))
    headers.append(Self.contentType)
    if let (algorithm, digest) = checksum {
      headers.append(.init(name: "Upload-Checksum", value: "\(algorithm.rawValue) \(digest)"))
    }
    return TusRequest(method: .patch, url: upload, headers: headers, range: range)
  }

  /// Whether an address gets the token, if there is one.
  func isTrusted(_ url: URL) -> Bool {
    Self.origin(url) == Self.origin(creation)
  }

  private static let contentType = HeaderFields.Field(
    name: "Content-Type", value: "application/offset+octet-stream")

  private func fields(for url: URL) -> [HeaderFields.Field] {
    var fields = [HeaderFields.Field(name: "Tus-Resumable", value: "1.0.0")]
    if let token, isTrusted(url) {
      fields.append(.init(name: "Authorization", value: "Bearer \(token)"))
    }
    return fields
  }

  private static func origin(_ url: URL) -> [String] {
    let scheme = url.scheme?.lowercased() ?? ""
    let port = url.port ?? (scheme == "https" ? 443 : 80)
    return [scheme, url.host?.lowercased() ?? "", String(port)]
  }
}

/// A request before anybody sends it.
struct TusRequest: Hashable, Sendable {
  var method: Request.Method
  var url: URL
  var headers: [HeaderFields.Field]
  /// The part of the file that is its body; empty is none.
  var range: Range<Int64> = 0..<0
}
