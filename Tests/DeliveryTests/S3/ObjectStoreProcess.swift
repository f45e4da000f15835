import Curl
import Foundation
import Glibc
import Testing

@testable import Delivery

/// An independent S3-compatible store from PyPI, run from the tests' virtual environment (scripts/test-venv.sh); it ends
/// with its owner, and with this process.
final class ObjectStoreProcess: Sendable {
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

  static let credentials = S3Credentials(accessKeyID: "AKTEST", secretAccessKey: "not-so-secret")
  static let installed = Kind.allCases.filter(isInstalled)

  let kind: Kind
  let port: UInt16
  private let folder: TemporaryFolder
  private let identifier: pid_t

  /// The folder of the virtual environment's programs.
  private static let programs: String? = TusServerProcess.python.map {
    URL(filePath: $0).deletingLastPathComponent().path
  }

  static func isInstalled(_ kind: Kind) -> Bool {
    programs.map { FileManager.default.isExecutableFile(atPath: "\($0)/\(kind.program)") } ?? false
  }

  /// How long each try may take until it answers. Its ports were free when they were looked for and may be taken when
  /// it comes to use them; a machine that is only slow gets more time with each try.
  private static let patience: [Duration] = [.seconds(15), .seconds(15), .seconds(30), .seconds(60)]

  /// Starts a store and waits until it answers; another one, on other ports, if it ends or does not.
  static func start(_ kind: Kind) async throws -> ObjectStoreProcess {
    for limit in patience {
      let store = try ObjectStoreProcess(kind)
      let end = ContinuousClock.now + limit
      while ContinuousClock.now < end, !store.hasEnded {
        if try await store.makeBucket() { return store }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    throw StoreError(description: "\(kind) does not come up")
  }

  /// Whether the store has ended by itself. It is left to `deinit` to reap it: until then its number is nobody else's.
  private var hasEnded: Bool {
    var information = siginfo_t()
    let result = waitid(P_PID, id_t(identifier), &information, WEXITED | WNOHANG | WNOWAIT)
    return result == 0 && information.si_signo == SIGCHLD
  }

  struct StoreError: Error, CustomStringConvertible {
    let description: String
  }

  private init(_ kind: Kind) throws {
    self.kind = kind
    folder = try TemporaryFolder()
    let ports = try Self.freePorts(8)
    port = ports[0]
    let program = "\(try #require(Self.programs))/\(kind.program)"
    let arguments: [String]
    switch kind {
    case .seaweedfs:
      try Data(Self.identities.utf8).write(to: URL(filePath: folder.path + "/s3.json"))
      try FileManager.default.createDirectory(
        atPath: folder.path + "/data", withIntermediateDirectories: false)
      arguments =
        [
          "server", "-s3", "-dir=\(folder.path)/data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
          "-master.volumeSizeLimitMB=64", "-volume.max=64", "-s3.config=\(folder.path)/s3.json", "-iam=false",
          "-s3.port=\(ports[0])", "-master.port=\(ports[1])", "-volume.port=\(ports[2])",
          "-filer.port=\(ports[3])", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.port.grpc=\(ports[4])",
          "-master.port.grpc=\(ports[5])", "-volume.port.grpc=\(ports[6])", "-filer.port.grpc=\(ports[7])",
        ]
    case .rclone:
      try FileManager.default.createDirectory(
        atPath: folder.path + "/data", withIntermediateDirectories: false)
      arguments = [
        "serve", "s3", "--addr", "127.0.0.1:\(ports[0])", "--auth-key",
        "\(Self.credentials.accessKeyID),\(Self.credentials.secretAccessKey)", "--config", "/dev/null",
        "\(folder.path)/data",
      ]
    case .moto:
      arguments = ["-H", "127.0.0.1", "-p", "\(ports[0])"]
    }
    identifier = try Self.spawn([program] + arguments, in: folder.path)
  }

  deinit {
    // The whole group: the shell, and the store that it watches over.
    kill(-identifier, SIGKILL)
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
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

  /// Guests may read; only the keys may write.
  private static let identities = """
    {"identities": [
      {"name": "photographer", "actions": ["Admin", "Read", "Write", "List"],
       "credentials": [{"accessKey": "AKTEST", "secretKey": "not-so-secret"}]},
      {"name": "anonymous", "actions": ["Read"]}]}
    """

  /// Ports that nobody listens on. Somebody may take one before it is used; a store's own choice of ports cannot be
  /// asked for.
  private static func freePorts(_ count: Int) throws -> [UInt16] {
    var sockets: [Int32] = []
    defer { for socket in sockets { close(socket) } }
    return try (0..<count).map { _ in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      sockets.append(descriptor)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let bound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
      }
      guard bound else { throw StoreError(description: "no free port") }
      return UInt16(bigEndian: address.sin_port)
    }
  }

  /// A group of processes that ends when this process does, whatever ends it.
  private static func spawn(_ words: [String], in folder: String) throws -> pid_t {
    let script = """
      cd "$0" || exit 1
      "$@" >log 2>&1 & child=$!
      while kill -0 $PPID 2>/dev/null && kill -0 $child 2>/dev/null; do sleep 0.5; done
      kill -9 $child
      wait
      rm -rf "$0"
      """
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // Whoever waits for the end of our output must not wait for this as well.
    for descriptor: Int32 in 0...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    let command: [String] = ["/bin/sh", "-c", script, folder] + words
    let settings: [String] = ["PATH=/usr/bin:/bin", "HOME=\(folder)"]
    var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
    defer { for word in arguments + variables { free(word) } }
    var identifier: pid_t = 0
    let result = posix_spawn(&identifier, "/bin/sh", &actions, &attributes, &arguments, &variables)
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: result) ?? .EIO) }
    return identifier
  }
}
