public import Curl
import Foundation
import Model
import Synchronization

/// A request to a bucket before it has an address, a date and a signature.
struct S3Request: Sendable {
  var method: Request.Method
  /// The object's key; empty for the bucket itself.
  var key: String
  var query: [(name: String, value: String)] = []
  var headers: [HeaderFields.Field] = []
  var body: Request.Body = .none
  /// The SHA-256 of the body, which the store checks.
  var payload: ContentHash = .nothing
  var priority: Request.Priority = .foreground
  var maximumResponseBytes = 64 << 10
  var onProgress: (@Sendable (Int64) -> Void)?
  /// The length of the object that the store makes of its parts before it answers; `nil` for most requests.
  var assembledBytes: Int64?
}

extension ContentHash {
  /// The SHA-256 of no bytes.
  static let nothing = ContentHash(of: [UInt8]())
}

/// One bucket of an S3-compatible store: signs requests, sends them, and takes two corrections from the store by itself, its
/// time and its region.
public final class S3Client: Sendable {
  private struct State {
    var location: S3Location
    /// What the store's clock is ahead of ours, in seconds.
    var skew: TimeInterval = 0
    /// After a connection broke, the idle ones beside it are not trusted either.
    var needsFreshConnection = false
    /// Whether the store has shown that it minds conditions on a PUT; `false` once it said that it knows none.
    var mindsConditions = true
  }

  private let credentials: S3Credentials?
  private let curl: CurlClient
  private let timeouts: Timeouts
  private let clock: @Sendable () -> Date
  private let serverClock: ServerClock
  private let state: Mutex<State>

  /// - Parameter credentials: `nil` asks as a stranger does.
  public convenience init(
    _ location: S3Location, credentials: S3Credentials?, curl: CurlClient, timeouts: Timeouts = Timeouts()
  ) {
    self.init(
      location, credentials: credentials, curl: curl, timeouts: timeouts, serverClock: ServerClock { _ in })
  }

  /// - Parameters:
  ///   - clock: this machine's, which may be wrong.
  ///   - serverClock: hears what the store says of the time.
  init(
    _ location: S3Location, credentials: S3Credentials?, curl: CurlClient, timeouts: Timeouts,
    clock: @escaping @Sendable () -> Date = { Date() }, serverClock: ServerClock = ServerClock { _ in }
  ) {
    self.clock = clock
    self.serverClock = serverClock
    self.credentials = credentials
    self.curl = curl
    self.timeouts = timeouts
    state = Mutex(State(location: location))
  }

  /// Sends a request, again with the store's own time or region where it says that ours is wrong; whatever it answers then
  /// is an answer.
  ///
  /// The signature is made here, after any wait: one that is older than 15 minutes is refused.
  /// - Throws: `CurlError` if there was no answer.
  func send(_ request: S3Request) async throws(CurlError) -> S3Answer {
    var corrections = 0
    while true {
      let (location, skew, isFresh) = state.withLock { ($0.location, $0.skew, $0.needsFreshConnection) }
      let answer: S3Answer
      let signed = signed(
        request, location, at: clock().addingTimeInterval(skew), needsFreshConnection: isFresh)
      do {
        let response = try await curl.perform(signed)
        serverClock.take(response)
        answer = S3Answer(response, to: signed.url, now: Date())
        state.withLock { $0.needsFreshConnection = false }
      } catch {
        state.withLock { $0.needsFreshConnection = $0.needsFreshConnection || error.isRetryable }
        throw await curl.explain(error, for: signed.url, clock: serverClock)
      }
      guard corrections < 2, correct(by: answer) else { return answer }
      corrections += 1
    }
  }

  /// Whether conditions on a PUT are worth sending.
  var mindsConditions: Bool { state.withLock(\.mindsConditions) }

  /// Takes that the store knows no conditions (501).
  func forgetConditions() { state.withLock { $0.mindsConditions = false } }

  private func correct(by answer: S3Answer) -> Bool {
    switch answer.code {
    case "RequestTimeTooSkewed", "RequestExpired":
      guard let date = answer.date else { return false }
      let skew = date.timeIntervalSince(clock())
      state.withLock { $0.skew = skew }
      return true
    case nil where answer.status == 403 && answer.speaksS3:
      // HEAD has no body that could say why: only the store's time tells that ours may be to blame.
      guard let date = answer.date else { return false }
      let now = clock()
      return state.withLock { state in
        let skew = date.timeIntervalSince(now)
        guard abs(skew - state.skew) >= Self.noticeableSkew else { return false }
        state.skew = skew
        return true
      }
    case "PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect":
      guard let region = answer.region else { return false }
      return state.withLock { $0.location.correct(region: region) }
    case nil where answer.status == 301 || answer.status == 400 || answer.status == 307:
      // HEAD has no body: only the field tells.
      guard let region = answer.region else { return false }
      return state.withLock { $0.location.correct(region: region) }
    default:
      return false
    }
  }

  /// Stores refuse what is signed 15 minutes too early or too late; `Date` has whole seconds, and answers take time.
  private static let noticeableSkew: TimeInterval = 14 * 60

  private func signed(
    _ request: S3Request, _ location: S3Location, at date: Date, needsFreshConnection: Bool
  ) -> Request {
    let isSigned = { (name: String) in name.hasPrefix("x-amz-") || name == "content-type" }
    let (signedFields, others) = request.headers.reduce(
      into: ([HeaderFields.Field](), [HeaderFields.Field]())
    ) {
      if isSigned($1.name.lowercased()) { $0.0.append($1) } else { $0.1.append($1) }
    }
    var headers = signedFields
    if let credentials {
      headers.append(.init(name: "x-amz-content-sha256", value: request.payload.hex))
      let subject = S3Signature.Subject(
        method: request.method.rawValue, authority: location.authority, path: location.path(of: request.key),
        query: request.query, headers: headers, payload: request.payload.hex)
      headers += S3Signature(credentials: credentials, region: location.region).fields(for: subject, at: date)
    }
    return Request(
      request.method, location.url(of: request.key, query: S3Signature.query(request.query)),
      headers: headers + others, body: request.body, priority: request.priority,
      timeouts: request.assembledBytes.map { timeouts.patient(forFileOf: $0) } ?? timeouts,
      maximumResponseBytes: request.maximumResponseBytes, needsFreshConnection: needsFreshConnection,
      onProgress: request.onProgress)
  }
}
