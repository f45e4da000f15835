import Foundation
import Model
import Testing

extension EndToEndTests {
  @Suite("What goes to the album")
  struct SelectionTests {
    /// What a change of the queue answers.
    private struct Change: Decodable {
      let frames: Int?
      let deliveries: Int
      let running: Bool
    }

    private struct Held: Decodable {
      struct Delivery: Decodable { let name: String, state: String }
      let deliveries: [Delivery]
    }

    private struct Verified: Decodable {
      struct Album: Decodable {
        struct Missing: Decodable { let kind: String }
        let compared: Int, missing: [Missing], problem: String?
      }
      let albums: [Album], repaired: Int
    }

    private static let small = ["--megabytes", "0.3", "--scenes", "2"]

    @Test(
      "RAW and JPEG are one frame with two originals, whichever comes first and from whichever card",
      arguments: [
        ["--vendor", "generic", "--raw", "CR3"], ["--vendor", "canon", "--raw", "CR2", "--raw-first"],
        ["--vendor", "nikon", "--raw", "NEF", "--slots", "2"],
      ])
    func pairs(arguments: [String]) async throws {
      let camera = try await SimulatedCamera.start(arguments + Self.small)
      let home = try Home()
      let tether = try home.tether(camera, album: "Party")
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      try await tether.first("camera.connected")
      let shots = try await camera.shoot(3)
      _ = try await tether.find("six originals") { events in
        events.count { $0.event == "frame.delivered" || $0.event == "original.delivered" } >= 6 ? true : nil
      }
      #expect(tether.events.count { $0.event == "frame.delivered" } == 3, "each frame is delivered once")
      let frames = try await album.frames(whole: 3)
      #expect(frames.count == 3)
      for frame in frames {
        #expect(frame.originals.count == 2)
        #expect(frame.originals.map(\.sha256).contains(frame.frame), "its identity is one of the two")
        #expect(frame.name.hasSuffix(".JPG"))
        #expect(try await album.hash(of: frame.original) == shots.first { $0.name == frame.name }?.sha256)
        for original in frame.originals {
          #expect(try await album.hash(of: original.url) == original.sha256.hex)
        }
        #expect(frame.thumbnail != nil && frame.preview != nil)
      }
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: 3)
      let verified: Verified = try await home.answer("queue", "verify")
      #expect(verified.albums.map(\.compared) == [12])
      #expect(verified.albums.allSatisfy { $0.missing.isEmpty && $0.problem == nil })
    }

    @Test(
      "A mark on the camera sends a frame, also after it was fetched",
      arguments: ["generic", "canon", "nikon"])
    func marks(vendor: String) async throws {
      let camera = try await SimulatedCamera.start(["--vendor", vendor, "--noise", "--megabytes", "0.3"])
      let home = try Home()
      let tether = try home.tether(camera, album: "Party", ["--send", "marked"])
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      try await tether.first("camera.connected")
      let shots = try await camera.shoot(3)
      _ = try await tether.find("three safe frames") { events in
        events.count { $0.event == "frame.safe" } == 3 ? true : nil
      }
      #expect(try await album.frames().isEmpty)
      try await camera.tell("protect \(shots[0].name)")
      _ = try await album.frames(whole: 1)
      try await camera.tell("rate \(shots[1].name) 4")
      let frames = try await album.frames(whole: 2)
      #expect(Set(frames.map(\.frame.hex)) == Set(shots.prefix(2).map(\.sha256)))
      let held: Held = try await home.answer("queue", "list", "--held")
      #expect(held.deliveries.map(\.name) == [shots[2].name])
      // By hand, while the tether runs.
      let change: Change = try await home.answer("queue", "send", shots[2].name)
      #expect(change.running && change.frames == 1 && change.deliveries == 1)
      _ = try await album.frames(whole: 3)
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: 3)
    }

    @Test("upload pairs RAW and JPEG of a folder, sends what --originals says, and the rest by hand")
    func upload() async throws {
      let home = try Home()
      let pictures = try await Pictures.make(2, in: home, as: "made").map { try Data(contentsOf: $0) }
      for (index, picture) in pictures.enumerated() {
        try home.write("shots/DSC_\(index).JPG", picture)
        try home.write("shots/DSC_\(index).NEF", picture + Data("raw".utf8))
      }
      let folder = home.folder.appending(path: "shots").path
      let ended = try await home.run(
        "upload", folder, "--album", "Party", "--originals", "jpeg", "--listen", "127.0.0.1:0")
      #expect(ended.status == .exit(0), "\(ended.words)")
      let done = try #require(ended.events.first { $0.event == "upload.done" })
      #expect(done.delivered == 2 && done.open == 0)
      let held: Held = try await home.answer("queue", "list", "--held")
      #expect(held.deliveries.map(\.name).sorted() == ["DSC_0.NEF", "DSC_1.NEF"])
      let change: Change = try await home.answer("queue", "send", "--all")
      #expect(change.deliveries == 2 && !change.running)
      let again = try await home.run("upload", folder, "--album", "Party", "--listen", "127.0.0.1:0")
      #expect(again.status == .exit(0), "\(again.words)")
      let verified: Verified = try await home.answer("queue", "verify")
      #expect(verified.albums.map(\.compared) == [8])
      #expect(verified.albums.allSatisfy { $0.missing.isEmpty })
    }

    @Test("What an album server has lost is found and sent again")
    func repair() async throws {
      let home = try Home()
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Lost", from: home)
      let file = try await Pictures.make(1, in: home, as: "made")[0]
      let picture = try Data(contentsOf: file)
      let uploaded = try await home.run("upload", file.path, "--album", album.url)
      #expect(uploaded.status == .exit(0), "\(uploaded.words)")
      let hash = ContentHash(of: picture).hex
      let files = FileManager.default.enumerator(
        at: home.folder.appending(path: "server"), includingPropertiesForKeys: nil)?.allObjects
      let content = try #require(
        files?.compactMap { $0 as? URL }.first { $0.lastPathComponent == hash.dropFirst(2) })
      try FileManager.default.removeItem(at: content)
      let found = try await home.run("queue", "verify")
      #expect(found.status == .exit(75), "\(found.words)")
      let repaired: Verified = try await home.answer("queue", "verify", "--repair")
      #expect(repaired.albums.flatMap(\.missing).map(\.kind) == ["original"])
      #expect(repaired.repaired == 1)
      let again = try await home.run("upload", file.path, "--album", album.url)
      #expect(again.status == .exit(0), "\(again.words)")
      #expect(FileManager.default.fileExists(atPath: content.path))
      let verified = try await home.run("queue", "verify")
      #expect(verified.status == .exit(0), "\(verified.words)")
    }
  }
}
