import Foundation
import Journal
import Model
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import Ingest

@Suite("Files and folders as a source")
struct FileSourceTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.filePath }

  init() throws { temporary = try TemporaryFolder() }

  private func write(_ name: String, _ text: String) throws {
    let path = folder.appending("in").pushing(FilePath(name))
    try FileManager.default.createDirectory(
      atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path.string))
  }

  private func scan(_ paths: String...) -> FileScan { FileScan(of: paths, from: folder.appending("in")) }

  private func take(_ scan: FileScan, _ journal: Journal, albums: [String]) async throws -> [(Frame, Bool)] {
    let outcomes = Mutex<[(Frame, Bool)]>([])
    try await FileSource(journal: journal, albums: albums).take(scan.files) { outcome in
      switch outcome {
      case .safe(let frame, _, let isNew): outcomes.withLock { $0.append((frame, isNew)) }
      case .known(let originals): outcomes.withLock { $0 += originals.map { ($0.frame, false) } }
      case .failed: return
      }
    }
    return outcomes.withLock { $0 }
  }

  @Test("An empty file is refused where it is named, and only named where it is in a folder")
  func empty() throws {
    try write("b/1.JPG", "1")
    try write("b/empty.JPG", "")
    let folder = scan("b")
    #expect(folder.files.count == 1 && folder.refused.isEmpty)
    #expect(folder.empty.map { $0.lastComponent?.string } == ["empty.JPG"])
    #expect(scan("b/empty.JPG").refused.map(\.reason) == [.empty])
  }

  @Test(
    "Folders are walked in order of names; what is no picture is passed over inside and refused when given")
  func scanning() throws {
    try write("b/2.JPG", "2")
    try write("b/1.JPG", "1")
    try write("b/notes.txt", "n")
    try write("b/.hidden.JPG", "h")
    try write("b/照片.NEF", "r")
    try write("a.txt", "a")
    try write("empty.JPG", "")
    let scan = scan("b", "a.txt", "empty.JPG", "gone.JPG", "b/1.JPG")
    #expect(scan.files.map { $0.path.lastComponent?.string } == ["1.JPG", "2.JPG", "照片.NEF"])
    #expect(scan.passedOver == 1)
    #expect(scan.refused.map(\.reason) == [.noPicture, .empty, .missing])
  }

  @Test("A folder that links to itself ends")
  func loop() throws {
    try write("b/1.JPG", "1")
    try FileManager.default.createSymbolicLink(
      atPath: folder.appending("in/b/again").string, withDestinationPath: "..")
    #expect(scan("b").files.count == 1)
  }

  @Test("A RAW and the picture beside it are one frame, known by the picture, though the RAW is read sooner")
  func pair() async throws {
    let picture = String(repeating: "a picture that takes longer to read", count: 1_000_000)
    try write("DSC_1.JPG", picture)
    try write("DSC_1.NEF", "raw")
    let journal = try await Journal.open(
      at: folder.appending("journal.sqlite"), spool: folder.appending("spool"))
    let taken = try await take(scan("DSC_1.NEF", "DSC_1.JPG"), journal, albums: ["One"])
    #expect(taken.map(\.0.hash) == Array(repeating: ContentHash(of: Data(picture.utf8)), count: 2))
  }

  @Test("A second run takes nothing again, and adds what another album lacks")
  func secondRun() async throws {
    try write("1.JPG", "1")
    try write("2.JPG", "2")
    try write("copy of 1.JPG", "1")
    let journal = try await Journal.open(
      at: folder.appending("journal.sqlite"), spool: folder.appending("spool"))
    let first = try await take(scan("."), journal, albums: ["One"])
    #expect(first.count == 3)
    #expect(first.filter(\.1).count == 2, "the copy is the same frame")
    let second = try await take(scan("."), journal, albums: ["One", "tus+http://h/f"])
    #expect(second.filter(\.1).isEmpty)
    #expect(Set(second.map(\.0.hash)).count == 2)
    #expect(try await journal.backlogs().map(\.waiting) == [2, 2])
    #expect(try await journal.frameCounts().safe == 2)
  }

  @Test("A file that was changed since is another frame")
  func changed() async throws {
    try write("1.JPG", "1")
    let journal = try await Journal.open(
      at: folder.appending("journal.sqlite"), spool: folder.appending("spool"))
    _ = try await take(scan("."), journal, albums: [])
    try write("1.JPG", "one")
    let again = try await take(scan("."), journal, albums: [])
    #expect(again.map(\.1) == [true])
  }
}
