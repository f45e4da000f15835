import Foundation
import Model
import Synchronization

/// A tus 1.0 server on a loopback port that keeps the protocol's rules, but for what its test has it do wrong.
final class ScriptedTus: Sendable {
  /// What it does wrong, once.
  enum Trouble: Hashable, Sendable {
    /// Answers with a status and takes nothing of the request.
    case refuse(Int, headers: [String] = [])
    /// A proxy answers with a status instead.
    case standIn(Int)
    /// Does what it is asked for, for so long that a proxy answers with a status instead.
    case takeLong(Int)
    /// Does what it is asked for, and resets the connection instead of answering.
    case loseAnswer
    /// Resets the connection before it has read the body.
    case reset
    /// Has forgotten all uploads that are under way.
    case forget
  }

  /// One request as it was answered; a status of 0 is none.
  struct Exchange: Hashable, Sendable {
    var method: String
    var status: Int
  }

  private struct Upload {
    var length: Int
    var bytes: [UInt8] = []
    var isPartial = false
  }

  private struct State {
    var troubles: [String: [Trouble]] = [:]
    /// What a proxy answers to everything while the server is away.
    var standIn: Int?
    var uploads: [String: Upload] = [:]
    var whole: [[UInt8]] = []
    var exchanges: [Exchange] = []
    var taken = 0
    var extensions: [String] = []
    /// Bytes that uploads may have in all, unfinished ones and parts.
    var room = Int.max
    /// Files by what they were made of.
    var joined: [String: Int] = [:]
    /// Runs after each body of an upload was taken, before the answer.
    var onTaken: (@Sendable () -> Void)?
    /// Runs after parts were joined, before the answer.
    var onJoined: (@Sendable () -> Void)?
  }

  private let server: LoopbackHTTP
  private let state: Storage

  /// What the server's threads share; the server's own end is what stops them.
  private final class Storage: Sendable {
    let value = Mutex(State())
  }

  /// What it offers unless a test says more.
  static let basic = ["creation", "creation-with-upload", "checksum"]

  /// - Parameters:
  ///   - troubles: what goes wrong with the next requests of each method, in order; `JOIN` is a POST that joins parts.
  ///   - extensions: what it says that it offers.
  ///   - room: bytes that uploads may have in all while they are not whole.
  init(
    _ troubles: [String: [Trouble]] = [:], extensions: [String] = basic, roomFor room: Int = .max
  ) throws {
    let state = Storage()
    state.value.withLock {
      $0.troubles = troubles
      $0.extensions = extensions
      $0.room = room
    }
    self.state = state
    server = try LoopbackHTTP { request, body in Self.answer(request, body, state) }
  }

  var port: UInt16 { server.port }

  /// How many whole files it has with exactly these bytes.
  func copies(of bytes: Data) -> Int {
    state.value.withLock { state in state.whole.count { $0.elementsEqual(bytes) } }
  }

  /// How many whole files it has.
  var wholeCount: Int { state.value.withLock { $0.whole.count } }

  /// Bytes of files that it has kept, whether or not they are whole.
  var taken: Int { state.value.withLock { $0.taken } }

  /// The requests so far, but OPTIONS, with their answers.
  var exchanges: [Exchange] { state.value.withLock { $0.exchanges } }

  /// Has something run after each body, before it is acknowledged.
  func whenTaken(_ body: @escaping @Sendable () -> Void) { state.value.withLock { $0.onTaken = body } }

  /// Has something run after parts were joined, before that is answered.
  func whenJoined(_ body: @escaping @Sendable () -> Void) { state.value.withLock { $0.onJoined = body } }

  /// Has a proxy answer everything with a status, since the server is away; `nil` brings it back.
  func beAway(_ status: Int?) { state.value.withLock { $0.standIn = status } }

  /// Makes an upload of which it has the beginning already.
  /// - Returns: its address at this server.
  func begin(length: Int, with bytes: Data, isPartial: Bool = false) -> String {
    state.value.withLock { state in
      let path = "/files/\(UUID().uuidString)"
      state.uploads[path] = Upload(length: length, bytes: Array(bytes), isPartial: isPartial)
      return path
    }
  }

  // MARK: Requests

  private static func answer(
    _ request: LoopbackHTTP.Request, _ body: () -> [UInt8], _ state: Storage
  ) -> LoopbackHTTP.Answer? {
    var request = request
    if request.fields["upload-concat"]?.hasPrefix("final") == true { request.method = "JOIN" }
    let trouble = state.value.withLock { state -> Trouble? in
      if let status = state.standIn { return .standIn(status) }
      guard state.troubles[request.method]?.isEmpty == false else { return nil }
      return state.troubles[request.method]?.removeFirst()
    }
    if trouble == .reset {
      note(request, 0, state)
      return nil
    }
    let body = body()
    if case .standIn(let status) = trouble {
      note(request, status, state)
      return LoopbackHTTP.Answer(status: status)
    }
    if trouble == .forget { state.value.withLock { $0.uploads = [:] } }
    var answer: LoopbackHTTP.Answer
    if case .refuse(let status, let headers) = trouble {
      answer = LoopbackHTTP.Answer(status: status, headers: headers)
    } else {
      answer = state.value.withLock { take(request, body, &$0) }
      if !body.isEmpty { state.value.withLock { $0.onTaken }?() }
      if request.method == "JOIN" { state.value.withLock { $0.onJoined }?() }
    }
    if case .takeLong(let status) = trouble {
      note(request, status, state)
      return LoopbackHTTP.Answer(status: status)
    }
    note(request, trouble == .loseAnswer ? 0 : answer.status, state)
    answer.headers.append("Tus-Resumable: 1.0.0")
    return trouble == .loseAnswer ? nil : answer
  }

