public import Foundation

/// What a server answered. That it answered is all it says: any status is a response, not an error.
public struct Response: Sendable {
  /// The HTTP status of the last response of the exchange.
  public var status: Int
  public var headers: HeaderFields
  /// The body, up to `Request.maximumResponseBytes`.
  public var body: [UInt8]
  /// Whether the body was longer and was cut off.
  public var bodyIsTruncated: Bool
  /// The body's bytes that were given to the socket.
  public var bytesSent: Int64
  /// From the start of the transfer to its end, without the time for which it was paused.
  public var duration: Duration
  /// Whether a connection had to be made for it.
  public var madeConnection: Bool

  /// When the server says it is (`Date`); `nil` if it does not.
  public var date: Date? { headers["Date"].flatMap(HTTPDate.parse) }

  public init(
    status: Int, headers: HeaderFields = HeaderFields(), body: [UInt8] = [], bodyIsTruncated: Bool = false,
    bytesSent: Int64 = 0, duration: Duration = .zero, madeConnection: Bool = false
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.bodyIsTruncated = bodyIsTruncated
    self.bytesSent = bytesSent
    self.duration = duration
    self.madeConnection = madeConnection
  }
}
