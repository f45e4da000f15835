import Foundation

/// SeaweedFS, a real distributed store with an S3 gateway and a filer that takes tus. Guests may read; only keys may write.
public final class SeaweedFS: TestServer {
  public static let accessKey = "AKTEST"
  public static let secretKey = "not-so-secret"
  public static var isInstalled: Bool { TestEnvironment.program("weed") != nil }

  public let process: ServerProcess
  public let s3Port: UInt16
  /// The store's other door, to which no keys are needed.
  public let filerPort: UInt16

  public init() throws {
    guard let weed = TestEnvironment.program("weed") else {
      throw ServerProcess.Failure(description: "weed is not installed")
    }
    let folder = try TemporaryFolder()
    let identities = """
      {"identities": [
        {"name": "photographer", "actions": ["Admin", "Read", "Write", "List"],
         "credentials": [{"accessKey": "\(Self.accessKey)", "secretKey": "\(Self.secretKey)"}]},
        {"name": "anonymous", "actions": ["Read"]}]}
      """
    let configuration = try folder.file("s3.json", identities)
    let data = folder.path + "/data"
    try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
    // All that it opens is named, else it takes ports of its own choice.
    let ports = try LoopbackPort.free(8)
    s3Port = ports[0]
    filerPort = ports[1]
    process = try ServerProcess(
      [
        weed, "server", "-dir=\(data)", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.volumeSizeLimitMB=64",
        "-volume.max=64", "-s3", "-s3.config=\(configuration)", "-s3.localSocket=\(folder.path)/s3",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-iam=false", "-filer.localSocket=\(folder.path)/filer",
        "-s3.port=\(ports[0])", "-filer.port=\(ports[1])", "-master.port=\(ports[2])",
        "-volume.port=\(ports[3])", "-s3.port.grpc=\(ports[4])", "-filer.port.grpc=\(ports[5])",
        "-master.port.grpc=\(ports[6])", "-volume.port.grpc=\(ports[7])",
      ], in: folder, logs: true)
  }

  /// Starts one and waits until it answers.
  public static func start(until isReady: (SeaweedFS) async throws -> Bool) async throws -> SeaweedFS {
    try await ServerProcess.start(try SeaweedFS(), until: isReady)
  }
}
