import Curl
import Foundation
import Testing

@testable import Delivery

@Suite("The rules of a tus upload")
struct TusUploadTests {
  static let endpoint = TusEndpoint(creation: URL(string: "https://album.example/files/")!, token: "secret")
  static let upload = URL(string: "https://album.example/files/1")!
  let reset = CurlError(.reset, curlCode: 56, text: "Connection reset by peer")

  /// An upload of 100 bytes in chunks of 40, made and not yet sent.
  func made(length: Int64 = 100) -> TusUpload {
    var upload = TusUpload(endpoint: Self.endpoint, length: length, chunk: 40)
    #expect(upload.begin() == .create(carrying: 0))
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/1")) == .send(0..<40))
    return upload
  }

  /// An upload of an earlier run, about which the server has been asked.
  func resumed(at offset: Int64, attempts: Int = 0) -> TusUpload {
    var upload = TusUpload(
      endpoint: Self.endpoint, length: 100, location: Self.upload, acknowledged: offset, attempts: attempts,
      chunk: 40)
    #expect(upload.begin() == .ask)
    return upload
  }

  func reason(_ step: TusUpload.Step) -> DeliveryReason.Code? {
    if case .stop(let reason, _) = step { reason.code } else { nil }
  }

  // MARK: The straight way

  @Test("Create, send chunk after chunk, done with the last acknowledgement")
  func straight() {
    var upload = made()
    #expect(upload.location == Self.upload)
    #expect(upload.answered(TusAnswer(status: 204, offset: 40)) == .send(40..<80))
    #expect(upload.acknowledged == 40)
    #expect(upload.answered(TusAnswer(status: 204, offset: 80)) == .send(80..<100))
    #expect(upload.answered(TusAnswer(status: 204, offset: 100)) == .done)
    #expect(upload.acknowledged == 100)
  }

  @Test("An empty file is done when its upload is made")
  func empty() {
    var upload = TusUpload(endpoint: Self.endpoint, length: 0)
    _ = upload.begin()
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/1")) == .done)
  }

  @Test("A small rendition is done in one round trip where the server takes bytes at creation")
  func carried() {
    var upload = TusUpload(endpoint: Self.endpoint, length: 30, chunk: 40, carriesAtCreation: true)
    #expect(upload.begin() == .create(carrying: 30))
    #expect(upload.answered(TusAnswer(status: 201, offset: 30, location: "/files/1")) == .done)
  }

