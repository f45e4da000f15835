import Curl
import Foundation
import Model
import Testing

@testable import Delivery

extension TusUploadTests {
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
    #expect(upload.answered(TusAnswer(status: 201, location: "/files/2")) == .send(0..<40))
    #expect(upload.location?.path == "/files/2")
    #expect(upload.acknowledged == 0)
    #expect(reason(upload.answered(TusAnswer(status: status))) == .forgotten)
  }

  @Test("An upload that was forgotten keeps its address and its bytes until the new one is made")
  func keptUntilReplaced() {
    for refusal in [
      TusAnswer(status: 404, speaksTus: false), TusAnswer(status: 503), TusAnswer(status: 201),
    ] {
      var upload = resumed(at: 40)
      #expect(upload.answered(TusAnswer(status: 404)) == .create(carrying: 0))
      #expect(reason(upload.answered(refusal)) != nil)
      #expect(upload.location == Self.upload)
      #expect(upload.acknowledged == 40)
      #expect(upload.begin() == .ask)
      #expect(upload.answered(TusAnswer(status: 200, offset: 40, length: 100)) == .send(40..<80))
    }
  }

  @Test("A 404 that is not tus's own costs nothing, whoever it is that answers", arguments: [404, 410])
  func notFoundByAStranger(status: Int) {
    let stranger = TusAnswer(status: status, speaksTus: false)
    for var upload in [made(), resumed(at: 40)] {
      #expect(upload.answered(stranger) == .identify)
      #expect(!upload.isInTouch)
      #expect(reason(upload.answered(stranger)) == .intercepted)
      #expect(upload.location == Self.upload)
    }
    var back = resumed(at: 40)
    #expect(back.answered(stranger) == .identify)
    #expect(back.answered(TusAnswer(status: 204, isIntroduction: true)) == .ask)
    #expect(back.answered(TusAnswer(status: 200, offset: 80, length: 100)) == .send(80..<100))
  }

  @Test("A tus server that leaves its header out of a 404 is believed when it says it twice")
  func notFoundTwice() {
    let stranger = TusAnswer(status: 404, speaksTus: false)
    var upload = resumed(at: 40)
    #expect(upload.answered(stranger) == .identify)
    #expect(upload.answered(TusAnswer(status: 204, isIntroduction: true)) == .ask)
    #expect(upload.answered(stranger) == .create(carrying: 0))
  }

  @Test("A proxy that knows one method only does not keep an upload going for ever")
  func notFoundForOneMethod() {
    var upload = made()
    for _ in 1...3 {
      #expect(upload.answered(TusAnswer(status: 404, speaksTus: false)) == .identify)
      #expect(upload.answered(TusAnswer(status: 204, isIntroduction: true)) == .ask)
      #expect(upload.answered(TusAnswer(status: 200, offset: 0)) == .send(0..<40))
    }
    #expect(reason(upload.answered(TusAnswer(status: 404, speaksTus: false))) == .intercepted)
    #expect(upload.location == Self.upload)
  }

  @Test("404 or 410 where uploads are made is an album that is not there", arguments: [404, 410])
  func noAlbum(status: Int) {
    var upload = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = upload.begin()
    #expect(reason(upload.answered(TusAnswer(status: status))) == .noSuchAlbum)
  }

  @Test(
    "A sign-in page that refuses everything parks nothing, wherever it comes in between",
    arguments: [400, 401, 403, 404, 405, 410, 418, 451])
  func signInPage(status: Int) {
    let answer = TusAnswer(status: status, speaksTus: false)
    var creating = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = creating.begin()
    #expect(reason(creating.answered(answer)) == .intercepted)
    for var upload in [made(), resumed(at: 40)] {
      var step = upload.answered(answer)
      if step == .identify { step = upload.answered(answer) }
      #expect(reason(step) == .intercepted)
      #expect(upload.location == Self.upload)
    }
    #expect(!DeliveryReason(.intercepted, "").needsPerson)
  }

  // MARK: Refusals

  @Test("401 and 403 of a tus server are parked wherever they come", arguments: [401, 403])
  func notAllowed(status: Int) {
    var creating = TusUpload(endpoint: Self.endpoint, length: 100)
    _ = creating.begin()
    #expect(reason(creating.answered(TusAnswer(status: status))) == .notAllowed)
    var sending = made()
    #expect(reason(sending.answered(TusAnswer(status: status))) == .notAllowed)
    var asking = resumed(at: 1)
    #expect(reason(asking.answered(TusAnswer(status: status))) == .notAllowed)
    #expect(DeliveryReason(.notAllowed, "").needsPerson)
  }

  @Test("A refusal by another server than the one that the token is for says so")
  func notAllowedElsewhere() {
    var upload = TusUpload(endpoint: Self.endpoint, length: 100, chunk: 40)
    _ = upload.begin()
    #expect(upload.answered(TusAnswer(status: 201, location: "https://store.example/1")) == .send(0..<40))
    guard case .stop(let reason, _) = upload.answered(TusAnswer(status: 401)) else {
      Issue.record("401 went on")
      return
    }
    #expect(reason.code == .notAllowed)
    #expect(reason.text.contains("another server"))
    // Where it is to be replaced, the creation's server is meant, which gets the token.
    var forgotten = TusUpload(
      endpoint: Self.endpoint, length: 100, location: URL(string: "https://store.example/1"))
    _ = forgotten.begin()
    #expect(forgotten.answered(TusAnswer(status: 404)) == .create(carrying: 0))
    guard case .stop(let creation, _) = forgotten.answered(TusAnswer(status: 401)) else {
      Issue.record("401 went on")
      return
    }
    #expect(creation.text.contains("token is not accepted"))
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
      #expect(reason(creating.answered(TusAnswer(status: status))) == .refused)
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
      case .create, .identify: break
      }
      if Int.random(in: 0..<5, using: &generator) == 0 {
        step = upload.failed(reset)
      } else {
        step = upload.answered(
          TusAnswer(
            status: statuses.randomElement(using: &generator) ?? 200,
            speaksTus: Int.random(in: 0..<9, using: &generator) > 0,
            isIntroduction: Bool.random(using: &generator),
            offset: Bool.random(using: &generator) ? Int64.random(in: 0...120, using: &generator) : nil,
            location: "/files/9"))
      }
    }
    Issue.record("1000 steps, and no end")
  }
}
