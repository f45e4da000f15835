import Curl
import Foundation
import Synchronization
import Testing

@testable import Delivery

@Suite("What networks and clocks do")
struct NetworkTests {
  private static let endpoint = TusEndpoint(
    creation: URL(string: "http://album.example/files").unsafelyUnwrapped, token: nil)

  private func reason(_ answer: TusAnswer) -> DeliveryReason? {
    var upload = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = upload.begin()
    guard case .stop(let reason, _) = upload.answered(answer) else { return nil }
    return reason
  }

  @Test("A network's log-in page is named, and where it is; the destination rests and nothing is parked")
  func loginPage() {
    let pages = [
      TusAnswer(status: 511, speaksTus: false),
      TusAnswer(status: 302, speaksTus: false, location: "http://login.hotel.example/start"),
      TusAnswer(status: 200, speaksTus: false, isPage: true),
    ]
    for page in pages {
      let reason = reason(page)
      #expect(reason?.code == .loginPage)
      #expect(reason?.text.hasPrefix("The network wants a log-in page") == true)
      #expect(reason?.scope == .destination && reason?.needsPerson == false)
    }
    #expect(reason(pages[1])?.text.contains("http://login.hotel.example/start") == true)
  }

  @Test("A redirect within the host, or an answer of another kind, is somebody else and no log-in page")
  func somebodyElse() {
    #expect(
      reason(TusAnswer(status: 301, speaksTus: false, location: "/files/"))?.code == .intercepted)
    #expect(reason(TusAnswer(status: 200, speaksTus: false))?.code == .intercepted)
  }

  private func response(_ date: String) -> Response {
    Response(status: 200, headers: HeaderFields([.init(name: "Date", value: date)]))
  }

  @Test("A clock that is wrong is told once, with how far; one that is right is not")
  func clock() throws {
    let told = Mutex<[TimeInterval]>([])
    let clock = ServerClock { seconds in told.withLock { $0.append(seconds) } }
    let now = try Date("2026-11-23T12:00:00Z", strategy: .iso8601)
    clock.take(response("Mon, 23 Nov 2026 11:59:00 GMT"), now: now)
    clock.take(response("nonsense"), now: now)
    #expect(clock.error == nil)
    clock.take(response("Mon, 23 Nov 2026 09:00:00 GMT"), now: now)
    clock.take(response("Mon, 23 Nov 2026 09:00:00 GMT"), now: now)
    #expect(told.withLock { $0 } == [10_800])
    #expect(clock.error == 10_800)
    #expect(ServerClock.words(for: 10_800) == "3 hours ahead")
    #expect(ServerClock.words(for: -86_400 * 400) == "400 days behind")
    #expect(ServerClock.words(for: 180) == "3 minutes ahead")
    clock.take(response("Mon, 23 Nov 2026 12:00:00 GMT"), now: now)
    #expect(clock.error == nil, "it was set right")
  }

  @Test("Every fault of a certificate is named with its host, and the clock where it may be to blame")
  func certificates() throws {
    let url = try #require(URL(string: "https://album.example:8443/files"))
    for fault in CertificateFault.allCases {
      let error = CurlError(.certificate, text: "x", certificateFault: fault)
      let words = error.explained(for: url, clock: -86_400 * 30)
      #expect(words.text.contains("album.example") && !words.text.contains("8443"))
      #expect(words.code == .certificate && words.certificateFault == fault)
      #expect(words.text.contains("clock is 30 days behind") == fault.dependsOnClock)
    }
    #expect(
      CurlError(.certificate, text: "x", certificateFault: .selfSigned).explained(for: url, clock: nil).text
        .contains("--ca-file"))
    let reset = CurlError(.reset, text: "reset")
    #expect(reset.explained(for: url, clock: 1000) == reset)
  }

  @Test("rtnetlink's messages of addresses and routes tell of a change; others, and torn ones, do not")
  func netlink() {
    func message(_ type: UInt16, length: UInt32 = 20, rest: Int = 4) -> [UInt8] {
      var bytes: [UInt8] = []
      withUnsafeBytes(of: length) { bytes += $0 }
      withUnsafeBytes(of: type) { bytes += $0 }
      return bytes + [UInt8](repeating: 0, count: 10 + rest)
    }
    for type: UInt16 in [20, 21, 24, 25] { #expect(Netlink.tellsOfChange(message(type)[...])) }
    #expect(!Netlink.tellsOfChange(message(16)[...]))
    #expect(Netlink.tellsOfChange((message(16) + message(21))[...]))
    #expect(!Netlink.tellsOfChange(message(16, length: 0)[...]))
    #expect(!Netlink.tellsOfChange(message(16, length: .max)[...]))
    #expect(!Netlink.tellsOfChange([1, 2, 3][...]))
    #expect(!Netlink.tellsOfChange([][...]))
  }

  @Test(
    "An address that comes or goes is told",
    .enabled(if: geteuid() == 0, "adding an address to loopback needs root"))
  func watch() async throws {
    let watch = try NetworkWatch()
    let address = "127.\(Int.random(in: 1...254)).\(Int.random(in: 1...254)).7/32"
    for word in ["add", "del"] {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/sbin/ip")
      process.arguments = ["address", word, address, "dev", "lo"]
      try process.run()
      for await _ in watch.changes { break }
    }
  }
}
