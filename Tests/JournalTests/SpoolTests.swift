import Foundation
import Model
import Synchronization
import SystemPackage
import Testing

@testable import Journal

@Suite("The spool")
struct SpoolTests {
  @Test(
    "A file of the spool is known by the name that its object had at the source",
    arguments: [
      ("IMG_0001.JPG", true), ("IMG_0001-2.JPG", true), ("IMG_0001-17.JPG", true), ("IMG_0001-1.JPG", false),
      ("IMG_0001-x.JPG", false), ("IMG_0001.NEF", false), ("IMG_0001-2.NEF", false), ("IMG_00012.JPG", false),
    ])
  func names(name: String, isIt: Bool) {
    #expect(Spool.isName(name, of: "IMG_0001.JPG") == isIt)
    #expect(Spool.isName("a_b", of: "a/b"))
  }

  @Test(
    "A hostile file name becomes a harmless one",
    arguments: [
      ("IMG_0001.JPG", "IMG_0001.JPG"),
      ("../../evil.JPG", "_.._evil.JPG"),
      ("/etc/passwd", "_etc_passwd"),
      ("a\u{0}b\u{1b}[31m.JPG", "a_b_[31m.JPG"),
      (".hidden", "hidden"),
      ("-rf.JPG", "rf.JPG"),
      ("照片 1.JPG", "照片 1.JPG"),
      ("a\u{202e}GPJ.exe", "a_GPJ.exe"),
      ("...", "frame"),
      ("", "frame"),
      ("x.part", "x.part_"),
    ])
  func harmless(name: String, expected: String) {
    #expect(Spool.harmless(name) == expected)
  }

  @Test("A name of any length keeps its ending and stays under 150 bytes")
  func long() {
    let name = Spool.harmless(String(repeating: "照", count: 300) + ".JPG")
    #expect(name.utf8.count <= 150)
    #expect(name.hasSuffix(".JPG"))
  }

  @Test("The same name twice gets two places, also while both are still being written")
  func collisions() throws {
    let temporary = try TemporaryJournal()
    let spool = Spool(root: temporary.spool)
    let first = try spool.reserve("IMG_0001.JPG", day: "2026-11-23")
    let second = try spool.reserve("IMG_0001.JPG", day: "2026-11-23")
    #expect(first.lastComponent?.string == "IMG_0001.JPG")
    #expect(second.lastComponent?.string == "IMG_0001-2.JPG")
    try Spool.publish(first)
    #expect(try spool.reserve("IMG_0001.JPG", day: "2026-11-23").lastComponent?.string == "IMG_0001-3.JPG")
  }

  @Test("Files of one name that several cameras bring at the same time never get the same place")
  func simultaneousReservations() throws {
    let temporary = try TemporaryJournal()
    let spool = Spool(root: temporary.spool)
    let places = Mutex<[FilePath]>([])
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      do {
        for _ in 1...60 {
          let path = try spool.reserve("IMG_0001.JPG", day: "2026-11-23")
          // As `publish` does it, but for the syncing, which takes long and changes nothing here.
          guard rename(Spool.partPath(for: path).string, path.string) == 0 else {
            throw Errno(rawValue: errno)
          }
          places.withLock { $0.append(path) }
        }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock { $0 } == [])
    let all = places.withLock { $0 }
    #expect(Set(all).count == all.count, "one original was renamed over another")
  }

  @Test("Equal renditions of several frames are stored at the same time, whole, and leave nothing unfinished")
  func equalRenditions() throws {
    let temporary = try TemporaryJournal()
    let spool = Spool(root: temporary.spool)
    let bytes = [UInt8](repeating: 7, count: 300_000)
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 64) { _ in
      do {
        _ = try spool.store(rendition: bytes, hash: ContentHash(of: bytes), extension: "jpg")
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    #expect(failures.withLock(\.self) == [])
    let files = FileManager.default.enumerator(atPath: spool.renditions.string)?.allObjects as? [String]
    let named = try #require(files?.filter { $0.contains(".") })
    #expect(named.map { $0.hasSuffix(".jpg") } == [true])
    let stored = FileManager.default.contents(atPath: spool.renditions.appending(named[0]).string)
    #expect(stored == Data(bytes))
  }

  @Test("A rendition that a killed process left unfinished is removed")
  func unfinishedRendition() async throws {
    let temporary = try TemporaryJournal()
    let journal = try await temporary.open()
    let part = Spool.partPath(for: journal.spool.renditions.appending("left"))
    try FileManager.default.createDirectory(
      atPath: journal.spool.renditions.string, withIntermediateDirectories: true)
    #expect(FileManager.default.createFile(atPath: part.string, contents: Data("half".utf8)))
    _ = try await journal.reconcile(session: nil, albums: [])
    #expect(!FileManager.default.fileExists(atPath: part.string))
  }
}