  @Test("A server that took none or a part of what the creation carried gets the rest")
  func carriedInPart() {
    for offset in [Int64(0), 10] {
      var upload = TusUpload(endpoint: Self.endpoint, length: 30, chunk: 40, carriesAtCreation: true)
      _ = upload.begin()
      #expect(
        upload.answered(TusAnswer(status: 201, offset: offset, location: "/files/1")) == .send(offset..<30))
    }
  }

  @Test("A creation that does not say what it took of the bytes is asked")
  func carriedUnknown() {
    var upload = TusUpload(endpoint: Self.endpoint, length: 30, chunk: 40, carriesAtCreation: true)
    _ = upload.begin()
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/1")) == .ask)
  }

  @Test("What is longer than a chunk is not carried at creation")
  func carriedTooLong() {
    var upload = TusUpload(endpoint: Self.endpoint, length: 41, chunk: 40, carriesAtCreation: true)
    #expect(upload.begin() == .create(carrying: 0))
  }

  @Test("An album that has the content already is believed: nothing is sent", arguments: ["/files/1", nil])
  func known(location: String?) {
    var upload = TusUpload(endpoint: Self.endpoint, length: 100, chunk: 40)
    _ = upload.begin()
    #expect(upload.answered(TusAnswer(status: 201, offset: 100, location: location)) == .done)
  }

  @Test("A creation refused for its body (413, 415, 460) is tried once without", arguments: [413, 415, 460])
  func carriedRefused(status: Int) {
    var upload = TusUpload(endpoint: Self.endpoint, length: 30, chunk: 40, carriesAtCreation: true)
    _ = upload.begin()
    #expect(upload.answered(TusAnswer(status: status)) == .create(carrying: 0))
    #expect(
      reason(upload.answered(TusAnswer(status: status)))?.rawValue == (status == 413 ? "tooLarge" : "refused")
    )
  }

  // MARK: Who answers

  @Test("A success without Tus-Resumable is none: a captive portal answers 200", arguments: [200, 201, 204])
  func portal(status: Int) {
    var creating = TusUpload(endpoint: Self.endpoint, length: 100, chunk: 40)
    _ = creating.begin()
    #expect(
      reason(creating.answered(TusAnswer(status: status, speaksTus: false, location: "/files/1")))
        == .intercepted)
    #expect(creating.location == nil)
    var sending = made()
    #expect(reason(sending.answered(TusAnswer(status: status, speaksTus: false, offset: 40))) == .intercepted)
    #expect(sending.acknowledged == 0)
    #expect(sending.location == Self.upload)
    var asking = resumed(at: 40)
    #expect(reason(asking.answered(TusAnswer(status: status, speaksTus: false, offset: 100))) == .intercepted)
    #expect(asking.acknowledged == 40)
  }

  @Test("A redirect and 511 are a network that wants a sign-in; the reason says where it points")
  func redirect() {
    for status in [301, 302, 303, 307, 308, 511] {
      var upload = made()
      let step = upload.answered(
        TusAnswer(status: status, speaksTus: false, location: "http://portal.example/login"))
      guard case .stop(let reason, _) = step else {
        Issue.record("\(status) gave \(step)")
        continue
      }
      #expect(reason.code == .intercepted)
      #expect(!reason.needsPerson)
      #expect(reason.text.contains("http://portal.example/login"))
    }
  }

  @Test("A 201 without a place, or with one that is no web address, is no success")
  func noLocation() {
    for location in [nil, "ftp://h/x", "https://a:b@album.example/files/1", "file:///etc/passwd"] {
      var upload = TusUpload(endpoint: Self.endpoint, length: 100)
      _ = upload.begin()
      #expect(reason(upload.answered(TusAnswer(status: 201, location: location))) == .intercepted)
    }
  }

  // MARK: Doubt

  @Test("A reset means HEAD first, then go on; a torn chunk's kept bytes are not sent again")
  func torn() {
    var upload = made()
    #expect(upload.failed(reset) == .ask)
    #expect(upload.answered(TusAnswer(status: 200, offset: 25, length: 100)) == .send(25..<65))
    #expect(upload.acknowledged == 25)
  }

  @Test("Progress between two resets earns another immediate HEAD; no progress earns a rest")
  func resets() {
    var upload = made()
    #expect(upload.failed(reset) == .ask)
    #expect(upload.answered(TusAnswer(status: 200, offset: 25)) == .send(25..<65))
    #expect(upload.failed(reset) == .ask)
    #expect(upload.answered(TusAnswer(status: 200, offset: 25)) == .send(25..<65))
    #expect(reason(upload.failed(reset)) == .offline)
    #expect(upload.location == Self.upload, "and the upload is kept")
  }

  @Test("A HEAD that gets no answer rests, and so does a creation")
  func headFails() {
    var asking = resumed(at: 40)
    #expect(reason(asking.failed(CurlError(.cannotConnect, text: "refused"))) == .offline)
    var creating = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = creating.begin()
    #expect(reason(creating.failed(CurlError(.cannotResolve, text: "no such host"))) == .offline)
  }

  @Test(
    "A certificate that is not trusted waits, for a portal may be in the way; what no time mends is parked")
  func failures() {
    var untrusted = resumed(at: 0)
    #expect(reason(untrusted.failed(CurlError(.certificate, text: "self-signed"))) == .certificate)
    var broken = resumed(at: 0)
    #expect(reason(broken.failed(CurlError(.badURL, text: "no URL"))) == .refused)
  }

  @Test(
    "After a restart the server is asked; a lost last acknowledgement is found, and nothing is sent twice")
  func lastAcknowledgementLost() {
    var upload = resumed(at: 80)
    #expect(upload.answered(TusAnswer(status: 200, offset: 100, length: 100)) == .done)
  }

  @Test("A server that has less than it acknowledged is believed when HEAD says so, and only then")
  func serverLostBytes() {
    var upload = made()
    #expect(upload.answered(TusAnswer(status: 204, offset: 40)) == .send(40..<80))
    #expect(upload.answered(TusAnswer(status: 409, offset: 10)) == .ask)
    #expect(upload.acknowledged == 40)
    #expect(upload.answered(TusAnswer(status: 200, offset: 10)) == .send(10..<50))
    #expect(upload.acknowledged == 10)
  }

  @Test("An acknowledgement of nothing, of less, of more than was sent, or without an offset is asked about")
  func strangeAcknowledgements() {
    for offset in [nil, 0, 41, 1000] as [Int64?] {
      var upload = made()
      #expect(upload.answered(TusAnswer(status: 204, offset: offset)) == .ask)
      #expect(upload.acknowledged == 0)
    }
  }

  @Test("An acknowledgement of a part of the chunk goes on from there")
  func partAcknowledged() {
    var upload = made()
    #expect(upload.answered(TusAnswer(status: 204, offset: 17)) == .send(17..<57))
  }

  @Test("A server that claims bytes that were never sent has somebody else's: a new upload, once")
  func beyond() {
    var upload = made()
    #expect(upload.failed(reset) == .ask)
    #expect(upload.answered(TusAnswer(status: 200, offset: 60)) == .create(carrying: 0))
    #expect(upload.location == nil)
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/2")) == .send(0..<40))
    #expect(upload.answered(TusAnswer(status: 204)) == .ask)
    #expect(reason(upload.answered(TusAnswer(status: 200, offset: 60))) == .conflict)
    #expect(upload.location == nil)
  }

  @Test("After a restart nobody knows how much was sent: up to the length is believed, beyond is not")
  func beyondAfterRestart() {
    var upload = resumed(at: 10)
    #expect(upload.answered(TusAnswer(status: 200, offset: 90)) == .send(90..<100))
    var other = resumed(at: 10)
    #expect(other.answered(TusAnswer(status: 200, offset: 101)) == .create(carrying: 0))
  }

  @Test("An upload of another length is not ours: a new one")
  func otherLength() {
    var upload = resumed(at: 10)
    #expect(upload.answered(TusAnswer(status: 200, offset: 10, length: 99)) == .create(carrying: 0))
  }

  @Test("HEAD without an offset settles nothing")
  func headWithoutOffset() {
    var upload = resumed(at: 10)
    #expect(reason(upload.answered(TusAnswer(status: 200))) == .intercepted)
    #expect(upload.acknowledged == 10)
  }

  // MARK: 409, 423, 404, 410

  @Test("409 with the right offset saves the question")
  func conflictWithOffset() {
    var upload = made()
    #expect(upload.answered(TusAnswer(status: 409, offset: 30)) == .send(30..<70))
  }

  @Test("409 with the whole length is done: the last acknowledgement was lost")
  func conflictAtTheEnd() {
    var upload = resumed(at: 80)
    #expect(upload.answered(TusAnswer(status: 200, offset: 80)) == .send(80..<100))
    #expect(upload.answered(TusAnswer(status: 409, offset: 100)) == .done)
  }

  @Test(
    "409 without an offset, with the refused one, from nobody known, or beyond what was sent is asked about")
  func conflictInDoubt() {
    for answer in [
      TusAnswer(status: 409), TusAnswer(status: 409, offset: 0), TusAnswer(status: 409, offset: 41),
      TusAnswer(status: 409, speaksTus: false, offset: 30),
    ] {
      var upload = made()
      #expect(upload.answered(answer) == .ask)
    }
  }

  @Test("A server that does not agree with itself is left alone after three tries without progress")
  func conflictForEver() {
    var upload = made()
    for _ in 1...3 {
      #expect(upload.answered(TusAnswer(status: 409)) == .ask)
      #expect(upload.answered(TusAnswer(status: 200, offset: 0)) == .send(0..<40))
    }
    #expect(reason(upload.answered(TusAnswer(status: 409))) == .conflict)
  }

  @Test("423 waits, as long as it is told to, and then asks")
  func locked() {
    var upload = made()
    guard
      case .stop(let reason, let retryAfter) = upload.answered(
        TusAnswer(status: 423, retryAfter: .seconds(7)))
    else {
      Issue.record("423 went on")
      return
    }
    #expect(reason.code == .locked)
    #expect(reason.scope == .delivery)
    #expect(retryAfter == .seconds(7))
    #expect(upload.begin() == .ask)
    #expect(self.reason(upload.answered(TusAnswer(status: 423))) == .locked)
  }

  @Test("An upload that the server forgot is made anew, once in a run", arguments: [404, 410])
  func forgotten(status: Int) {
    var upload = resumed(at: 40)
    #expect(upload.answered(TusAnswer(status: status)) == .create(carrying: 0))
    #expect(upload.acknowledged == 0)
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/2")) == .send(0..<40))
    #expect(reason(upload.answered(TusAnswer(status: status))) == .forgotten)
    #expect(upload.location == nil, "the next run makes a new one")
  }

  @Test(
    "A 404 that is not tus's own costs nothing at first, and is believed when it stays",
    arguments: [404, 410])
  func forgottenByWhom(status: Int) {
    var upload = resumed(at: 40)
    #expect(reason(upload.answered(TusAnswer(status: status, speaksTus: false))) == .forgotten)
    #expect(upload.location == Self.upload)
    var later = resumed(at: 40, attempts: 3)
    #expect(later.answered(TusAnswer(status: status, speaksTus: false)) == .create(carrying: 0))
  }

  @Test("404 or 410 where uploads are made is an album that is not there", arguments: [404, 410])
  func noAlbum(status: Int) {
    var upload = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = upload.begin()
    let step = upload.answered(TusAnswer(status: status, speaksTus: false))
    #expect(reason(step) == .noSuchAlbum)
  }

  // MARK: Refusals

  @Test("401 and 403 are parked wherever they come", arguments: [401, 403])
  func notAllowed(status: Int) {
    var creating = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = creating.begin()
    #expect(reason(creating.answered(TusAnswer(status: status, speaksTus: false))) == .notAllowed)
    var sending = made()
    #expect(reason(sending.answered(TusAnswer(status: status))) == .notAllowed)
    var asking = resumed(at: 1)
    #expect(reason(asking.answered(TusAnswer(status: status))) == .notAllowed)
    #expect(DeliveryReason(.notAllowed, "").needsPerson)
  }

  @Test("412 is another version of tus, and parked")
  func version() {
    var upload = made()
    #expect(reason(upload.answered(TusAnswer(status: 412, speaksTus: false))) == .refused)
    var creating = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = creating.begin()
    #expect(reason(creating.answered(TusAnswer(status: 412))) == .refused)
  }

  @Test("413 to a large chunk makes chunks smaller, asking first; to a small one the file is too large")
  func tooLarge() {
    var upload = TusUpload(endpoint: Self.endpoint, length: 4 << 20)
    _ = upload.begin()
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/1")) == .send(0..<4 << 20))
    #expect(upload.answered(TusAnswer(status: 413, speaksTus: false)) == .ask)
    #expect(upload.answered(TusAnswer(status: 200, offset: 0)) == .send(0..<2 << 20))
    #expect(upload.answered(TusAnswer(status: 413, speaksTus: false)) == .ask)
    #expect(upload.answered(TusAnswer(status: 200, offset: 0)) == .send(0..<1 << 20))
    upload.chunk = 256 << 10
    _ = upload.answered(TusAnswer(status: 204, offset: 10))
    #expect(reason(upload.answered(TusAnswer(status: 413, speaksTus: false))) == .tooLarge)
    var creating = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = creating.begin()
    #expect(reason(creating.answered(TusAnswer(status: 413))) == .tooLarge)
  }

  @Test("415 and other refusals of a tus server are parked; the same from a stranger waits")
  func refused() {
    var upload = made()
    #expect(reason(upload.answered(TusAnswer(status: 415, speaksTus: false))) == .refused)
    var other = made()
    #expect(reason(other.answered(TusAnswer(status: 400))) == .refused)
    var stranger = made()
    #expect(reason(stranger.answered(TusAnswer(status: 400, speaksTus: false))) == .intercepted)
    for status in [400, 405, 422, 501] {
      var creating = TusUpload(endpoint: Self.endpoint, length: 100)
      _ = creating.begin()
      #expect(reason(creating.answered(TusAnswer(status: status, speaksTus: false))) == .refused)
    }
  }

  @Test("460 sends that very chunk again, three times, and then everything anew, once")
  func corrupted() {
    var upload = made()
    #expect(upload.answered(TusAnswer(status: 204, offset: 40)) == .send(40..<80))
    upload.chunk = 7
    for _ in 1...3 { #expect(upload.answered(TusAnswer(status: 460)) == .send(40..<80)) }
    #expect(upload.acknowledged == 40)
    #expect(upload.answered(TusAnswer(status: 460)) == .create(carrying: 0))
  }

  @Test("429 and 503 obey Retry-After and hold the whole destination", arguments: [408, 425, 429, 503])
  func busy(status: Int) {
    var upload = made()
    guard
      case .stop(let reason, let retryAfter) = upload.answered(
        TusAnswer(status: status, speaksTus: false, retryAfter: .seconds(30)))
    else {
      Issue.record("\(status) went on")
      return
    }
    #expect(reason.code == .busy)
    #expect(reason.scope == .destination)
    #expect(!reason.needsPerson)
    #expect(retryAfter == .seconds(30))
    #expect(upload.begin() == .ask)
  }

  @Test("507 waits and says that the disk is full; other 5xx wait as well, and then HEAD comes first")
  func serverFailures() {
    var full = made()
    let step = full.answered(TusAnswer(status: 507))
    #expect(reason(step) == .noRoom)
    for status in [500, 502, 504, 520] {
      var upload = made()
      #expect(reason(upload.answered(TusAnswer(status: status, speaksTus: false))) == .failing)
      #expect(upload.begin() == .ask)
    }
  }

  @Test("Whatever the answers are, a run ends", arguments: 0..<200)
  func ends(seed: Int) {
    var generator = SplitMix(seed: UInt64(seed))
    var upload = TusUpload(
      endpoint: Self.endpoint, length: 100, chunk: 10, carriesAtCreation: seed.isMultiple(of: 2))
    var step = upload.begin()
    let statuses = [200, 201, 204, 404, 409, 410, 413, 415, 423, 460, 500, 302, 400]
    for _ in 0..<1000 {
      switch step {
      case .done:
        #expect(upload.acknowledged == 100)
        return
      case .stop: return
      case .send(let range):
        #expect(range.lowerBound == upload.acknowledged)
        #expect(range.upperBound <= 100)
      case .ask: #expect(upload.location != nil)
      case .create: #expect(upload.acknowledged == 0)
      }
      if Int.random(in: 0..<5, using: &generator) == 0 {
        step = upload.failed(reset)
      } else {
        step = upload.answered(
          TusAnswer(
            status: statuses.randomElement(using: &generator) ?? 200, speaksTus: true,
            offset: Bool.random(using: &generator) ? Int64.random(in: 0...120, using: &generator) : nil,
            location: "/files/9"))
      }
    }
    Issue.record("1000 steps, and no end")
  }
}
