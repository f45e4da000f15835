import Foundation
import Journal
import Logging
import Model
import Pictures
import Synchronization
import SystemPackage
import TestServers
import Testing

@testable import Renditions

@Suite("Between safe and published")
struct PublishingTests {
  private let temporary: TemporaryFolder
  private var folder: FilePath { temporary.filePath }

  init() throws { temporary = try TemporaryFolder() }

  private func journal() async throws -> Journal {
    try await Journal.open(at: folder.appending("journal.sqlite"), spool: folder.appending("spool"))
  }

  private func record(
    _ name: String, _ bytes: [UInt8], in journal: Journal, albums: [String] = ["Party"]
  ) async throws -> Frame {
    let path = try journal.spool.reserve(name, day: "2026-11-23")
    try Data(bytes).write(to: URL(fileURLWithPath: Spool.partPath(for: path).string))
    try Spool.publish(path)
    let original = Original(
      hash: ContentHash(of: bytes), name: name, mediaType: MediaType.forFile(named: name),
      bytes: Int64(bytes.count), path: path, isInPlace: false)
    return try await journal.recordSafe(
      SafeOriginal(original: original, source: "7"), session: nil, albums: albums
    ).frame
  }

  private func picture(_ colour: String, width: Int = 900, exif: [String: String] = [:]) throws -> [UInt8] {
    try SceneEncoder.jpeg(
      svg: """
        <svg xmlns="http://www.w3.org/2000/svg" width="900" height="600"><rect width="900" height="600" \
        fill="\(colour)"/></svg>
        """, width: width, height: width * 2 / 3, quality: 80, grain: 0, exif: exif)
  }

  private final class Notices: Sendable {
    private let list = Mutex<[String]>([])
    func add(_ notice: PublishingNotice) { list.withLock { $0.append(notice.code) } }
    var codes: [String] { list.withLock(\.self) }
  }

