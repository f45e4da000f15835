import Curl
import Foundation
import TestServers
import Testing

@testable import Delivery

/// An independent S3-compatible store of the tests' environment; it ends with its owner, and with this process.
final class ObjectStoreProcess: TestServer {
  enum Kind: String, CaseIterable, Sendable {
    /// A real distributed store; checks signatures, honours conditional writes.
    case seaweedfs
    /// A store without conditional writes and without a check of what it is sent.
    case rclone
    /// AWS in Python: odd answers, no check of signatures.
    case moto

    fileprivate var program: String {
      switch self {
      case .seaweedfs: "weed"
      case .rclone: "rclone"
      case .moto: "moto_server"
      }
    }
  }

  static let credentials = S3Credentials(
    accessKeyID: SeaweedFS.accessKey, secretAccessKey: SeaweedFS.secretKey)
  static let installed = Kind.allCases.filter(isInstalled)

  let kind: Kind
  let port: UInt16
  let process: ServerProcess

  static func isInstalled(_ kind: Kind) -> Bool { TestEnvironment.program(kind.program) != nil }

  /// Starts a store and waits until it answers.
  static func start(_ kind: Kind) async throws -> ObjectStoreProcess {
    try await ServerProcess.start(try ObjectStoreProcess(kind)) { try await $0.makeBucket() }
  }

  private init(_ kind: Kind) throws {
    self.kind = kind
    guard kind != .seaweedfs else {
      let store = try SeaweedFS()
      port = store.s3Port
      process = store.process
      return
    }
    port = try LoopbackPort.free()
    let folder = try TemporaryFolder()
    let data = folder.path + "/data"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
    let arguments =
      switch kind {
      case .rclone:
        [
          "serve", "s3", "--addr", "127.0.0.1:\(port)", "--auth-key",
          "\(Self.credentials.accessKeyID),\(Self.credentials.secretAccessKey)", "--config", "/dev/null",
          data,
        ]
      default: ["-H", "127.0.0.1", "-p", "\(port)"]
      }
    let program = try #require(TestEnvironment.program(kind.program))
    process = try ServerProcess([program] + arguments, in: folder, logs: true)
  }

  func location(_ bucket: String = "party", port: UInt16? = nil) throws -> S3Location {
    try S3Location(
      bucket: bucket, endpoint: URL(string: "http://127.0.0.1:\(port ?? self.port)"),
      region: "us-east-1")
  }

  /// A client of its bucket.
  /// - Parameter port: of a relay before it.
  func client(port: UInt16? = nil) throws -> S3Client {
    S3Client(
      try location(port: port), credentials: Self.credentials,
      curl: try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1")))
  }

  /// What the store has under a key; `nil` if nothing.
  func read(_ key: String) async throws -> Data? {
    let answer = try await client().get(key, limit: 256 << 20)
    return answer.isSuccess ? Data(answer.body) : nil
  }

  /// What the store's objects say of themselves.
  func head(_ key: String) async throws -> S3Answer {
    try await client().head(key).answer
  }

  private func makeBucket() async throws -> Bool {
    // Whoever took the port may take requests and never answer them.
    let client = S3Client(
      try location(), credentials: Self.credentials,
      curl: try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1")),
      timeouts: Timeouts(connect: .seconds(2), total: .seconds(10)))
    do {
      let answer = try await client.send(S3Request(method: .put, key: ""))
      return answer.isSuccess || answer.code == "BucketAlreadyOwnedByYou"
        || answer.code == "BucketAlreadyExists"
    } catch {
      return false
    }
  }
}
