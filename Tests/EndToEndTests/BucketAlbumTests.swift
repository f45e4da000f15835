import Foundation
import Glibc
import Model
import Testing

extension EndToEndTests {
  @Suite(
    "A bucket album on SeaweedFS",
    .enabled(if: BucketStore.isInstalled, "no SeaweedFS in .venv-test: scripts/test-venv.sh makes it"))
  struct BucketAlbumTests {
    private struct Made: Decodable, Sendable {
      let album: String
      let url: String
    }

    private struct Shown: Decodable, Sendable {
      let name: String
      let frames: Int
    }

    /// Makes an album in the bucket.
    private func album(_ name: String, at place: String, in store: BucketStore, from home: Home) async throws
      -> Made
    {
      try await home.answer("album", "create", name, "--bucket", place, environment: store.environment)
    }

    @Test(
      "A guest's page that lies in the bucket shows frames of two photographers by itself",
      .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
    func page() async throws {
      let (anna, ben) = (try Home(), try Home())
      let store = try await BucketStore.start(in: anna)
      let place = "s3://party/2026/anna and jan"
      let made = try await album("Anna 和 Jan", at: place, in: store, from: anna)
      let page = try #require(URL(string: made.url))
      #expect(made.album == place)
      try await Browser.run { browser in
        try await browser.open(page)
        try await browser.wait(until: "return document.body.dataset.state === 'empty'", upTo: .seconds(300))
        #expect(
          try await browser.evaluate("window.isTheSamePage = true; return document.title") == "Anna 和 Jan")
        for (home, name) in [(anna, "first"), (ben, "second one")] {
          let files = try await Pictures.make(2, in: home, as: name)
          let sent = try await home.run(
            "upload", home.folder.appending(path: name).path, "--album", place, environment: store.environment
          )
          #expect(sent.status == .exit(0), "\(sent.words)")
          #expect(!sent.words.contains("not-so-secret"))
          #expect(sent.events.count { $0.event == "frame.viewable" } == 2)
          for file in files {
            let hash = try hash(of: file)
            try await browser.wait(
              until: """
                const image = document.querySelector('img[data-frame="\(hash)"]');
                return image && image.complete && image.naturalWidth > 0;
                """, upTo: .seconds(300))
          }
        }
        let picture = try Data(contentsOf: try await Pictures.make(1, in: anna, as: "raw and jpeg")[0])
        try anna.write("pair/DSC_1.JPG", picture)
        try anna.write("pair/DSC_1.NEF", picture + Data("raw".utf8))
        let pair = try await anna.run(
          "upload", anna.folder.appending(path: "pair").path, "--album", place, environment: store.environment
        )
        #expect(pair.status == .exit(0), "\(pair.words)")
        try await expectBothOriginals(of: ContentHash(of: picture), in: browser)
        #expect(
          try await browser.evaluate("return window.isTheSamePage === true"), "the page was loaded again")
        #expect(try await browser.evaluate("return document.querySelector('#live').dataset.live") == "live")
      }
      let shown: Shown = try await ben.answer("album", "show", place, environment: store.environment)
      #expect(shown.name == "Anna 和 Jan" && shown.frames == 5)
    }

    @Test(
      "Killed while large originals go in parts: the next run goes on, and nothing is there twice",
      arguments: ["frame.safe", "frame.viewable", "frame.delivered"])
    func killed(at event: String) async throws {
      let home = try Home()
      let store = try await BucketStore.start(in: home)
      let place = "s3://party/killed"
      _ = try await album("Killed", at: place, in: store, from: home)
      let files = try await Pictures.make(3, in: home, as: "photos", megabytes: 40)
      let folder = home.folder.appending(path: "photos").path
      let upload = try home.start(["upload", folder, "--album", place], environment: store.environment)
      try await upload.first(event)
      upload.signal(SIGKILL)
      #expect(try await upload.end() == .signal(SIGKILL))
      let last = try await home.run("upload", folder, "--album", place, environment: store.environment)
      #expect(last.status == .exit(0), "\(last.words)")
      let shown: Shown = try await home.answer("album", "show", place, environment: store.environment)
      #expect(shown.frames == files.count)
      try await expectNothingLeft(in: home, frames: files.count)
    }

