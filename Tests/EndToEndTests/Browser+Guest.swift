/// What a guest's device is, and does, and what the browser says of the page: beyond WebDriver's standard by what
/// chromedriver adds to it.
extension Browser {
  /// The page is shown on a phone from now on: this many CSS pixels of two device pixels each, and fingers.
  func becomePhone(width: Int, height: Int) async throws {
    struct Metrics: Encodable { let width: Int, height: Int, deviceScaleFactor = 2, mobile = true }
    struct Touch: Encodable { let enabled = true }
    try await tell("Emulation.setDeviceMetricsOverride", Metrics(width: width, height: height))
    try await tell("Emulation.setTouchEmulationEnabled", Touch())
  }

  /// The guest prefers `light` or `dark`.
  func prefer(_ scheme: String) async throws {
    struct Feature: Encodable { let name = "prefers-color-scheme", value: String }
    struct Media: Encodable { let features: [Feature] }
    try await tell("Emulation.setEmulatedMedia", Media(features: [Feature(value: scheme)]))
  }

  /// A finger goes down in the middle of the page, moves quickly, and lets go.
  /// - Parameter distance: in CSS pixels, to the right; negative to the left.
  func swipe(by distance: Int, from place: (x: Int, y: Int)) async throws {
    let steps = (1...4).map {
      ActionsBody.Action(type: "pointerMove", x: place.x + distance * $0 / 4, y: place.y, duration: 20)
    }
    try await perform(
      ActionsBody.Source(
        type: "pointer", id: "finger", parameters: ["pointerType": "touch"],
        actions: [
          .init(type: "pointerMove", x: place.x, y: place.y, duration: 0),
          .init(type: "pointerDown", button: 0),
        ] + steps + [.init(type: "pointerUp", button: 0)]))
  }

  /// One line of the browser's console; the page's own, and what the browser has to say of it.
  struct LogLine: Decodable, Sendable {
    let level: String
    let source: String
    let message: String
  }

  /// What the console has been told since this was last asked.
  func console() async throws -> [LogLine] {
    struct Which: Encodable { let type = "browser" }
    return try await send("POST", "se/log", Which(), as: [LogLine].self)
  }

  func perform(_ source: ActionsBody.Source) async throws {
    _ = try await send("POST", "actions", ActionsBody(actions: [source]), as: Ignored.self)
  }

  /// A command of Chromium's own devtools.
  private func tell(_ command: String, _ parameters: some Encodable) async throws {
    _ = try await send(
      "POST", "goog/cdp/execute", DevtoolsBody(cmd: command, params: parameters), as: Ignored.self)
  }
}
