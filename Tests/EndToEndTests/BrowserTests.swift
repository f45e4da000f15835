import Foundation
import Testing

@Suite(
  "Browser",
  .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
struct BrowserTests {
  private func page(_ html: String) throws -> URL {
    try #require(URL(string: "data:text/html;charset=utf-8;base64,\(Data(html.utf8).base64EncodedString())"))
  }

  @Test("A page is opened, asked, waited for, typed into and photographed")
  func wholeWay() async throws {
    try await Browser.run(language: "zh") { browser in
      try await browser.open(try page("<title>早</title><input autofocus><p>hello</p>"))
      #expect(try await browser.evaluate("return document.title") == "早")
      #expect(try await browser.evaluate("return arguments[0] + arguments[1]", "a", "b") == "ab")
      #expect(try await browser.evaluate("return await Promise.resolve([1, 2])") == [1, 2])
      #expect(try await browser.evaluate("return null", as: Int?.self) == nil)
      #expect(try await browser.evaluate("return navigator.language.split('-')[0]") == "zh")
      #expect(try await browser.evaluate("setTimeout(() => { window.ready = true }, 50); return true"))
      try await browser.wait(until: "return window.ready", upTo: .seconds(300))
      try await browser.press("x")
      #expect(try await browser.evaluate("return document.querySelector('input').value") == "x")
      let picture = try await browser.screenshot()
      #expect(picture.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }
  }

  @Test("What never comes true is a timeout, and a broken script says what broke")
  func failures() async throws {
    try await Browser.run { browser in
      try await browser.open(try page("<p>still</p>"))
      await #expect(throws: BrowserError.self) {
        try await browser.wait(until: "return false", upTo: .milliseconds(60))
      }
      let error = await #expect(throws: BrowserError.self) {
        try await browser.evaluate("return nothing.there", as: String.self)
      }
      #expect(error?.message.contains("nothing is not defined") == true)
    }
  }

  @Test("An answer is read with and without a space after a header's colon, and only when it is whole")
  func answers() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length:3\r\ncache-control: no-cache\r\n\r\n{ }"
    #expect(LoopbackExchange.parse(Data(whole.utf8))?.body == Data("{ }".utf8))
    #expect(LoopbackExchange.parse(Data(whole.utf8))?.status == 200)
    #expect(LoopbackExchange.parse(Data(whole.utf8.dropLast())) == nil)
    #expect(
      LoopbackExchange.parse(Data("HTTP/1.1 404 Not Found\r\ncontent-length:  0\r\n\r\n".utf8))?.status == 404
    )
  }
}