    @Test("A store that does not answer delays nothing of the album beside it, and gets all when it answers")
    func beside() async throws {
      let home = try Home()
      let store = try await BucketStore.start(in: home)
      let place = "s3://party/beside"
      _ = try await album("Beside", at: place, in: store, from: home)
      let pictures = try await Pictures.make(2, in: home, as: "made").map { try Data(contentsOf: $0) }
      for (index, picture) in pictures.enumerated() {
        try home.write("shots/DSC_\(index).JPG", picture)
        try home.write("shots/DSC_\(index).NEF", picture + Data("raw".utf8))
      }
      store.pause()
      let upload = try home.start(
        [
          "upload", home.folder.appending(path: "shots").path, "--album", "Party", "--album", place,
          "--listen",
          "127.0.0.1:0",
        ], environment: store.environment)
      try await upload.find("all originals in the album beside it") { events in
        let delivered = events.filter {
          $0.album == "Party" && ["frame.delivered", "original.delivered"].contains($0.event)
        }
        return delivered.count == 4 ? true : nil
      }
      #expect(!upload.events.contains { $0.album == place && $0.event == "frame.delivered" })
      store.resume()
      #expect(try await upload.end(within: .seconds(90)) == .exit(0), "\(upload.words)")
      try await expectNothingLeft(in: home, frames: 2)

      struct Verified: Decodable {
        struct Album: Decodable {
          struct Missing: Decodable { let kind: String, reason: String }
          let album: String, compared: Int, missing: [Missing]
        }
        let albums: [Album]
      }
      let whole: Verified = try await home.answer("queue", "verify", environment: store.environment)
      #expect(whole.albums.map(\.compared) == [8, 8] && whole.albums.allSatisfy(\.missing.isEmpty))
      try await store.lose("party/beside/media/\(ContentHash(of: pictures[0]).hex).jpg")
      let found: Verified = try await home.answer(
        "queue", "verify", "--album", place, "--repair", environment: store.environment)
      #expect(found.albums.flatMap(\.missing).map(\.reason) == ["its file is gone"])
      let again = try await home.run(
        "upload", home.folder.appending(path: "shots").path, "--album", place, environment: store.environment)
      #expect(again.status == .exit(0), "\(again.words)")
      let repaired = try await home.run("queue", "verify", environment: store.environment)
      #expect(repaired.status == .exit(0), "\(repaired.words)")
    }

    @Test("doctor asks buckets, and tether says that they do not confirm")
    func words() async throws {
      let home = try Home()
      let store = try await BucketStore.start(in: home)
      _ = try await album("Asked", at: "s3://party/asked", in: store, from: home)
      struct Health: Decodable {
        struct Check: Decodable { let check: String, state: String, finding: String, remedy: String? }
        let checks: [Check]
      }
      func checks(_ place: String, _ environment: [String: String]) async throws -> [Health.Check] {
        let ended = try await home.run("doctor", "--album", place, environment: environment)
        guard let line = ended.lines.last else { throw ended.program.failure("it says nothing") }
        let health = try JSONDecoder().decode(Health.self, from: Data(line.text.utf8))
        return health.checks.filter { $0.finding.hasPrefix(place) }
      }
      let good = try await checks("s3://party/asked", store.environment)
      #expect(good.map(\.state) == ["good"], "\(good)")
      let absent = try #require(try await checks("s3://party/nothing", store.environment).first)
      #expect(absent.state == "problem")
      #expect(absent.remedy == "Make it: pixcheese album create NAME --bucket s3://party/nothing")
      let keyless = try #require(try await checks("s3://party/asked", [:]).first)
      #expect(keyless.state == "problem" && keyless.remedy?.contains("AWS_ACCESS_KEY_ID") == true)

      let camera = try await SimulatedCamera.start("--megabytes", "0.3", "--scenes", "1")
      let tether = try home.start(
        ["tether", "--camera", camera.address, "--album", "s3://party/asked", "--delete-after", "delivered"],
        environment: store.environment)
      let warning = try await tether.first("warning") { $0.code == "cannot_confirm" }
      #expect(warning.message?.contains("s3://party/asked") == true)
      try await tether.first("camera.connected")
      try await expectCleanEnd(of: tether)
    }

    /// The details of a photo offer its RAW and its JPEG.
    private func expectBothOriginals(of frame: ContentHash, in browser: Browser) async throws {
      try await browser.wait(
        until: """
          return document.querySelector('img[data-frame="\(frame.hex)"]') !== null
          """, upTo: .seconds(300))
      // What came after the details were opened is in them when they are opened again.
      try await browser.wait(
        until: """
          const picture = document.querySelector('img[data-frame="\(frame.hex)"]');
          const panel = document.querySelector("#panel");
          if (!location.hash) picture.closest("a").click();
          else document.querySelector("#info").click();
          return panel.querySelectorAll("a.original").length === 2;
          """, upTo: .seconds(300))
      let names: String = try await browser.evaluate(
        "return [...document.querySelectorAll('#panel a.original')].map((link) => link.download).join()")
      #expect(names == "DSC_1.JPG,DSC_1.NEF")
    }

    private func hash(of file: URL) throws -> String {
      ContentHash(of: try Data(contentsOf: file)).hex
    }
  }
}
