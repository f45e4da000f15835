import Foundation
import TestServers

/// SeaweedFS as the place of bucket albums. It ends with its owner.
final class BucketStore: Sendable {
  static var isInstalled: Bool { SeaweedFS.isInstalled }

  let url: String
  private let store: SeaweedFS

  /// Starts a store and waits until an album can be made in it.
  /// - Parameter home: whose program makes it.
  static func start(in home: Home) async throws -> BucketStore {
    let store = try await SeaweedFS.start { store in
      let made = try await home.run(
        "album", "create", "Ready", "--bucket", "s3://ready/\(store.s3Port)",
        environment: BucketStore(store).environment)
      return made.status == .exit(0)
    }
    return BucketStore(store)
  }

  private init(_ store: SeaweedFS) {
    self.store = store
    url = "http://127.0.0.1:\(store.s3Port)"
  }

  /// What lets the program write.
  var environment: [String: String] {
    [
      "AWS_ACCESS_KEY_ID": SeaweedFS.accessKey, "AWS_SECRET_ACCESS_KEY": SeaweedFS.secretKey,
      "AWS_ENDPOINT_URL": url, "AWS_REGION": "us-east-1",
    ]
  }

  /// Lets the store hang until `resume`.
  func pause() { store.process.pause() }

  func resume() { store.process.resume() }

  /// Loses an object, as a person with the wrong lifecycle rule does.
  /// - Parameter object: `BUCKET/KEY`
  func lose(_ object: String) async throws {
    let answer = try await LoopbackExchange(port: store.filerPort).send("DELETE", "/buckets/\(object)", nil)
    guard answer.status == 204 else {
      throw ServerProcess.Failure(description: "DELETE \(object): \(answer.status)")
    }
  }
}
