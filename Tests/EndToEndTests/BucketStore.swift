import Foundation
import Glibc

/// SeaweedFS from the tests' virtual environment (scripts/test-venv.sh): a real S3 store, in which guests may read and
/// only keys may write. It ends with its owner.
final class BucketStore: Sendable {
  private static let weed: String = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let named = ProcessInfo.processInfo.environment["PIXCHEESE_TEST_VENV"]
    return (named ?? root.appending(path: ".venv-test").path) + "/bin/weed"
  }()

  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: weed) }

  let program: Program
  let url: String
  /// The store's other door, to which no keys are needed.
  private let filer: UInt16

  /// Loses an object, as a person with the wrong lifecycle rule does.
  /// - Parameter object: `BUCKET/KEY`
  func lose(_ object: String) async throws {
    let answer = try await LoopbackExchange(port: filer).send("DELETE", "/buckets/\(object)", nil)
    guard answer.status == 204 else { throw program.failure("DELETE \(object): \(answer.status)") }
  }

  /// What lets the program write.
  var environment: [String: String] {
    [
      "AWS_ACCESS_KEY_ID": "AKTEST", "AWS_SECRET_ACCESS_KEY": "not-so-secret", "AWS_ENDPOINT_URL": url,
      "AWS_REGION": "us-east-1",
    ]
  }

  /// How long each try may take until it takes an album. Its ports were free when they were looked for and may be taken
  /// when it comes to use them; a machine that is only slow gets more time with each try.
  private static let patience: [Duration] = [.seconds(15), .seconds(15), .seconds(30), .seconds(60)]

  /// Starts a store and waits until an album can be made in it; another one, on other ports, if it ends or does not
  /// answer.
  /// - Parameter home: its folder holds the store's.
  static func start(in home: Home) async throws -> BucketStore {
    var failure: any Error = POSIXError(.EADDRINUSE)
    for (index, limit) in patience.enumerated() {
      let store = try BucketStore(in: home, folder: "store\(index)")
      let end = ContinuousClock.now + limit
      while ContinuousClock.now < end, store.program.status == nil {
        let made = try await home.run(
          "album", "create", "Ready", "--bucket", "s3://ready/\(index)", environment: store.environment)
        if made.status == .exit(0) { return store }
        try await Task.sleep(for: .milliseconds(300))
      }
      failure = store.program.failure("it does not come up")
    }
    throw failure
  }

  private init(in home: Home, folder name: String) throws {
    let identities = """
      {"identities": [
        {"name": "photographer", "actions": ["Admin", "Read", "Write", "List"],
         "credentials": [{"accessKey": "AKTEST", "secretKey": "not-so-secret"}]},
        {"name": "anonymous", "actions": ["Read"]}]}
      """
    let configuration = try home.write("\(name)/s3.json", Data(identities.utf8))
    let folder = home.folder.appending(path: name).path
    let ports = try Self.freePorts(8)
    url = "http://127.0.0.1:\(ports[0])"
    filer = ports[3]
    program = try Program(
      URL(filePath: Self.weed),
      [
        "server", "-s3", "-s3.autoCreateBucket", "-dir=\(folder)", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=64", "-s3.config=\(configuration)", "-iam=false", "-s3.port=\(ports[0])",
        "-master.port=\(ports[1])", "-volume.port=\(ports[2])", "-filer.port=\(ports[3])",
        "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-s3.port.grpc=\(ports[4])", "-master.port.grpc=\(ports[5])", "-volume.port.grpc=\(ports[6])",
        "-filer.port.grpc=\(ports[7])",
      ])
  }

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
      let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
      }
      guard isBound else { throw POSIXError(.EADDRINUSE) }
      return UInt16(bigEndian: address.sin_port)
    }
  }
}
