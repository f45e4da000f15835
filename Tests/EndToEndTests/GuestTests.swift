import Foundation
import Model
import Testing

extension EndToEndTests {
  @Suite(
    "A guest with a running album",
    .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
  struct GuestTests {
    @Test(
      "By keyboard and by finger, on a phone, in the dark: the page does what guests expect, and breaks no rule of its own"
    )
    func guest() async throws {
      let home = try Home()
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let files = try await Pictures.make(3, in: home, as: "photos")
      let sent = try await home.run("upload", files[0].deletingLastPathComponent().path, "--album", album.url)
      #expect(sent.status == .exit(0), "\(sent.words)")
      let reader = try server.reader(of: album)
      let frames = try await reader.frames()
      try await Browser.run { browser in
        try await onPhone(browser, reader.page, frames)
        try await byKeyboard(browser, Set(frames.map { String($0.frame.hex.prefix(12)) }))
        try await inTheDark(browser)
        let said = try await browser.console().filter { $0.level == "SEVERE" }
        #expect(said.map(\.message) == [], "neither an error nor a breach of the policy")
        // What is not allowed is refused, and would have been found.
        let isRefused: Bool = try await browser.evaluate(
          """
          const style = document.createElement("style");
          style.textContent = "html { outline: 7px solid red }";
          document.head.append(style);
          return getComputedStyle(document.documentElement).outlineWidth !== "7px";
          """)
        #expect(isRefused)
        let breaches = try await browser.console().filter { $0.message.contains("Content Security Policy") }
        #expect(breaches.count == 1)
      }
      try await expectCleanEnd(of: server.program)
    }

    /// Two tiles beside each other on a phone take thumbnails, the whole screen takes the preview, and a finger turns
    /// the page.
    private func onPhone(_ browser: Browser, _ page: URL, _ frames: [AlbumFrame]) async throws {
      try await browser.becomePhone(width: 390, height: 844)
      try await browser.open(page)
      try await browser.wait(until: Self.areShown(frames.count), upTo: .seconds(60))
      // Where a tile has a row to itself, it needs more pixels than a thumbnail has.
      let taken: [String] = try await browser.evaluate(
        """
        return [...document.querySelectorAll("img[data-frame]")]
          .filter((image) => image.clientWidth * devicePixelRatio <= 480)
          .map((image) => new URL(image.currentSrc).pathname);
        """)
      #expect(taken.count >= 2 && Set(taken).isSubset(of: frames.compactMap(\.thumbnail)), "\(taken)")
      _ = try await browser.evaluate(
        "document.querySelector('a[data-open]').click(); return true", as: Bool.self)
      try await browser.wait(
        until: "return document.querySelector('#track .ready .sharp') !== null", upTo: .seconds(60))
      let large: String = try await browser.evaluate(
        "return new URL(document.querySelector('#track .ready .sharp').currentSrc).pathname")
      #expect(frames.compactMap(\.preview).contains(large), "on the whole screen the large one")
      let first: String = try await browser.evaluate("return location.hash")
      try await browser.swipe(by: -220, from: (x: 300, y: 420))
      try await browser.wait(until: "return location.hash !== '\(first)'", upTo: .seconds(60))
      try await browser.swipe(by: 220, from: (x: 80, y: 420))
      try await browser.wait(until: "return location.hash === '\(first)'", upTo: .seconds(60))
      try await close(browser)
    }

    /// Enter opens, arrows turn, Home and End go to the ends, `i` tells, Escape closes.
    private func byKeyboard(_ browser: Browser, _ ids: Set<String>) async throws {
      func address() async throws -> String { try await browser.evaluate("return location.hash.slice(1)") }
      _ = try await browser.evaluate(
        "document.querySelector('a[data-open]').focus(); return true", as: Bool.self)
      try await browser.press(Browser.Key.enter)
      try await browser.wait(until: "return document.querySelector('#lightbox').open", upTo: .seconds(60))
      try await browser.press(Browser.Key.home)
      var seen = [try await address()]
      for _ in 1..<ids.count {
        try await browser.press(Browser.Key.right)
        seen.append(try await address())
      }
      #expect(Set(seen) == ids && seen.count == ids.count, "each once, one after another")
      try await browser.press(Browser.Key.right)
      #expect(try await address() == seen.last, "there is nothing beyond the oldest")
      try await browser.press(Browser.Key.left)
      #expect(try await address() == seen[seen.count - 2])
      try await browser.press(Browser.Key.end)
      #expect(try await address() == seen.last)
      try await browser.press("i")
      #expect(try await browser.evaluate("return !document.querySelector('#panel').hidden"))
      try await close(browser)
    }

    private func close(_ browser: Browser) async throws {
      try await browser.press(Browser.Key.escape)
      try await browser.wait(
        until: "return !document.querySelector('#lightbox').open && location.hash === ''", upTo: .seconds(60))
    }

    /// Paper and ink change places, in the middle of the run.
    private func inTheDark(_ browser: Browser) async throws {
      let colours = """
        const style = getComputedStyle(document.documentElement);
        const light = (colour) => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
        return light(style.backgroundColor) > light(style.color);
        """
      try await browser.prefer("light")
      #expect(try await browser.evaluate(colours), "dark on light")
      try await browser.prefer("dark")
      #expect(try await !browser.evaluate(colours), "light on dark")
    }

    private static func areShown(_ count: Int) -> String {
      """
      const images = [...document.querySelectorAll("img[data-frame]")];
      return images.length === \(count) && images.every((image) => image.complete && image.naturalWidth > 0);
      """
    }
  }
}
