import Curl
import Foundation
import Journal
import Model
import TestServers
import Testing

@testable import Delivery

@Suite(
  "Deliveries to SeaweedFS by tus",
  .enabled(if: SeaweedFS.isInstalled, "no weed in .venv-test: scripts/test-venv.sh makes it"))
struct SeaweedTusTests {
  @Test("Photos of one name are all there, byte for byte, in chunks and over broken connections")
  func originals() async throws {
    let bench = try await DeliveryBench()
    // The volumes are there some time after the port is.
    let store = try await SeaweedFS.start { store in
      let url = try #require(URL(string: "http://127.0.0.1:\(store.filerPort)/ready"))
      let response = try? await bench.curl.perform(Request(.put, url, body: .bytes([1])))
      return response?.status == 201
    }
    let relay = try Relay(to: store.filerPort)
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
        URL(string: "http://127.0.0.1:\(store.filerPort)/party/IMG_0001-\(hash.hex.prefix(8)).JPG"))
      let response = try await bench.curl.perform(Request(.get, url, maximumResponseBytes: 8 << 20))
      #expect(ContentHash(of: Data(response.body)) == hash)
    }
  }
}
