import Foundation
import HTTPTypes
import Model
import Testing

@testable import AlbumServer

@Suite struct EventTests {
  private func request(_ access: AlbumAccess, query: String = "", headers: String = "") -> String {
    "GET /api/v1/albums/\(access.album.slug)/events\(query) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n"
  }

  private func ids(in text: String) -> [Int] {
    // Only events with data: an id alone is a position, not an event.
    text.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("data: ") else { return nil }
      let frame = try? JSONDecoder().decode(AlbumFrame.self, from: Data(line.dropFirst(6).utf8))
      return frame.map { Int($0.seq) }
    }
  }

  @Test("After Last-Event-ID everything follows that changed since, and then what changes, each once")
  func catchUp() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      for seed in 1...3 { try await server.upload(SampleBytes.jpeg(50, seed: UInt64(seed)), to: access) }
      try await RawConnection.with(port: server.port) { connection in
        try await connection.send(request(access, query: "?last_event_id=0", headers: "Last-Event-ID: 1\r\n"))
        var text = try await connection.read(until: "id: 3\n")
        #expect(
          text.contains("content-type: text/event-stream") || text.contains("Content-Type: text/event-stream")
        )
        #expect(text.contains("retry: "))
        try await server.upload(SampleBytes.jpeg(50, seed: 4), to: access)
        text += try await connection.read(until: "id: 4\n")
        try await server.upload(SampleBytes.jpeg(50, seed: 5), to: access)
        text += try await connection.read(until: "\"seq\":5")
        #expect(ids(in: text) == [2, 3, 4, 5])
      }
    }
  }

  @Test(
    "While frames are published at full speed, viewers that come at any time miss none and see none twice")
  func noGap() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let count = 120
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          for seed in 1...count {
            try await server.upload(SampleBytes.jpeg(20, seed: UInt64(seed)), to: access)
          }
        }
        for viewer in 0..<8 {
          group.addTask {
            try await server.waitUntilSeq(viewer * 10, in: access)
            try await RawConnection.with(port: server.port) { connection in
              try await connection.send(request(access, query: "?last_event_id=0"))
              let text = try await connection.read(until: "id: \(count)\ndata: ")
              let seen = ids(in: text)
              #expect(seen == seen.sorted())
              #expect(Set(seen).count == seen.count)
              // The last may not be whole yet.
              #expect(seen.count >= count - 1)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("What another process publishes in the same folder arrives as well")
  func otherProcess() async throws {
    try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let other = try await AlbumStore.open(server.folder)
      try await RawConnection.with(port: server.port) { connection in
        try await connection.send(request(access))
        _ = try await connection.read(until: "id: 0\n")
        let bytes = SampleBytes.jpeg(50)
        try await other.publish(
          Publication(
            album: access.album, frame: ContentHash(of: bytes), kind: .thumbnail,
            sha256: ContentHash(of: bytes),
            bytes: 50, type: ContentType(head: bytes, name: nil)))
        #expect(try await connection.read(until: "\"seq\":1").contains("\"seq\":1"))
      }
    }
  }

  @Test("A silent stream shows that it lives")
  func heartbeat() async throws {
    try await RunningServer.with {
      // Two of them cut off a stream that takes nothing: on a busy machine a write takes a while.
      $0.heartbeat = .seconds(1)
    } _: { server in
      let access = try await server.store.createAlbum(named: "a")
      try await RawConnection.with(port: server.port) { connection in
        try await connection.send(request(access))
        #expect(try await connection.read(until: "\n: \n").contains(": \n"))
      }
    }
  }

  @Test("Streams end when the server is stopped")
  func stopping() async throws {
    let connection = try await RunningServer.with { server in
      let access = try await server.store.createAlbum(named: "a")
      let connection = try await RawConnection.open(port: server.port)
      try await connection.send(request(access))
      _ = try await connection.read(until: "retry: ")
      return connection
    }
    try await connection.closed()
  }

  @Test("A viewer that is in one write over two heartbeats is cut off; one that writes in between is not")
  func stuck() async throws {
    let (cuts, cut) = AsyncStream.makeStream(of: Void.self)
    let viewer = Viewer { cut.finish() }
    try await viewer.writing { viewer.beat() }
    try await viewer.writing {
      viewer.beat()
      viewer.beat()
      for await _ in cuts {}
    }
  }

  @Test("A feed answers from memory what it has, and says what it has not")
  func feed() throws {
    let feed = AlbumFeed(position: 10)
    let event = try ServerSentEvent.frame(
      AlbumFrame(
        seq: 11, frame: ContentHash(of: Data()), name: "a", mediaType: "image/jpeg", bytes: nil,
        thumbnail: nil,
        preview: nil, original: nil, facts: PictureFacts()))
    feed.publish(event, seq: 11)
    guard case .older(10) = feed.changes(after: 9) else {
      return #expect(Bool(false), "9 is before its beginning")
    }
    guard case .events(let events, through: 11) = feed.changes(after: 10) else {
      return #expect(Bool(false), "11 is in memory")
    }
    #expect(events == [event])
    guard case .nothing = feed.changes(after: 11) else {
      return #expect(Bool(false), "there is nothing after 11")
    }
    feed.catchUp(to: 20)
    guard case .older(20) = feed.changes(after: 11) else {
      return #expect(Bool(false), "the store has 12 to 20")
    }
    for seq in 21...3000 { feed.publish(event, seq: Int64(seq)) }
    guard case .events(_, through: 3000) = feed.changes(after: 2900) else {
      return #expect(Bool(false), "the last are in memory")
    }
    guard case .older = feed.changes(after: 21) else { return #expect(Bool(false), "the first are not") }
  }

  @Test("The header's position wins over the query's")
  func position() {
    #expect(ServerSentEvent.position(header: "5", query: "3") == 5)
    #expect(ServerSentEvent.position(header: nil, query: "3") == 3)
    #expect(ServerSentEvent.position(header: "x", query: "3") == 3)
    #expect(ServerSentEvent.position(header: "-1", query: nil) == nil)
  }
}
