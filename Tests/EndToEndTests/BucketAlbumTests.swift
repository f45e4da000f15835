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

    /// Makes an album in the bucket, as soon as the store answers.
    private func album(_ name: String, at place: String, in store: BucketStore, from home: Home) async throws
      -> Made
    {
      let end = ContinuousClock.now + .seconds(60)
      while true {
        let made = try await home.run(
          "album", "create", name, "--bucket", place, environment: store.environment)
        if made.status == .exit(0) { break }
        guard ContinuousClock.now < end else { throw made.program.failure("the album cannot be made") }
        try await Task.sleep(for: .milliseconds(500))
      }
      return try await home.answer("album", "create", name, "--bucket", place, environment: store.environment)
    }

    @Test(
      "A guest's page that lies in the bucket shows frames of two photographers by itself",
      .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
    func page() async throws {
      let (anna, ben) = (try Home(), try Home())
      let store = try BucketStore(in: anna)
      let place = "s3://party/2026/anna and jan"
      let made = try await album("Anna 和 Jan", at: place, in: store, from: anna)
      let page = try #require(URL(string: made.url))
      #expect(made.album == place)
      try await Browser.run { browser in
        try await browser.open(page)
        try await browser.wait(until: "return document.body.dataset.state === 'empty'", upTo: .seconds(20))
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
                """, upTo: .seconds(30))
          }
        }
        #expect(
          try await browser.evaluate("return window.isTheSamePage === true"), "the page was loaded again")
        #expect(try await browser.evaluate("return document.querySelector('#live').dataset.live") == "live")
      }
      let shown: Shown = try await ben.answer("album", "show", place, environment: store.environment)
      #expect(shown.name == "Anna 和 Jan" && shown.frames == 4)
    }

    @Test("Killed while a large original goes in parts: the next run goes on, and nothing is there twice")
    func killed() async throws {
      let home = try Home()
      let store = try BucketStore(in: home)
      let place = "s3://party/killed"
      _ = try await album("Killed", at: place, in: store, from: home)
      let files = try await Pictures.make(3, in: home, as: "photos", megabytes: 40)
      let folder = home.folder.appending(path: "photos").path
      for event in ["frame.safe", "frame.viewable", "frame.delivered"] {
        let upload = try home.start(
          ["upload", folder, "--album", place], environment: store.environment)
        try await upload.first(event)
        upload.signal(SIGKILL)
        #expect(try await upload.end() == .signal(SIGKILL))
        if event == "frame.delivered" { break }
      }
      let last = try await home.run("upload", folder, "--album", place, environment: store.environment)
      #expect(last.status == .exit(0), "\(last.words)")
      let shown: Shown = try await home.answer("album", "show", place, environment: store.environment)
      #expect(shown.frames == files.count)
      try await expectNothingLeft(in: home, frames: files.count)
    }

    private func hash(of file: URL) throws -> String {
      ContentHash(of: try Data(contentsOf: file)).hex
    }
  }
}
