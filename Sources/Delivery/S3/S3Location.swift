public import Foundation

/// Where a bucket is, and how a request names it.
public struct S3Location: Hashable, Sendable {
  /// Where the bucket's name stands in an address.
  public enum Style: String, Sendable {
    /// `https://HOST/BUCKET/KEY`
    case path
    /// `https://BUCKET.HOST/KEY`
    case virtualHost = "virtual-host"
  }

  /// Why there is no such place.
  public struct Invalid: Error, Hashable, Sendable, CustomStringConvertible {
    /// What of a place is wrong.
    public enum Part: Sendable { case bucket, region, endpoint }
    public let part: Part
    /// A sentence for a person; what it says of an endpoint has nothing of it, for there may be a password in it.
    public let description: String
  }

  public let bucket: String
  /// What requests are signed for, `eu-central-1`; a store may correct it.
  public internal(set) var region: String
  public let style: Style
  /// `nil` is AWS itself, whose host follows the region.
  private let endpoint: Endpoint?

  private struct Endpoint: Hashable, Sendable {
    var scheme: String
    /// `host[:port]` in lower case, without the scheme's own port, which libcurl leaves out of `Host`.
    var authority: String
    var host: String
    /// What stands before bucket and key; empty, or `/…` without a slash at its end.
    var path: String
  }

  /// - Parameters:
  ///   - endpoint: the store's address; `nil` for AWS.
  ///   - region: `us-east-1` where a store knows none.
  ///   - style: `nil` chooses: Aliyun's hosts and AWS want virtual hosts (but for a name with dots, which no certificate
  ///     covers), all others the path.
  /// - Throws: `Invalid`.
  public init(bucket: String, endpoint: URL?, region: String, style: Style? = nil) throws(Invalid) {
    let letters = bucket.utf8.allSatisfy {
      ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")) || ($0 >= 0x30 && $0 <= 0x39)
        || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0)
    }
    guard (1...255).contains(bucket.utf8.count), letters, bucket != ".", bucket != ".." else {
      throw Invalid(part: .bucket, description: "\(bucket.debugDescription) cannot be a bucket's name.")
    }
    guard Self.isRegion(region) else {
      throw Invalid(part: .region, description: "\(region.debugDescription) cannot be a region.")
    }
    self.bucket = bucket
    self.region = region
    guard let endpoint else {
      self.endpoint = nil
      self.style = style ?? (bucket.contains(".") ? .path : .virtualHost)
      return
    }
    guard let parts = URLComponents(url: endpoint, resolvingAgainstBaseURL: true),
      let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = parts.encodedHost?.lowercased(), !host.isEmpty, parts.user == nil, parts.password == nil,
      parts.query == nil, parts.fragment == nil
    else {
      throw Invalid(
        part: .endpoint,
        description:
          "The endpoint has to be http(s)://HOST[:PORT], without a name, a password or a query in it.")
    }
    let port = parts.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : ":\($0)" } ?? ""
    var path = parts.percentEncodedPath
    while path.hasSuffix("/") { path.removeLast() }
    self.endpoint = Endpoint(scheme: scheme, authority: host + port, host: host, path: path)
    self.style = style ?? (host.hasSuffix(".aliyuncs.com") ? .virtualHost : .path)
    guard self.style == .path || !host.hasPrefix("[") else {
      throw Invalid(
        part: .endpoint,
        description: "A bucket's name cannot stand before \(host), which is an address: use the path style.")
    }
  }

  /// Whether it is on this machine.
  var isLoopback: Bool {
    guard let host = endpoint?.host else { return false }
    return host == "localhost" || host == "[::1]" || host.hasPrefix("127.")
  }

  var scheme: String { endpoint?.scheme ?? "https" }

  /// `host[:port]` of a request.
  var authority: String {
    let base = endpoint?.authority ?? "s3.\(region).amazonaws.com"
    return style == .virtualHost ? "\(bucket).\(base)" : base
  }

  /// The encoded path of a key; of the bucket itself for an empty one.
  func path(of key: String) -> String {
    let root = (endpoint?.path ?? "") + (style == .path ? "/\(S3Signature.encode(bucket))" : "")
    let path = root + (key.isEmpty ? "" : "/" + S3Signature.encode(key, keepsSlashes: true))
    return path.isEmpty ? "/" : path
  }

  /// The address of an object, as a guest or a request uses it.
  public func url(of key: String, query: String = "") -> URL {
    let text = "\(scheme)://\(authority)\(path(of: key))\(query.isEmpty ? "" : "?\(query)")"
    guard let url = URL(string: text) else {
      preconditionFailure("a checked host and an encoded path make a URL: \(text)")
    }
    return url
  }

  /// Takes a region that the store says is the right one.
  /// - Returns: whether that changes anything.
  mutating func correct(region: String) -> Bool {
    guard region != self.region, Self.isRegion(region) else { return false }
    self.region = region
    return true
  }

  /// A region becomes part of a host name, and an answer may name one.
  private static func isRegion(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "z")) || ($0 >= 0x30 && $0 <= 0x39)
          || $0 == UInt8(ascii: "-")
      }
  }
}
