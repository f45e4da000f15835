public import Foundation

/// One HTTP request. Redirects are never followed: the response says where it points, and the caller decides.
public struct Request: Sendable {
  /// The methods that are used here.
  public enum Method: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case options = "OPTIONS"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// What is sent. Every body has a known length, sent as `Content-Length`.
  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// A part of a file, read while it is sent: no more than libcurl's send buffer of it is ever in memory.
    case file(ReadableFile, offset: Int64, length: Int64)

    /// The body's length in bytes.
    public var length: Int64 {
      switch self {
      case .none: 0
      case .bytes(let bytes): Int64(bytes.count)
      case .file(_, _, let length): length
      }
    }
  }

  /// Who goes first when several requests are under way to one origin (scheme, host and port).
  public enum Priority: Sendable {
    /// Sent at once.
    case foreground
    /// Its body pauses while a foreground body is being sent to the same origin, keeping its connection.
    case background
  }

  public var method: Method
  public var url: URL
  /// Sent as they are. `Expect:` is never sent (it costs a second where a server does not know it).
  public var headers: [HeaderFields.Field]
  public var body: Body
  public var priority: Priority
  public var timeouts: Timeouts
  /// The most bytes of a response's body that are kept; the rest is cut off (`Response.bodyIsTruncated`).
  public var maximumResponseBytes: Int
  /// Whether a new connection is made even if one is open: after a failure the open ones may be dead as well.
  public var needsFreshConnection: Bool
  /// Called on libcurl's thread with how many bytes of the body were given to the socket since the last call; must return
  /// at once. What was given to the socket has not arrived: it is for people to watch, not for decisions.
  public var onProgress: (@Sendable (Int64) -> Void)?

  public init(
    _ method: Method, _ url: URL, headers: [HeaderFields.Field] = [], body: Body = .none,
    priority: Priority = .foreground, timeouts: Timeouts = Timeouts(), maximumResponseBytes: Int = 64 << 10,
    needsFreshConnection: Bool = false, onProgress: (@Sendable (Int64) -> Void)? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.priority = priority
    self.timeouts = timeouts
    self.maximumResponseBytes = maximumResponseBytes
    self.needsFreshConnection = needsFreshConnection
    self.onProgress = onProgress
  }

  /// Whether the host is this machine by its address or as `localhost`: there is no link between, and no proxy.
  var isToThisMachine: Bool {
    guard let host = url.host?.lowercased() else { return false }
    return host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }

  /// Scheme, host and port: what shares a link's queue here.
  var origin: String {
    "\(url.scheme?.lowercased() ?? "")://\(url.host?.lowercased() ?? ""):\(url.port ?? -1)"
  }
}

/// When a transfer is given up.
public struct Timeouts: Hashable, Sendable {
  /// Name resolution, TCP and TLS together.
  public var connect: Duration
  /// How long a transfer may move nothing in either direction; libcurl averages over five seconds, so it
  /// takes up to that much longer. A paused transfer is not counted.
  public var stall: Duration
  /// The whole transfer; `nil` is for ever.
  public var total: Duration?

  public init(connect: Duration = .seconds(10), stall: Duration = .seconds(8), total: Duration? = nil) {
    self.connect = connect
    self.stall = stall
    self.total = total
  }
}
