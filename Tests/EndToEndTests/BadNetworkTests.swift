import Foundation
import Glibc
import Model
import Testing

extension EndToEndTests {
  /// `PIXCHEESE_LONG=1` (`make badnet`) sends more over each link.
  @Suite(
    "Over bad networks",
    .enabled(
      if: BadNetwork.isPossible,
      "no badnet beside the repository (PIXCHEESE_BADNET), no root, or no /dev/net/tun"))
  struct BadNetworkTests {
    private static let isLong = ProcessInfo.processInfo.environment["PIXCHEESE_LONG"] == "1"

    /// A photo's size in megabytes, and how many of them.
    private static func load(_ megabytes: Double, _ count: Int) -> (megabytes: Double, count: Int) {
      (megabytes, isLong ? count * 8 : count)
    }

    /// The share of the wire that headers of packets, of requests and the handshakes may take.
    private static let share = 1.05

    @Test("2 Mbit/s with 80 ms: a preview is there before any original, and all arrives once")
    func slow() async throws {
      let venue = try await Venue("--up 2mbit --down 2mbit --delay 40ms", load: Self.load(0.8, 2))
      let upload = try venue.upload()
      #expect(try await upload.end(within: .seconds(300)) == .exit(0), "\(upload.words)")
      let order = upload.events.map(\.event).filter { ["frame.viewable", "frame.delivered"].contains($0) }
      #expect(order.prefix(venue.files.count).allSatisfy { $0 == "frame.viewable" }, "\(order)")
      try await venue.expectAll(wireWithin: Self.share, of: [upload])
    }

    @Test("20 Mbit/s with 100 ms and 1 % loss: all arrives once")
    func lossy() async throws {
      let venue = try await Venue(
        "--up 20mbit --down 20mbit --delay 50ms --loss 1%", load: Self.load(3, 4))
      let upload = try venue.upload()
      #expect(try await upload.end(within: .seconds(300)) == .exit(0), "\(upload.words)")
      try await venue.expectAll(wireWithin: Self.share, of: [upload])
    }

    @Test("Outages of 4 s in every 10 s: all arrives once, and a chunk for each is the most that goes twice")
    func outages() async throws {
      let venue = try await Venue(
        "--up 8mbit --down 8mbit --delay 20ms --outage 6:4", load: Self.load(2.5, 3))
      let upload = try venue.upload()
      #expect(try await upload.end(within: .seconds(300)) == .exit(0), "\(upload.words)")
      // What an outage drops is not in badnet's figure: that is what passed.
      try await venue.expectAll(wireWithin: Self.share, plus: 3 << 20, of: [upload])
    }

    @Test("A server that is restarted every few seconds: all arrives once")
    func restarts() async throws {
      let venue = try await Venue("--up 8mbit --down 8mbit --delay 20ms", load: Self.load(2, 3))
      let upload = try venue.upload("--patience", "60")
      var server = venue.server
      var restarts = 0
      while upload.status == nil, restarts < (Self.isLong ? 20 : 3) {
        try await upload.somethingMore(than: Double.random(in: 1...2))
        server.program.signal(restarts.isMultiple(of: 2) ? SIGKILL : SIGTERM)
        _ = try await server.program.end()
        server = try await AlbumServerProgram.start(
          in: venue.home, on: venue.network, port: venue.server.port)
        restarts += 1
      }
      #expect(try await upload.end(within: .seconds(300)) == .exit(0), "\(upload.words)")
      // What was in flight when the server died: a window for each connection, far less than a chunk.
      try await venue.expectAll(wireWithin: Self.share, plus: restarts << 20, of: [upload], at: server)
    }

    @Test("Killed and started again: all arrives once, and at most what was in flight goes twice")
    func kills() async throws {
      let venue = try await Venue("--up 8mbit --down 8mbit --delay 20ms", load: Self.load(2, 3))
      var runs: [Program] = []
      for _ in 0..<(Self.isLong ? 12 : 3) {
        let upload = try venue.upload()
        runs.append(upload)
        try await upload.somethingMore(than: Double.random(in: 1.2...2.2))
        if upload.status == nil, let command = try BadNetwork.command(of: upload) { kill(command, SIGKILL) }
        _ = try await upload.end()
      }
      let last = try venue.upload()
      #expect(try await last.end(within: .seconds(300)) == .exit(0), "\(last.words)")
      try await venue.expectAll(wireWithin: Self.share, plus: runs.count << 20, of: runs + [last])
    }
  }
}

extension Program {
  /// Lets so many seconds go by, or less if the program ends before: a moment in the middle of its work.
  fileprivate func somethingMore(than seconds: Double) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while status == nil, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
  }
}

/// An album server, photos, and a bad network between them.
private struct Venue {
  let home: Home
  let network: BadNetwork
  let server: AlbumServerProgram
  let album: AlbumServerProgram.Album
  let files: [URL]

  init(_ link: String, load: (megabytes: Double, count: Int)) async throws {
    home = try Home()
    network = BadNetwork(link)
    files = try await Pictures.make(load.count, in: home, as: "photos", megabytes: load.megabytes)
    server = try await AlbumServerProgram.start(in: home, on: network)
    album = try await server.album("Party", from: home)
  }

  func upload(_ more: String...) throws -> Program {
    try network.start(
      ["upload", home.folder.appending(path: "photos").path, "--album", album.url] + more, in: home,
      environment: album.environment)
  }

  /// Every photo is in the album once, byte for byte, and little more than that went over the wire.
  /// - Parameter plus: bytes that may go twice.
  func expectAll(
    wireWithin share: Double, plus: Int = 0, of runs: [Program], at server: AlbumServerProgram? = nil
  ) async throws {
    let reader = try AlbumReader(
      page: "\((server ?? self.server).url)/a/\(URL(filePath: album.url).lastPathComponent)",
      on: (server ?? self.server).program)
    let frames = try await reader.frames(whole: files.count)
    let hashes = try files.map { ContentHash(of: try Data(contentsOf: $0)).hex }
    #expect(frames.map(\.frame.hex).sorted() == hashes.sorted())
    var payload = 0
    for frame in frames {
      #expect(try await reader.hash(of: frame.original) == frame.frame.hex)
      payload += Int(frame.bytes ?? 0)
      for rendition in [frame.thumbnail, frame.preview] { payload += try await reader.size(of: rendition) }
    }
    let wire = try runs.reduce(0) { try $0 + BadNetwork.bytesUp(of: $1) }
    let words = "\(wire) bytes on the wire, \(payload) of payload: \(Double(wire) / Double(payload))"
    print("\(network.link.joined(separator: " ")): \(words)")
    #expect(Double(wire) < Double(payload) * share + Double(plus), "\(words)")
    try await expectNothingLeft(in: home, frames: files.count)
  }
}
