import Foundation
import Glibc
import Model
import TestServers
import Testing

extension EndToEndTests {
  @Suite(
    "What others read of a bucket album",
    .enabled(
      if: BucketStore.isInstalled && TestEnvironment.program("rclone") != nil,
      "no SeaweedFS or no rclone in .venv-test: scripts/test-venv.sh makes it"))
  struct BucketReadersTests {
    private struct Made: Decodable {
      let url: String
    }

    /// One object as `rclone lsjson` has it.
    private struct Object: Decodable {
      let path: String
      let type: String
      let bytes: Int

      enum CodingKeys: String, CodingKey {
        case path = "Path"
        case type = "MimeType"
        case bytes = "Size"
      }
    }

    @Test(
      "rclone reads back what pixcheese put there: copies with words, every byte, and what each object is")
    func rclone() async throws {
      let rclone = URL(filePath: try #require(TestEnvironment.program("rclone")))
      let home = try Home()
      let store = try await BucketStore.start(in: home)
      let place = "s3://party/read back"
      let _: Made = try await home.answer(
        "album", "create", "Read", "--bucket", place, environment: store.environment)
      let files = try await Pictures.make(3, in: home, as: "photos")
      let before = try files.map { try Data(contentsOf: $0) }
      let done = try await home.run(
        "upload", home.folder.appending(path: "photos").path, "--album", place,
        "--retouch", "cp {input} {output}", "--creator", "安娜 {number}", "--write-metadata", "originals",
        "--strip-location", environment: store.environment)
      #expect(done.status == .exit(0), "\(done.words)")

      let environment = [
        "RCLONE_CONFIG": "/dev/null", "RCLONE_CONFIG_STORE_TYPE": "s3",
        "RCLONE_CONFIG_STORE_PROVIDER": "Other",
        "RCLONE_CONFIG_STORE_ENDPOINT": store.url, "RCLONE_CONFIG_STORE_ENV_AUTH": "true",
      ].merging(store.environment) { $1 }
      let copy = home.folder.appending(path: "copy").path
      for arguments in [
        ["copy", "store:party/read back", copy], ["check", "store:party/read back", copy, "--download"],
      ] {
        let program = try Program(rclone, arguments, environment: environment)
        #expect(try await program.end(within: .seconds(60)) == .exit(0), "\(program.words)")
      }
      let listing = try Program(
        rclone, ["lsjson", "-R", "--files-only", "store:party/read back"],
        environment: environment)
      #expect(try await listing.end() == .exit(0), "\(listing.words)")
      let objects = try JSONDecoder().decode(
        [Object].self, from: Data(listing.lines.map(\.text).joined(separator: "\n").utf8))
      let types = objects.reduce(into: [:]) { $0[$1.path] = $1.type }
      #expect(types["index.html"]?.hasPrefix("text/html") == true)
      #expect(types["album.json"]?.hasPrefix("application/json") == true)

      // What is named by its content has that content: three thumbnails and previews (of two scenes), three originals.
      let media = objects.filter { $0.path.hasPrefix("media/") }
      #expect(media.count >= 3 + 2 * 2 && media.allSatisfy { $0.type == "image/jpeg" })
      for object in media {
        let bytes = try Data(contentsOf: URL(filePath: "\(copy)/\(object.path)"))
        #expect(ContentHash(of: bytes).hex == String(object.path.dropFirst(6).prefix(64)))
        #expect(bytes.count == object.bytes)
      }

      // The feed's frames are the photos as they were taken; what guests get of them are the copies.
      let feed = try #require(
        objects.first { $0.path.hasPrefix("feeds/") && $0.path.hasSuffix("/head.json") })
      let head = try JSONDecoder().decode(
        FeedHead.self, from: Data(contentsOf: URL(filePath: "\(copy)/\(feed.path)")))
      #expect(feed.type.hasPrefix("application/json"))
      #expect(Set(head.recent.map(\.frame)) == Set(before.map { ContentHash(of: $0) }))
      for frame in before.map({ ContentHash(of: $0) }) {
        let entry = try #require(head.recent.filter { $0.frame == frame }.max { $0.seq < $1.seq })
        let original = try Data(contentsOf: URL(filePath: "\(copy)/\(try #require(entry.original))"))
        #expect(ContentHash(of: original) != frame)
        #expect(original.range(of: Data("安娜 ".utf8)) != nil)
        #expect(entry.originals.map(\.sha256) == [ContentHash(of: original)])
        #expect(entry.originals.map(\.bytes) == [Int64(original.count)])
      }
      #expect(try files.map { try Data(contentsOf: $0) } == before, "nobody's own file was touched")
    }
  }
}
