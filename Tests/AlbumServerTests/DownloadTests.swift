import Foundation
import HTTPTypes
import Model
import Synchronization
import Testing

@testable import AlbumServer

/// Guests that take nothing of what they asked for.
@Suite struct DownloadTests {
  @Test("A download of which a guest takes nothing is cut off after the idle time")
  func stuck() async throws {
    try await RunningServer.with {
      // Long enough for the request to be read on a busy machine.
      $0.idleTimeout = .seconds(2)
    } _: { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.publishLarge(in: access)
      let guest = try await server.beginDownload(path)
      try await server.wait(until: "the download has ended") { server.server.downloads.count == 0 }
      try await guest.close()
    }
  }

  @Test("Stopping does not wait for a download that its guest does not take")
  func stopping() async throws {
    let guest = try await RunningServer.with {
      $0.shutdownGrace = .milliseconds(50)
    } _: { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.publishLarge(in: access)
      return try await server.beginDownload(path)
    }
    try await guest.close()
  }

  @Test("Where there are too many downloads, one that its guest does not take makes room for the next")
  func room() async throws {
    try await RunningServer.with {
      ($0.mostDownloads, $0.downloadPatience) = (1, .milliseconds(50))
    } _: { server in
      let access = try await server.store.createAlbum(named: "a")
      let path = try await server.publishLarge(in: access)
      let guest = try await server.beginDownload(path)
      let bytes = SampleBytes.jpeg(1000)
      try await server.upload(bytes, to: access)
      let small = path.replacing(ContentHash(of: Data("large".utf8)).hex, with: ContentHash(of: bytes).hex)
      #expect(try await server.send(.get, small).bytes == bytes)
      try await guest.close()
    }
  }

  @Test("Whoever comes when all places are taken waits in line; who goes away leaves it")
  func line() async throws {
    let downloads = Downloads(most: 1, patience: .zero)
    let cuts = Atomic(0)
    var first: Download? = try await downloads.begin { cuts.add(1, ordering: .relaxed) }
    let gone = Task { _ = try await downloads.begin {} }
    while downloads.waitingCount < 1 { await Task.yield() }
    let second = Task { try await downloads.begin {} }
    while downloads.waitingCount < 2 { await Task.yield() }
    gone.cancel()
    await #expect(throws: CancellationError.self) { try await gone.value }
    #expect(downloads.waitingCount == 1)
    downloads.makeRoom()
    #expect(cuts.load(ordering: .relaxed) == 0, "it takes what there is")
    first?.writes()
    downloads.makeRoom()
    #expect(cuts.load(ordering: .relaxed) == 1)
    first = nil
    let next = try await second.value
    #expect(downloads.count == 1 && downloads.waitingCount == 0)
    next.writes()
    downloads.makeRoom()
    #expect(cuts.load(ordering: .relaxed) == 1, "nobody waits")
    withExtendedLifetime(next) {}
  }
}
