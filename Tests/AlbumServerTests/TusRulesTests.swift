import Crypto
import Foundation
import HTTPTypes
import Model
import Testing

@testable import AlbumServer

/// tus 1.0 without a socket.
@Suite struct TusRulesTests {
  private func refusal(_ body: () throws(TusRefusal) -> some Any) -> TusRefusal? {
    do {
      _ = try body()
      return nil
    } catch {
      return error
    }
  }

  private func creation(_ headers: HTTPFields) throws(TusRefusal) -> Tus.Creation {
    var headers = headers
    headers[.tusResumable] = "1.0.0"
    return try Tus.creation(headers, maxSize: 1000)
  }

  private func chunk(_ headers: HTTPFields) throws(TusRefusal) -> Tus.Chunk {
    var all: HTTPFields = [.tusResumable: "1.0.0", .contentType: Tus.contentType]
    for field in headers { all[field.name] = field.value }
    return try Tus.chunk(all, offset: 10, length: 100)
  }

  @Test("A request without Tus-Resumable, or with another version, is 412 and hears ours")
  func version() {
    #expect(refusal { () throws(TusRefusal) in try Tus.requireVersion([:]) }?.status == .preconditionFailed)
    let other = refusal { () throws(TusRefusal) in try Tus.requireVersion([.tusResumable: "0.2.2"]) }
    #expect(other?.status == .preconditionFailed)
    #expect(other?.headers[.tusVersion] == "1.0.0")
  }

  @Test("The version is judged before anything else of a PATCH")
  func versionFirst() {
    let refused = refusal { () throws(TusRefusal) in
      try Tus.chunk([.contentType: "text/plain"], offset: 0, length: 1)
    }
    #expect(refused?.status == .preconditionFailed)
  }

  @Test("A PATCH of another content type is 415")
  func contentType() {
    let refused = refusal { () throws(TusRefusal) in
      try chunk([.contentType: "text/plain", .uploadOffset: "10"])
    }
    #expect(refused?.status == .unsupportedMediaType)
  }

  @Test("A wrong offset is 409 and hears the right one", arguments: ["0", "9", "11", "100"])
  func offset(given: String) {
    let refused = refusal { () throws(TusRefusal) in try chunk([.uploadOffset: given]) }
    #expect(refused?.status == .conflict)
    #expect(refused?.headers[.uploadOffset] == "10")
  }

  @Test("An offset that is no number is 400", arguments: ["", "-1", "ten", "+10", "1e1"])
  func badOffset(given: String) {
    #expect(refusal { () throws(TusRefusal) in try chunk([.uploadOffset: given]) }?.status == .badRequest)
  }

  @Test("A PATCH that goes beyond the upload's length is 413 before a byte is read")
  func beyond() throws {
    let refused = refusal { () throws(TusRefusal) in try chunk([.uploadOffset: "10", .contentLength: "91"]) }
    #expect(refused?.status == .contentTooLarge)
    #expect(try chunk([.uploadOffset: "10", .contentLength: "90"]).bodyLength == 90)
  }

  @Test("A creation needs a length, and not a deferred one")
  func length() throws {
    #expect(refusal { () throws(TusRefusal) in try creation([:]) }?.status == .badRequest)
    #expect(refusal { () throws(TusRefusal) in try creation([.uploadLength: "0"]) }?.status == .badRequest)
    #expect(
      refusal { () throws(TusRefusal) in try creation([.uploadDeferLength: "1"]) }?.status == .badRequest)
    #expect(try creation([.uploadLength: "1000"]).length == 1000)
  }

  @Test("A file that is too large is 413 and hears the limit")
  func tooLarge() {
    let refused = refusal { () throws(TusRefusal) in try creation([.uploadLength: "1001"]) }
    #expect(refused?.status == .contentTooLarge)
    #expect(refused?.headers[.tusMaxSize] == "1000")
  }

  @Test("A rendition says of which frame it is")
  func renditionNeedsFrame() throws {
    let without = UploadMetadata(kind: .preview)
    let refused = refusal { () throws(TusRefusal) in
      try creation([.uploadLength: "5", .uploadMetadata: without.header])
    }
    #expect(refused?.status == .badRequest)
    let with = UploadMetadata(kind: .preview, frame: ContentHash(of: Data([1])))
    #expect(try creation([.uploadLength: "5", .uploadMetadata: with.header]).metadata == with)
  }

  @Test("First bytes come with a creation only as tus's content type")
  func creationWithUpload() throws {
    let headers: HTTPFields = [.uploadLength: "5", .contentType: Tus.contentType, .contentLength: "3"]
    #expect(try creation(headers).hasBody)
    #expect(try !creation([.uploadLength: "5", .contentLength: "0"]).hasBody)
    let refused = refusal { () throws(TusRefusal) in
      try creation([.uploadLength: "5", .contentType: "application/json", .contentLength: "3"])
    }
    #expect(refused?.status == .unsupportedMediaType)
  }

  @Test("Checksums are sha1 and sha256 in base64, anything else is 400")
  func checksums() throws {
    let digest = Data(SHA256.hash(data: Data("abc".utf8)))
    let checksum = try #require(TusChecksum(header: "sha256 \(digest.base64EncodedString())"))
    var running = checksum.running
    Array("abc".utf8).withUnsafeBytes { running.update($0) }
    #expect(running.digest == checksum.digest)
    #expect(
      TusChecksum(header: "sha1 \(Data(Insecure.SHA1.hash(data: Data())).base64EncodedString())") != nil)
    for bad in ["md5 AAAA", "sha256", "sha256 !", ""] { #expect(TusChecksum(header: bad) == nil) }
    let refused = refusal { () throws(TusRefusal) in
      try chunk([.uploadOffset: "10", .uploadChecksum: "md5 AAAA"])
    }
    #expect(refused?.status == .badRequest)
    #expect(refused?.headers[.tusChecksumAlgorithm] == "sha1,sha256")
  }

  @Test("A POST can stand for PATCH or DELETE, and nothing else can")
  func methodOverride() {
    #expect(Tus.method(.post, override: "PATCH") == .patch)
    #expect(Tus.method(.post, override: "delete") == .delete)
    #expect(Tus.method(.post, override: "GET") == .post)
    #expect(Tus.method(.get, override: "DELETE") == .get)
    #expect(Tus.method(.post, override: nil) == .post)
  }

  @Test("Dates are written as HTTP writes them")
  func dates() {
    #expect(Tus.date(Date(timeIntervalSince1970: 784_111_777)) == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test("The newest request has its turn when those before it were cut off and have left")
  func turns() async throws {
    let turns = UploadTurns()
    let id = UploadID()
    let (cuts, cut) = AsyncStream.makeStream(of: Void.self)
    let (holds, hold) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup(of: String.self) { group in
      group.addTask {
        await turns.take(id, cutOff: { cut.finish() }) {
          hold.finish()
          // A half-open body: nothing comes until the connection is cut.
          for await _ in cuts {}
          return "older"
        }
      }
      for await _ in holds {}
      group.addTask { await turns.take(id) { "newer" } }
      var order: [String] = []
      for try await name in group { order.append(name) }
      #expect(Set(order) == ["older", "newer"])
    }
    #expect(await turns.count == 0)
  }
}
