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
  func resumed(at offset: Int64) -> TusUpload {
    var upload = TusUpload(
      endpoint: Self.endpoint, length: 100, location: Self.upload, acknowledged: offset, chunk: 40)
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
      #expect(reason.code == .loginPage)
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
}
