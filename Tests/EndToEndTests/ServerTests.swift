import Foundation
import Glibc
import Model
import TestServers
import Testing

extension EndToEndTests {
  @Suite("Album servers, ours and others'")
  struct ServerTests {
    @Test("An album is made from afar with the administrator's token, and fed from another home")
    func fromAfar() async throws {
      let (here, there, elsewhere) = (try Home(), try Home(), try Home())
      let server = try await AlbumServerProgram.start(in: here)
      let album = try await server.album("Anna 和 Jan", from: there)
      #expect(album.album == album.url && album.uploadURL.hasPrefix(server.url))
      let files = try await Pictures.make(2, in: elsewhere, as: "photos")
      let upload = try await elsewhere.run(
        "upload", files[0].path, files[1].path, "--album", album.url, environment: album.environment)
      #expect(upload.status == .exit(0), "\(upload.words)")
      let frames = try await server.reader(of: album).frames()
      #expect(Set(frames.map(\.frame)) == Set(try files.map { ContentHash(of: try Data(contentsOf: $0)) }))
      #expect(frames.allSatisfy { $0.thumbnail != nil && $0.preview != nil })
      struct Shown: Decodable { let frames: Int, name: String }
      let shown: Shown = try await there.answer("album", "show", album.url)
      #expect(shown.frames == 2 && shown.name == "Anna 和 Jan")
      let token = try FileManager.default.attributesOfItem(
        atPath: here.folder.appending(path: "server/admin-token").path)
      #expect((token[.posixPermissions] as? NSNumber)?.intValue == 0o600)
      #expect(!server.program.words.contains(try server.administratorToken()))
      let refused = try await there.run(
        "album", "create", "x", "--server", server.url, environment: ["PIXCHEESE_TOKEN": album.token])
      #expect(refused.status == .exit(77) && refused.isBrief, "\(refused.words)")
      try await expectCleanEnd(of: server.program)
    }

    @Test("Two albums at once get the same frames from one tether, one of them on a server")
    func twoAlbums() async throws {
      let home = try Home()
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let camera = try await SimulatedCamera.start("--megabytes", "0.3")
      let tether = try home.tether(camera, album: "Here", ["--album", album.url, "--frames", "3"])
      let here = try await tether.first("album.ready") { $0.album == "Here" }
      try await tether.first("camera.connected")
      #expect(here.url != album.url)
      try await camera.shoot(3)
      #expect(try await tether.end() == .exit(0), "\(tether.words)")
      try await expectExactly(camera.shots, in: try server.reader(of: album))
      for name in ["Here", album.url] {
        #expect(tether.events.count { $0.event == "frame.delivered" && $0.album == name } == 3)
      }
    }

    @Test(
      "tuspy, an independent client, uploads into an album of ours",
      .enabled(if: PythonProgram.isThere, "no .venv-test: scripts/test-venv.sh makes it"))
    func tuspy() async throws {
      let home = try Home()
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let file = try await Pictures.make(1, in: home, as: "photos")[0]
      let client = try PythonProgram.start(
        """
        import sys
        from tusclient.client import TusClient
        url, token, path = sys.argv[1:]
        client = TusClient(url, headers={"Authorization": "Bearer " + token})
        metadata = {"filename": "婚礼 1.JPG", "filetype": "image/jpeg"}
        client.uploader(path, chunk_size=100_000, metadata=metadata).upload()
        """, album.uploadURL, album.token, file.path)
      #expect(try await client.end() == .exit(0), "\(client.words)")
      let reader = try server.reader(of: album)
      let frame = try #require(try await reader.frames(whole: 1).first)
      #expect(frame.frame == ContentHash(of: try Data(contentsOf: file)))
      #expect(frame.name == "婚礼 1.JPG")
      #expect(try await reader.hash(of: frame.original) == frame.frame.hex)
    }

    @Test(
      "resumable-upload, an independent server, gets the originals",
      .enabled(if: PythonProgram.isThere, "no .venv-test: scripts/test-venv.sh makes it"))
    func independentServer() async throws {
      let home = try Home()
      let store = home.folder.appending(path: "store")
      try FileManager.default.createDirectory(at: store, withIntermediateDirectories: true)
      let server = try PythonProgram.start(
        """
        import json, os, sys
        from http.server import ThreadingHTTPServer
        from resumable_upload.server import TusHTTPRequestHandler, TusServer
        from resumable_upload.storage import SQLiteStorage
        folder = sys.argv[1]
        class Handler(TusHTTPRequestHandler):
            tus_server = TusServer(
                storage=SQLiteStorage(
                    db_path=os.path.join(folder, "uploads.db"), upload_dir=os.path.join(folder, "files")),
                base_path="/files")
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        print(json.dumps({"event": "ready", "port": server.server_port}), flush=True)
        server.serve_forever()
        """, store.path)
      guard case .number(let port) = try await server.first("ready").port else {
        throw server.failure("no port")
      }
      let camera = try await SimulatedCamera.start("--megabytes", "0.5")
      let tether = try home.tether(camera, album: "tus+http://127.0.0.1:\(port)/files", ["--frames", "3"])
      try await tether.first("camera.connected")
      try await camera.shoot(3)
      #expect(try await tether.end() == .exit(0), "\(tether.words)")
      let files = try FileManager.default.contentsOfDirectory(
        at: store.appending(path: "files"), includingPropertiesForKeys: nil)
      let hashes = try files.map { ContentHash(of: try Data(contentsOf: $0)).hex }
      #expect(hashes.sorted() == camera.shots.map(\.sha256).sorted())
      try await expectNothingLeft(in: home, frames: 3)
    }
  }
}

/// Python programs with the packages of the tests' environment.
enum PythonProgram {
  static var isThere: Bool { TestEnvironment.python != nil }

  static func start(_ program: String, _ arguments: String...) throws -> Program {
    try Program(URL(filePath: try #require(TestEnvironment.python)), ["-c", program] + arguments)
  }
}
