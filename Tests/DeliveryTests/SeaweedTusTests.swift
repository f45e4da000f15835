import Curl
import Foundation
import Journal
import Model
import Testing

@testable import Delivery

/// SeaweedFS' filer with its tus endpoint, in a folder of its own; it ends with its owner.
private final class SeaweedFiler {
  let port: UInt16
  private let folder: TemporaryFolder
  private let process = Process()

  /// `weed` of the virtual environment that `scripts/test-venv.sh` makes.
  static let executable: String? = TusServerProcess.python.flatMap { python in
    let weed = URL(filePath: python).deletingLastPathComponent().appending(path: "weed").path
    return FileManager.default.isExecutableFile(atPath: weed) ? weed : nil
  }

  init() async throws {
    folder = try TemporaryFolder()
    let ports = try Self.freePorts(8)
    port = ports[0]
    process.executableURL = URL(filePath: try #require(Self.executable))
    process.arguments = [
      "server", "-filer", "-dir=\(folder.path)", "-ip=127.0.0.1", "-filer.port=\(ports[0])",
      "-filer.port.grpc=\(ports[1])", "-master.port=\(ports[2])", "-master.port.grpc=\(ports[3])",
      "-volume.port=\(ports[4])", "-volume.port.grpc=\(ports[5])", "-filer.localSocket=\(folder.path)/filer",
      "-master.volumeSizeLimitMB=64", "-volume.max=64",
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    // It takes its time to end by itself, and its folder goes.
    kill(process.processIdentifier, SIGKILL)
  }

  /// Waits until it takes uploads: the volumes are there some time after the port is.
  func wait(_ curl: CurlClient) async throws {
    let url = try #require(URL(string: "http://127.0.0.1:\(port)/ready"))
    let end = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < end {
      let response = try? await curl.perform(Request(.put, url, body: .bytes([1])))
      if let response, response.status == 201 { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw POSIXError(.ETIMEDOUT)
  }

  private static func freePorts(_ count: Int) throws -> [UInt16] {
    var descriptors: [Int32] = []
    defer { for descriptor in descriptors { close(descriptor) } }
    return try (0..<count).map { _ in
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      descriptors.append(descriptor)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let result = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, length) | getsockname(descriptor, $0, &length)
        }
      }
      guard result == 0 else { throw POSIXError(.EADDRINUSE) }
      return UInt16(bigEndian: address.sin_port)
    }
  }
}

@Suite(
  "Deliveries to SeaweedFS by tus",
  .enabled(if: SeaweedFiler.executable != nil, "no weed in .venv-test: scripts/test-venv.sh makes it"),
  .timeLimit(.minutes(10)))
struct SeaweedTusTests {
  @Test("Photos of one name are all there, byte for byte, in chunks and over broken connections")
  func originals() async throws {
    let filer = try await SeaweedFiler()
    let bench = try await DeliveryBench()
    try await filer.wait(bench.curl)
    let relay = try Relay(to: filer.port)
    relay.set(Relay.Faults(cuts: [900_000, 1_700_000]))
    let album = "tus+http://filer.example/.tus/party/{name}"
    let photos = [DeliveryBench.random(2_000_000), DeliveryBench.random(3_000_001)]
    for bytes in photos { try await bench.frame("IMG_0001.JPG", bytes, album: album) }
    let destination = DeliveryDestination(
      album: album,
      creationURL: try #require(URL(string: "http://127.0.0.1:\(relay.port)/.tus/party/{name}")),
      takes: [.original])
    let events = await bench.run(bench.deliverer([destination])) {
      $0.sent.count == 2 || !$0.parked.isEmpty
    }
    #expect(events.parked.isEmpty)
    for bytes in photos {
      let hash = ContentHash(of: bytes)
      let url = try #require(
        URL(string: "http://127.0.0.1:\(filer.port)/party/IMG_0001-\(hash.hex.prefix(8)).JPG"))
      let response = try await bench.curl.perform(Request(.get, url, maximumResponseBytes: 8 << 20))
      #expect(ContentHash(of: Data(response.body)) == hash)
    }
  }
}