  /// By the rules of tus 1.0, with creation, checksums, termination and concatenation.
  private static func take(
    _ request: LoopbackHTTP.Request, _ body: [UInt8], _ state: inout State
  ) -> LoopbackHTTP.Answer {
    switch request.method {
    case "OPTIONS":
      return LoopbackHTTP.Answer(
        status: 204,
        headers: [
          "Tus-Version: 1.0.0", "Tus-Extension: \(state.extensions.joined(separator: ","))",
          "Tus-Checksum-Algorithm: sha256",
        ])
    case "POST":
      let path = "/files/\(UUID().uuidString)"
      guard let length = request.fields["upload-length"].flatMap({ Int($0) }) else {
        return LoopbackHTTP.Answer(status: 400)
      }
      let held = state.uploads.values.filter { $0.isPartial || $0.bytes.count < $0.length }
      guard held.reduce(length, { $0 + $1.length }) <= state.room else {
        return LoopbackHTTP.Answer(status: 507)
      }
      state.uploads[path] = Upload(
        length: length, isPartial: request.fields["upload-concat"] == "partial")
      let offset = append(body, to: path, &state)
      return LoopbackHTTP.Answer(status: 201, headers: ["Location: \(path)", "Upload-Offset: \(offset)"])
    case "JOIN":
      let path = "/files/\(UUID().uuidString)"
      let concat = request.fields["upload-concat"] ?? ""
      func made(_ length: Int) -> LoopbackHTTP.Answer {
        LoopbackHTTP.Answer(status: 201, headers: ["Location: \(path)", "Upload-Offset: \(length)"])
      }
      if let length = state.joined[concat] { return made(length) }
      let addresses = concat.dropFirst("final;".count).split(separator: " ").map(String.init)
      let parts = addresses.compactMap { state.uploads[$0] }
      guard parts.count == addresses.count, parts.allSatisfy({ $0.isPartial && $0.bytes.count == $0.length })
      else { return LoopbackHTTP.Answer(status: 400) }
      let whole = parts.flatMap(\.bytes)
      state.whole.append(whole)
      state.joined[concat] = whole.count
      for address in addresses { state.uploads[address] = nil }
      return made(whole.count)
    case "DELETE":
      return LoopbackHTTP.Answer(
        status: state.uploads.removeValue(forKey: request.target) == nil ? 404 : 204)
    case "HEAD":
      guard let upload = state.uploads[request.target] else { return LoopbackHTTP.Answer(status: 404) }
      return LoopbackHTTP.Answer(
        status: 200,
        headers: [
          "Upload-Offset: \(upload.bytes.count)", "Upload-Length: \(upload.length)",
          "Cache-Control: no-store",
        ])
    case "PATCH":
      guard let upload = state.uploads[request.target] else { return LoopbackHTTP.Answer(status: 404) }
      guard request.fields["upload-offset"] == String(upload.bytes.count) else {
        return LoopbackHTTP.Answer(status: 409, headers: ["Upload-Offset: \(upload.bytes.count)"])
      }
      if let checksum = request.fields["upload-checksum"], !isRight(checksum, of: body) {
        return LoopbackHTTP.Answer(status: 460)
      }
      return LoopbackHTTP.Answer(
        status: 204, headers: ["Upload-Offset: \(append(body, to: request.target, &state))"])
    default:
      return LoopbackHTTP.Answer(status: 405)
    }
  }

  private static func append(_ bytes: [UInt8], to path: String, _ state: inout State) -> Int {
    state.uploads[path]?.bytes += bytes
    state.taken += bytes.count
    guard let upload = state.uploads[path] else { return 0 }
    if upload.bytes.count == upload.length, !upload.isPartial { state.whole.append(upload.bytes) }
    return upload.bytes.count
  }

  private static func isRight(_ checksum: String, of bytes: [UInt8]) -> Bool {
    checksum == "sha256 \(Data(ContentHash(of: bytes).bytes).base64EncodedString())"
  }

  private static func note(_ request: LoopbackHTTP.Request, _ status: Int, _ state: Storage) {
    guard request.method != "OPTIONS" else { return }
    state.value.withLock { $0.exchanges.append(Exchange(method: request.method, status: status)) }
  }
}
