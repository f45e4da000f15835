import Foundation
import Glibc
import Testing

extension EndToEndTests {
  @Suite("pixcheese demo")
  struct DemoTests {
    @Test(
      "It takes pictures, shows them on its page, and leaves nothing behind",
      .enabled(if: Browser.isInstalled))
    func demo() async throws {
      let home = try Home()
      let folder = home.folder.appending(path: "temporary")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let demo = try home.start(
        ["demo", "--every", "0.7", "--listen", "127.0.0.1:0"], environment: ["TMPDIR": folder.path])
      let album = try AlbumReader(page: try await demo.first("album.ready").url, on: demo)
      try await Browser.run { browser in
        try await browser.open(album.page)
        try await browser.wait(
          until: """
            const images = [...document.querySelectorAll("img[data-frame]")];
            return images.length >= 3 && images.every((image) => image.complete && image.naturalWidth > 0);
            """, upTo: .seconds(300))
      }
      try await expectCleanEnd(of: demo, SIGINT)
      #expect(demo.words.contains("simulated"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test("With --frames it ends by itself")
    func frames() async throws {
      let home = try Home()
      let ended = try await home.run("demo", "--every", "0.3", "--frames", "2", "--listen", "127.0.0.1:0")
      #expect(ended.status == .exit(0), "\(ended.words)")
      #expect(ended.lines.allSatisfy { $0.event != nil })
      #expect(Set(ended.events.filter { $0.event == "frame.delivered" }.map(\.frame)).count >= 2)
    }
  }
}
