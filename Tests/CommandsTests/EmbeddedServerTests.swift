import AlbumServer
import Logging
import ServiceLifecycle
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite("The album server of this machine")
struct EmbeddedServerTests {
  @Test("Two that start at the same moment both listen, each at a port of its own")
  func race() async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let folders = [try TemporaryFolder(), try TemporaryFolder()]
    let (ports, port) = AsyncStream<Int>.makeStream()
    let found = try await withThrowingTaskGroup(of: Void.self) { group in
      for folder in folders {
        let store = try await AlbumStore.open(folder.path)
        let server = EmbeddedServer(store: store, listen: .embedded, logger: logger) { port.yield($0) }
        group.addTask { try await server.run() }
      }
      var found: Set<Int> = []
      for await number in ports {
        found.insert(number)
        if found.count == 2 { break }
      }
      group.cancelAll()
      return found
    }
    #expect(found.count == 2)
  }
}
