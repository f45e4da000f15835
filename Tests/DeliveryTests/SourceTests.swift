import Foundation
import Testing

@testable import Curl
@testable import Delivery

@Suite("The files that are sent") struct SourceTests {
  @Test(
    "A file that cannot be opened needs a person, but not where this machine has run out of something",
    arguments: [
      (ENOENT, DeliveryReason.Code.fileMissing), (EACCES, .fileUnreadable), (EIO, .fileUnreadable),
      (EMFILE, .exhausted), (ENFILE, .exhausted), (ENOMEM, .exhausted),
    ])
  func unopened(errno: Int32, code: DeliveryReason.Code) {
    let reason = DeliveryReason(ReadableFile.OpenError(path: "/photos/IMG_1.JPG", errno: errno))
    #expect(reason.code == code)
    #expect(reason.needsPerson == (code != .exhausted))
    #expect(reason.text.contains("IMG_1.JPG"))
  }
}
