import Foundation
import HTTPTypes
import Model
import TestServers
import Testing

@testable import AlbumServer

/// An independent client, tuspy from PyPI, against our server. `scripts/test-venv.sh` installs it.
@Suite(.enabled("tuspy is installed (scripts/test-venv.sh)") { Python.isThere })
struct TuspyTests {
  @Test("tuspy uploads a file in chunks, with checksums, and goes on with one that it left")
  func upload() async throws {
    let folder = try TemporaryFolder()
    try await RunningServer.with(in: folder) { server in
      let access = try await server.store.createAlbum(named: "a")
      let bytes = SampleBytes.jpeg(1_000_000)
      let output = try await Python.upload(bytes, by: Self.program, to: access, of: server, in: folder)
      #expect(output == "half 500000\nagain 500000\ndone 1000000\n")
      let frame = try #require(try await server.frames(of: access).first)
      #expect(frame.frame == ContentHash(of: bytes))
      #expect(frame.name == "婚礼 1.JPG")
      let media = try await server.send(.get, try #require(frame.original))
      #expect(media.bytes == bytes)
    }
  }

  private static let program = """
    import sys
    from tusclient.client import TusClient
    url, token, path = sys.argv[1:]
    client = TusClient(url, headers={"Authorization": "Bearer " + token})
    metadata = {"filename": "婚礼 1.JPG", "filetype": "image/jpeg"}
    first = client.uploader(path, chunk_size=100_000, metadata=metadata, upload_checksum=True)
    first.upload(stop_at=500_000)
    print("half", first.offset)
    second = client.uploader(path, url=first.url, chunk_size=300_000, upload_checksum=True)
    print("again", second.offset)
    second.upload()
    print("done", second.get_offset())
    """
}

/// The Python that has the test programs of PyPI.
enum Python {
  static var isThere: Bool { TestEnvironment.python != nil }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs a program that uploads a file, `IMG_0001.JPG`, to an album, and returns its standard output. Its arguments are the
  /// address to create uploads at, the album's token and the file.
  static func upload(
    _ bytes: [UInt8], by program: String, to access: AlbumAccess, of server: RunningServer,
    in folder: TemporaryFolder
  ) async throws -> String {
    let file = folder.path + "/IMG_0001.JPG"
    try Data(bytes).write(to: URL(filePath: file))
    let links = AlbumLinks(
      slug: access.album.slug, base: try #require(URL(string: "http://127.0.0.1:\(server.port)")))
    return try await run(program, arguments: [links.uploads.absoluteString, access.token, file])
  }

  /// Runs a program and returns its standard output.
  static func run(_ program: String, arguments: [String]) async throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: try #require(TestEnvironment.python))
    process.arguments = ["-c", program] + arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    let (ends, end) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      end.yield(process.terminationStatus)
      end.finish()
    }
    try process.run()
    // What these programs say fits into a pipe.
    let status = await ends.first { _ in true }
    guard status == 0 else {
      let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      throw Failure(description: text)
    }
    return String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
