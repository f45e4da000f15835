import Foundation
import Journal
import Model
import Testing

@testable import Delivery

@Suite("A network that costs by the byte")
struct MeteredTests {
  let album = "tus+http://album.example/files"

  @Test(
    "An original that is under way stops after its chunk, one that is pushed goes, and the rest goes on by its offset"
  )
  func chunk() async throws {
    let server = try ScriptedTus()
    let bench = try await DeliveryBench()
    let (large, small) = (DeliveryBench.random(9_000_000), DeliveryBench.random(10_000))
    let first = try await bench.frame("IMG_0001.JPG", large, album: album)
    let second = try await bench.frame("IMG_0002.JPG", small, album: album)
    // This machine, by an address that is not known for it: its own albums are never held.
    let destination = DeliveryDestination(
      album: album, creationURL: try #require(URL(string: "http://0.0.0.0:\(server.port)/files")),
      takes: [.original])
    // One place: the second can go only when the first was laid aside.
    let options = Deliverer.Options(renditionPlaces: 1, originalPlaces: 1)
    let deliverer = bench.deliverer([destination], options)
    let (chunks, chunk) = AsyncStream<Void>.makeStream()
    let gate = DispatchSemaphore(value: 0)
    server.whenTaken {
      chunk.yield()
      gate.wait()
    }
    async let holding: Void = {
      for await _ in chunks {
        // The first chunk is there, and its answer is not.
        await deliverer.hold(originals: true)
        server.whenTaken {}
        gate.signal()
        return
      }
    }()
    let journal = bench.journal
    let events = await bench.run(deliverer) { events in
      if case .waiting? = events.last { _ = try? await journal.pushToFront([second.id]) }
      return !events.sent.isEmpty
    }
    await holding
    #expect(events.waiting.map(\.reason.code) == [.metered])
    #expect(events.standings.map(\.heldOriginals?.code) == [.metered], "it is so until it is told otherwise")
    #expect(events.sent.map(\.frame) == [second.hash])
    let open = try await journal.openDeliveries(limit: 9)
    #expect(open.map(\.frame) == [first.hash])
    #expect(open.map(\.state) == [.sending])
    #expect(open.map(\.offset) == [4 << 20])
    #expect(open.map(\.attempts) == [0], "nobody failed")

    // Still metered: a person decides that this one goes.
    let again = bench.deliverer([destination], options)
    await again.hold(originals: true)
    let rest = await bench.run(again) { events in
      if case .waiting? = events.last { _ = try? await journal.pushToFront([first.id]) }
      return !events.sent.isEmpty
    }
    #expect(rest.sent.map(\.frame) == [first.hash])
    #expect(server.copies(of: large) == 1)
    #expect(server.copies(of: small) == 1)
    #expect(server.taken == large.count + small.count, "no byte goes twice")
  }
}
