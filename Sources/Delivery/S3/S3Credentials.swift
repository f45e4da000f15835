/// The keys of one account of an S3-compatible store.
///
/// However it is printed, interpolated or dumped, only the access key's id is shown: the secret goes into signatures and
/// nowhere else, never to a log, the journal or a command line.
public struct S3Credentials: Hashable, Sendable {
  /// The public half, `AKIA…`.
  public let accessKeyID: String
  /// The secret half.
  let secretAccessKey: String
  /// The token of temporary keys; `nil` for keys that last.
  let sessionToken: String?

  public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.sessionToken = sessionToken
  }
}

extension S3Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "\(accessKeyID) (secret kept)" }
  public var debugDescription: String { description }
  /// What a dump may show: not the secrets.
  public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": accessKeyID]) }
}
