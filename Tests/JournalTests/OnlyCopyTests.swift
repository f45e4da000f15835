import Foundation
import Model
import SystemPackage
import Testing

@testable import Journal

@Suite("The only copy of a frame")
struct OnlyCopyTests {
  let temporary: TemporaryJournal
  let journal: Journal

  init() async throws {
    temporary = try TemporaryJournal()
    journal = try await temporary.open()
  }

  private func record(_ original: Original) async throws -> Frame {
    try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: ["Party"]
    ).frame
  }

  private func exists(_ path: FilePath) -> Bool { FileManager.default.fileExists(atPath: path.string) }

  @Test("A camera's copy is kept where the journal only knew a person's own file")
  func inPlaceThenCamera() async throws {
    let mine = temporary.folder.appending("mine.JPG")
    try Data("one".utf8).write(to: URL(fileURLWithPath: mine.string))
    let inPlace = Original(
      hash: ContentHash(of: Data("one".utf8)), name: "mine.JPG", mediaType: "image/jpeg", bytes: 3,
      path: mine,
      isInPlace: true, modifiedNanoseconds: 1)
    _ = try await record(inPlace)
    let spooled = try temporary.spooled("IMG.JPG", "one", in: journal)
    let frame = try await record(spooled)
    #expect(frame.original.path == spooled.path)
    #expect(exists(spooled.path))
    try FileManager.default.removeItem(atPath: mine.string)
    #expect(try await journal.frame(withOriginal: frame.hash)?.original.path == spooled.path)
  }

  @Test("A person's own file that has only a new modification time is sent as it is now")
  func touched() async throws {
    let mine = temporary.folder.appending("mine.JPG")
    try Data("one".utf8).write(to: URL(fileURLWithPath: mine.string))
    for time: Int64 in [1, 2] {
      let original = Original(
        hash: ContentHash(of: Data("one".utf8)), name: "mine.JPG", mediaType: "image/jpeg", bytes: 3,
        path: mine,
        isInPlace: true, modifiedNanoseconds: time)
      let frame = try await record(original)
      #expect(try await journal.frame(withOriginal: frame.hash)?.original.modifiedNanoseconds == time)
    }
  }

  @Test("A frame that is fetched again after its file was removed by hand has its file again")
  func removedThenAgain() async throws {
    let first = try temporary.spooled("IMG.JPG", "one", in: journal)
    _ = try await record(first)
    try FileManager.default.removeItem(atPath: first.path.string)
    let again = try temporary.spooled("OTHER.JPG", "one", in: journal)
    #expect(try await record(again).original.path == again.path)
    #expect(exists(again.path))
  }

  @Test("A name that somebody freed by removing its file can be taken by another frame")
  func freedName() async throws {
    let first = try temporary.spooled("IMG.JPG", "one", in: journal)
    let lost = try await record(first)
    try FileManager.default.removeItem(atPath: first.path.string)
    let second = try temporary.spooled("IMG.JPG", "two", in: journal)
    #expect(second.path == first.path)
    let frame = try await record(second)
    #expect(frame.id != lost.id)
    #expect(exists(second.path))
    #expect(try await journal.frame(withOriginal: lost.hash)?.original.path != second.path)
  }
}
