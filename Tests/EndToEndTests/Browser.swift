import Foundation
import Glibc

/// A headless Chromium, driven through chromedriver by the W3C WebDriver protocol
/// (https://www.w3.org/TR/webdriver2/): only what the tests of the live page need.
///
/// ```swift
/// try await Browser.run { browser in
///   try await browser.open(url)
///   try await browser.wait(until: "return document.images.length > 0", upTo: .seconds(10))
/// }
/// ```
actor Browser {
  /// Where Debian's packages chromium and chromium-driver put their programs.
  static let chromium = URL(filePath: "/usr/bin/chromium")
  static let chromedriver = URL(filePath: "/usr/bin/chromedriver")

  /// Whether this machine has both programs; tests are skipped, visibly, where it does not.
  static var isInstalled: Bool {
    [chromium, chromedriver].allSatisfy { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  private let driver: Process
  private let server: LoopbackExchange
  private var session = ""

  /// Starts chromedriver on a port of its own choice, and a browser with an empty profile.
  ///
  /// Whoever starts a browser must `quit()` it, else Chromium stays behind: prefer ``run(language:_:)``.
  /// - Parameter language: what the browser says it reads, `en` or `zh`.
  /// - Throws: `BrowserError` if either does not start.
  static func start(language: String = "en") async throws -> Browser {
    guard isInstalled else {
      throw BrowserError(code: .notInstalled, message: "\(chromedriver.path) and \(chromium.path) are needed")
    }
    let driver = Process()
    driver.executableURL = chromedriver
    driver.arguments = ["--port=0"]
    let output = Pipe()
    driver.standardOutput = output
    driver.standardError = FileHandle.nullDevice
    let lines = Self.lines(of: output.fileHandleForReading)
    try driver.run()
    guard let port = await Self.port(announcedIn: lines) else {
      end(driver)
      throw BrowserError(code: .driver, message: "chromedriver ended before it said its port")
    }
    let browser = Browser(driver: driver, server: LoopbackExchange(port: port))
    do {
      try await browser.openSession(language: language)
    } catch {
      await browser.quit()
      throw error
    }
    return browser
  }

  /// Gives a browser to `body`, and ends it whatever happens.
  static func run<Value: Sendable>(
    language: String = "en", _ body: (Browser) async throws -> Value
  ) async throws -> Value {
    let browser = try await start(language: language)
    do {
      let value = try await body(browser)
      await browser.quit()
      return value
    } catch {
      await browser.quit()
      throw error
    }
  }

  private init(driver: Process, server: LoopbackExchange) {
    self.driver = driver
    self.server = server
  }

  /// Goes to an address and waits for its `load` event.
  func open(_ url: URL) async throws {
    _ = try await send("POST", "url", OpenBody(url: url.absoluteString), as: Ignored.self)
  }

  /// The value of a script, which is the body of an async function: it `return`s, and may `await`.
  /// - Parameter arguments: `arguments[0]` and on in the script.
  func evaluate<Value: Decodable & Sendable>(
    _ script: String, _ arguments: String..., as type: Value.Type = Value.self
  ) async throws -> Value {
    try await send("POST", "execute/sync", ScriptBody(script: script, args: arguments), as: Value.self)
  }

  /// Waits in the page until a script returns something true. The page may not be left meanwhile.
  /// - Throws: `BrowserError` with `.timeout` if it does not within the time.
  func wait(until script: String, upTo limit: Duration) async throws {
    let milliseconds = limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    let met: Bool = try await evaluate(
      """
      const condition = async () => { \(script) };
      const end = performance.now() + \(milliseconds);
      while (!await condition()) {
        if (performance.now() > end) return false;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return true;
      """)
    guard met else { throw BrowserError(code: .timeout, message: "not within \(limit): \(script)") }
  }

  /// Presses and lets go of a key, as a person at the keyboard: a character, or one of `Key`.
  func press(_ key: String) async throws {
    let keys = ["keyDown", "keyUp"].map { ActionsBody.Action(type: $0, value: key) }
    try await perform(ActionsBody.Source(type: "key", id: "keyboard", actions: keys))
  }

  /// WebDriver's names of keys that are no characters (its section "Keyboard actions").
  enum Key {
    static let escape = "\u{E00C}"
    static let enter = "\u{E007}"
    static let left = "\u{E012}"
    static let right = "\u{E014}"
    static let home = "\u{E011}"
    static let end = "\u{E010}"
  }

  /// What the viewport shows, as a PNG.
  func screenshot() async throws -> Data {
    let text = try await send("GET", "screenshot", Ignored?.none, as: String.self)
    guard let picture = Data(base64Encoded: text) else {
      throw BrowserError(code: .driver, message: "the screenshot is not base64")
    }
    return picture
  }

  /// Makes the window as large as a given device, in CSS pixels.
  func resize(width: Int, height: Int) async throws {
    _ = try await send("POST", "window/rect", RectBody(width: width, height: height), as: Ignored.self)
  }

  /// Ends the browser and chromedriver. A second call does nothing.
  func quit() async {
    if !session.isEmpty {
      // Closing the session ends Chromium; if chromedriver is gone already there is nothing more to close.
      _ = try? await send("DELETE", "", Ignored?.none, as: Ignored.self)
      session = ""
    }
    Self.end(driver)
  }

  /// Foundation starts a process with the signals blocked that its thread had blocked, SIGTERM among them, so
  /// only SIGKILL is certain to end it. chromedriver has nothing to save.
  private static func end(_ driver: Process) {
    if driver.isRunning { kill(driver.processIdentifier, SIGKILL) }
  }

  private func openSession(language: String) async throws {
    struct Opened: Decodable, Sendable { let sessionId: String }
    let arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
      "--window-size=1280,900", "--lang=\(language)", "--accept-lang=\(language)",
    ]
    let body = SessionBody(
      capabilities: .init(
        alwaysMatch: .init(
          browserName: "chrome", timeouts: ["script": 600_000], logs: ["browser": "ALL"],
          options: .init(binary: Self.chromium.path, args: arguments))))
    let opened = try await send("POST", nil, body, as: Opened.self)
    session = opened.sessionId
  }

  /// - Parameter path: below the session; `nil` for the collection of sessions itself.
  func send<Value: Decodable & Sendable>(
    _ method: String, _ path: String?, _ body: (some Encodable)?, as type: Value.Type
  ) async throws -> Value {
    let below = path.map { $0.isEmpty ? "/\(session)" : "/\(session)/\($0)" } ?? ""
    let answer = try await server.send(
      method, "/session\(below)", try body.map { try JSONEncoder().encode($0) })
    guard answer.status == 200 else {
      throw BrowserError(code: .driver, message: String(decoding: answer.body.prefix(2000), as: UTF8.self))
    }
    return try JSONDecoder().decode(Valued<Value>.self, from: answer.body).value
  }

  /// What chromedriver prints, until it ends. It is read all the time, so that a full pipe never stops it.
  private static func lines(of handle: FileHandle) -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    handle.readabilityHandler = { handle in
      let bytes = handle.availableData
      if bytes.isEmpty {
        handle.readabilityHandler = nil
        continuation.finish()
      } else {
        continuation.yield(String(decoding: bytes, as: UTF8.self))
      }
    }
    return stream
  }

  /// Reads `… started successfully on port 41723.`
  private static func port(announcedIn output: AsyncStream<String>) async -> UInt16? {
    var text = ""
    for await piece in output {
      text += piece
      if let match = text.firstMatch(of: /successfully on port (\d+)\./) { return UInt16(match.1) }
    }
    return nil
  }
}

/// Why the browser did not do what was asked.
struct BrowserError: Error, CustomStringConvertible {
  enum Code { case notInstalled, driver, timeout }
  let code: Code
  let message: String
  var description: String { "browser: \(message)" }
}