  /// Begins a run and lets it prepare what there is to prepare.
  private func prepareAll(
    _ journal: Journal, _ publishing: Publishing, notices: Notices = Notices()
  ) async throws {
    let stage = RenditionStage(journal: journal, publishing: publishing, logger: Logger(label: "test")) {
      notices.add($1)
    }
    try await stage.prepare()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await stage.run() }
      group.addTask {
        for await _ in journal.ticks() where try await journal.preparations(limit: 1).isEmpty { return }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  /// A retouching program: a script that counts its runs, with the two files as $1 and $2.
  private func retouch(
    _ script: String, limit: Duration = .seconds(60), isRequired: Bool = false,
    replacesOriginal: Bool = false
  ) -> Publishing.Retouch {
    Publishing.Retouch(
      arguments: [
        "sh", "-c", "cd '\(folder.string)'; echo x >> runs; \(script)", "sh", "{input}", "{output}",
      ],
      timeLimit: limit, isRequired: isRequired, replacesOriginal: replacesOriginal)
  }

  private var runs: Int {
    (try? String(contentsOfFile: folder.appending("runs").string, encoding: .utf8))?.split(separator: "\n")
      .count
      ?? 0
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: folder.appending(name).string))
  }

  private func due(_ journal: Journal, _ kind: AssetKind, album: String = "Party") async throws -> Delivery? {
    try await journal.dueDeliveries(to: album, kinds: [kind], limit: 9).first
  }

  @Test(
    "Renditions come from the retouched picture; the original goes as it is, whatever the program does to its input"
  )
  func retouched() async throws {
    let journal = try await journal()
    let frame = try await record(
      "IMG_1.JPG", try picture("red", exif: ["exif-ifd0-Model": "X9"]), in: journal)
    try write("better.jpg", try picture("blue", width: 600))
    try await prepareAll(
      journal, Publishing(retouch: retouch("cp better.jpg \"$2\" && echo broken > \"$1\"")))
    let preview = try #require(try await due(journal, .preview))
    #expect(preview.facts?.width == 600 && preview.facts?.camera == "X9")
    let original = try #require(try await due(journal, .original))
    #expect(original.hash == frame.hash && original.frame == frame.hash)
    #expect(try await Journal.hashing(original.path).hash == frame.hash)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: journal.spool.root.appending("work").string) == [])
  }

  @Test("A retouched picture that is published as the original keeps the frame's identity")
  func replacing() async throws {
    let journal = try await journal()
    let frame = try await record(
      "IMG_1.NEF", try picture("red"), in: journal, albums: ["Party", "tus+http://x/f"])
    let better = try picture("blue")
    try write("better.jpg", better)
    let publishing = Publishing(retouch: retouch("cp better.jpg \"$2\"", replacesOriginal: true))
    // What is to be prepared does not go before, not even where no rendition is taken.
    try await RenditionStage(journal: journal, publishing: publishing, logger: Logger(label: "test"))
      .prepare()
    #expect(try await due(journal, .original, album: "tus+http://x/f") == nil)
    try await prepareAll(journal, publishing)
    for album in ["Party", "tus+http://x/f"] {
      let original = try #require(try await due(journal, .original, album: album))
      #expect(original.frame == frame.hash && original.hash == ContentHash(of: better))
      #expect(original.bytes == Int64(better.count) && original.mediaType == "image/jpeg")
      #expect(original.name == "IMG_1.jpg" && !original.isInPlace)
      #expect(try await Journal.hashing(original.path).hash == original.hash)
    }
    #expect(try await Journal.hashing(frame.original.path).hash == frame.hash)
    // Another album later gets the same, and the program is not run again.
    _ = try await journal.recordSafe(
      SafeOriginal(original: frame.original, source: "7"), session: nil, albums: ["Later"])
    try await prepareAll(journal, publishing)
    #expect(try await due(journal, .original, album: "Later")?.hash == ContentHash(of: better))
    #expect(runs == 1)
  }

  @Test(
    "A program that fails, hangs, or makes nothing that can be shown: the frame goes as it was taken, and it is said",
    arguments: [
      "exit 1", "sleep 1000", "true", "echo nothing > \"$2\"", ": > \"$2\"", "head -c 9000 \"$1\" > \"$2\"",
    ])
  func failing(script: String) async throws {
    let journal = try await journal()
    let frame = try await record("IMG_1.JPG", try picture("red"), in: journal)
    let notices = Notices()
    let limit: Duration = script.hasPrefix("sleep") ? .seconds(2) : .seconds(60)
    try await prepareAll(
      journal, Publishing(retouch: retouch(script, limit: limit, replacesOriginal: true)), notices: notices)
    #expect(try await due(journal, .preview)?.facts?.width == 900)
    #expect(try await due(journal, .original)?.hash == frame.hash)
    #expect(notices.codes == ["frame.not_retouched"])
    try await prepareAll(journal, Publishing(retouch: retouch(script)))
    #expect(runs == 1, "it went without, and is not tried again")
  }

  @Test(
    "A frame that must be retouched and cannot be is held, with its original, until a run in which it can")
  func required() async throws {
    let journal = try await journal()
    let frame = try await record(
      "IMG_1.JPG", try picture("red"), in: journal, albums: ["Party", "tus+http://x/f"])
    let notices = Notices()
    try await prepareAll(
      journal, Publishing(retouch: retouch("echo no paper >&2; exit 1", isRequired: true)), notices: notices)
    #expect(notices.codes == ["frame.held"])
    #expect(try await journal.dueDeliveries(to: "Party", limit: 9).isEmpty)
    #expect(try await due(journal, .original, album: "tus+http://x/f") == nil)
    #expect(try await journal.openDeliveries(limit: 9).first?.reason?.contains("no paper") == true)
    #expect(try await journal.isDelivered(frame.hash, to: ["Party"]) == false)
    try write("better.jpg", try picture("blue", width: 600))
    try await prepareAll(journal, Publishing(retouch: retouch("cp better.jpg \"$2\"", isRequired: true)))
    #expect(try await due(journal, .preview)?.facts?.width == 600)
    #expect(try await due(journal, .original)?.hash == frame.hash)
  }

  @Test("A program that had finished before the process was killed is not run again")
  func killedBetween() async throws {
    let journal = try await journal()
    let frame = try await record("IMG_1.JPG", try picture("red"), in: journal)
    let work = try journal.spool.workFolder().appending("picture.jpg")
    try Data(try picture("blue", width: 600)).write(to: URL(fileURLWithPath: work.string))
    let file = try await journal.adopt(work, name: "IMG_1.JPG", mediaType: "image/jpeg")
    try await journal.record(.done(file), of: frame)
    try await prepareAll(journal, Publishing(retouch: retouch("exit 1")))
    #expect(runs == 0)
    #expect(try await due(journal, .preview)?.facts?.width == 600)
  }

  @Test("What a killed run left in the work folder goes at the next start, and is no original")
  func leftovers() async throws {
    let journal = try await journal()
    let work = try journal.spool.workFolder().appending("IMG_1.JPG")
    try Data(try picture("red")).write(to: URL(fileURLWithPath: work.string))
    let reconciled = try await journal.reconcile(session: nil, albums: ["Party"])
    #expect(reconciled.adopted.isEmpty)
    #expect(access(work.string, F_OK) != 0)
  }

  private static let place = [
    "exif-ifd3-GPSLatitude": "39/1 54/1 27/1", "exif-ifd3-GPSLatitudeRef": "N",
    "exif-ifd3-GPSLongitude": "116/1 23/1 50/1", "exif-ifd3-GPSLongitudeRef": "E",
  ]

  @Test("Without location: a copy goes, the same length and without it; the camera's bytes stay")
  func location() async throws {
    let journal = try await journal()
    let bytes = try picture("red", exif: Self.place)
    let frame = try await record("IMG_1.JPG", bytes, in: journal)
    try await prepareAll(journal, Publishing(stripsLocation: true))
    let original = try #require(try await due(journal, .original))
    #expect(
      original.frame == frame.hash && original.hash != frame.hash && original.bytes == Int64(bytes.count))
    #expect(try LocationRemoval.remove(fromFile: original.path.string) == LocationRemoval.Outcome.none)
    #expect(try await Journal.hashing(frame.original.path).hash == frame.hash)
  }

  @Test(
    "An original whose location cannot be taken out is held, or goes if that was chosen; its preview goes")
  func unstrippable() async throws {
    let journal = try await journal()
    let frame = try await record("IMG_1.PNG", Self.png, in: journal)
    let notices = Notices()
    try await prepareAll(journal, Publishing(stripsLocation: true), notices: notices)
    #expect(notices.codes == ["frame.held"])
    #expect(try await due(journal, .preview) != nil)
    #expect(try await due(journal, .original) == nil)
    // A run that does not ask for it does not forget it.
    try await prepareAll(journal, Publishing())
    #expect(try await due(journal, .original) == nil)
    try await prepareAll(journal, Publishing(stripsLocation: true, sendsUnstrippable: true), notices: notices)
    #expect(try await due(journal, .original)?.hash == frame.hash)
    #expect(notices.codes == ["frame.held", "frame.original_unchanged"])
  }

  /// One grey pixel.
  private static let png = Array(
    Data(
      base64Encoded:
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
      ?? Data())

  @Test("What an earlier run began to send with its location is begun anew without it")
  func underWay() async throws {
    let journal = try await journal()
    let frame = try await record("IMG_1.JPG", try picture("red", exif: Self.place), in: journal)
    try await prepareAll(journal, Publishing())
    let before = try #require(try await due(journal, .original))
    try await journal.beginSending(before, uploadURL: "http://x/1")
    try await journal.acknowledge(before, offset: 1000)
    try await prepareAll(journal, Publishing(stripsLocation: true))
    let after = try #require(try await due(journal, .original))
    #expect(
      after.state == .waiting && after.offset == 0 && after.uploadURL == nil && after.hash != frame.hash)
  }

  @Test("Words are in the renditions, and in a copy of the original where that is asked for")
  func words() async throws {
    let journal = try await journal()
    let frame = try await record(
      "DSC_0042.JPG",
      try picture(
        "red", exif: ["exif-ifd0-Model": "X9", "exif-ifd2-DateTimeOriginal": "2026:11:23 14:03:07"]),
      in: journal)
    var words = Publishing.Words(
      creator: try TextTemplate(parsing: "安娜 {camera}"),
      caption: try TextTemplate(parsing: "{album} {number}"))
    try await prepareAll(journal, Publishing(words: words, album: "婚礼"))
    func contains(_ delivery: Delivery?, _ text: String) throws -> Bool {
      let path = try #require(delivery?.path.string)
      return try Data(contentsOf: URL(fileURLWithPath: path)).range(of: Data(text.utf8)) != nil
    }
    for kind in [AssetKind.thumbnail, .preview] {
      #expect(try contains(try await due(journal, kind), "安娜 X9"))
      #expect(try contains(try await due(journal, kind), "婚礼 0042"))
    }
    #expect(try await due(journal, .original)?.hash == frame.hash)
    words.areForOriginals = true
    let second = try await record("DSC_0043.JPG", try picture("green"), in: journal)
    try await prepareAll(journal, Publishing(words: words, album: "婚礼"))
    let original = try #require(
      try await journal.dueDeliveries(to: "Party", kinds: [.original], limit: 9).first {
        $0.frame == second.hash
      })
    #expect(original.hash != second.hash)
    #expect(try contains(original, "婚礼 0043"))
    #expect(try await Journal.hashing(second.original.path).hash == second.hash)
  }
}
