import Foundation
import GPhoto
import Model
import Testing

@testable import Ingest

@Suite("The worker's protocol")
struct WorkerProtocolTests {
  static let object = CameraObject(
    id: 7, folder: "/store_00010001/DCIM", name: "../a\n\u{7}\"Ü\u{2028}.JPG", bytes: 3, modified: -1,
    mediaType: "image/jpeg")

  @Test(
    "Every report comes back as it went, on one line",
    arguments: [
      WorkerReport.hello(version: 1),
      .connected(
        WorkerIdentity(model: "Canon EOS R5", serial: nil, captureTarget: .refused("Internal RAM")),
        CameraStatus(battery: "75%", storages: [CameraStorage(folder: "/store_00010001", free: .max)])),
      .appeared(object), .listed([object, object], isComplete: true), .listed([], isComplete: false),
      .progress(object: .max, bytes: 1),
      .fetched(
        object: 7, path: "/spool/2026-11-23/a.JPG", bytes: 3, sha256: ContentHash(of: Data([1, 2, 3]))),
      .failed(object: 7, FetchFailure(code: .wrongLength, message: "short")),
      .lost(CameraLoss(code: .held, message: "held")), .warning(code: "x", message: "y"),
      .alive(patience: 30), .stopped(inOrder: true),
    ])
  func reports(report: WorkerReport) throws {
    var lines = LineBuffer()
    let bytes = try MessageCoding.line(report)
    let read = try lines.append(bytes)
    #expect(read.count == 1)
    #expect(try MessageCoding.message(WorkerReport.self, in: try #require(read.first)) == report)
  }

  @Test(
    "Every command comes back as it went",
    arguments: [
      WorkerCommand.fetch(object: 1, day: "2026-11-23", inOnePiece: true), .skip(object: 2), .list, .stop,
    ])
  func commands(command: WorkerCommand) throws {
    var lines = LineBuffer()
    let read = try lines.append(try MessageCoding.line(command))
    #expect(try read.map { try MessageCoding.message(WorkerCommand.self, in: $0) } == [command])
  }

  @Test("Lines are put together however the pipe cuts them")
  func pieces() throws {
    var lines = LineBuffer()
    var read: [String] = []
    for byte in Array("one\n\ntwo\nthr".utf8) {
      read += try lines.append([byte]).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(read == ["one", "", "two"])
    #expect(try lines.append(Array("ee\nfour\n".utf8)).count == 2)
  }

  @Test("A line that is too long is refused, whether or not it ends")
  func tooLong() throws {
    var open = LineBuffer(limit: 4)
    #expect(throws: LineBuffer.LineTooLong(limit: 4)) { try open.append(Array("12345".utf8)) }
    var closed = LineBuffer(limit: 4)
    #expect(throws: LineBuffer.LineTooLong(limit: 4)) { try closed.append(Array("12345\n".utf8)) }
    var exact = LineBuffer(limit: 4)
    #expect(try exact.append(Array("1234\n".utf8)).count == 1)
  }

  @Test(
    "What is no message is an error",
    arguments: [
      "", "{}", "null", #"{"fetched":{}}"#, #"{"stop":{},"list":{}}"#, #"{"alive":{"patience":"x"}}"#,
    ])
  func nonsense(text: String) {
    #expect(throws: (any Error).self) { try MessageCoding.message(WorkerReport.self, in: Data(text.utf8)) }
  }

  @Test("A full listing report stays far below the longest line")
  func size() throws {
    let object = CameraObject(
      id: .max, folder: String(repeating: "\u{1}", count: 250), name: String(repeating: "\u{1}", count: 250),
      bytes: .max, modified: .max, mediaType: String(repeating: "x", count: 64))
    let report = WorkerReport.listed(
      Array(repeating: object, count: WorkerProtocol.objectsPerReport), isComplete: true)
    #expect(try MessageCoding.line(report).count < WorkerProtocol.longestLine)
  }
}

@Suite("What cannot be of what a worker says")
struct ImplausibleTests {
  @Test("Cards that each have more room than can be counted have as much as can")
  func room() {
    let full = CameraStorage(free: .max - 1023)
    #expect(CameraStatus(storages: [full, full]).free == .max)
    #expect(
      CameraStatus(storages: [CameraStorage(free: 5), CameraStorage(), CameraStorage(free: 6)]).free == 11)
    #expect(CameraStatus(storages: [CameraStorage()]).free == nil)
  }

  @Test("Lengths and times that no sum bears are no file's and no clock's; a clock before 1970 is")
  func numbers() {
    func isPlausible(bytes: Int64? = 5, modified: Int64 = 7) -> Bool {
      CameraObject(
        id: 1, folder: "/store_00010001", name: "A.JPG", bytes: bytes, modified: modified, mediaType: nil
      ).isPlausible
    }
    #expect(isPlausible() && isPlausible(bytes: nil) && isPlausible(modified: -28_800))
    for bytes in [-1, Int64.max] { #expect(!isPlausible(bytes: bytes)) }
    for time in [Int64.min, .max] {
      #expect(!isPlausible(modified: time))
      #expect(!ClockReading(shown: time, at: 0).isPlausible && !ClockReading(shown: 0, at: time).isPlausible)
    }
    #expect(ClockReading(shown: -28_800, at: 1_800_000_000_000).isPlausible)
  }
}

@Suite("What a worker knows of files")
struct ObjectTableTests {
  let path = CameraPath(folder: "/store_00010001/DCIM/100", name: "IMG_0001.JPG")
  let info = CameraFileInfo(bytes: 100, modified: 50, mediaType: "image/jpeg")
  let start = ContinuousClock.now

  @Test("An announcement that is repeated at once is a duplicate")
  func duplicate() {
    var table = ObjectTable()
    #expect(table.announce(path, info, isFresh: false, now: start) == .new(1))
    #expect(table.announce(path, info, isFresh: false, now: start + .seconds(1)) == .duplicate)
  }

  @Test("An announced file of another length or time is a new one")
  func changed() {
    var table = ObjectTable()
    #expect(table.announce(path, info, isFresh: false, now: start) == .new(1))
    let other = CameraFileInfo(bytes: 101, modified: 50, mediaType: "image/jpeg")
    #expect(table.announce(path, other, isFresh: false, now: start) == .new(2))
    #expect(table[1] == nil)
  }

  @Test("An announcement that a listing was quicker to show is still one")
  func listedFirst() {
    var table = ObjectTable()
    #expect(table.list(path, info, now: start) == 1)
    #expect(table.announce(path, info, isFresh: false, now: start + .seconds(1)) == .new(1))
    #expect(table.announce(path, info, isFresh: false, now: start + .seconds(2)) == .duplicate)
  }

  @Test("An old name that is announced anew needs a new connection to be believed")
  func suspicious() {
    var table = ObjectTable()
    _ = table.list(path, info, now: start)
    #expect(table.announce(path, info, isFresh: false, now: start + .seconds(60)) == .suspicious)
    #expect(table.announce(path, info, isFresh: true, now: start + .seconds(61)) == .new(1))
    #expect(table.announce(path, info, isFresh: true, now: start + .seconds(62)) == .duplicate)
  }

  @Test("A listing gives an unchanged file the number it had")
  func sameNumber() {
    var table = ObjectTable()
    #expect(table.list(path, info, now: start) == table.list(path, info, now: start))
  }

  @Test(
    "A camera is listed now and then without a hint: soon where it forgets events, seldom where it does not")
  func pace() {
    var pace = ListingPace()
    let room = [CameraStorage(free: 100)]
    let less = [CameraStorage(free: 90)]
    let never = pace.isDue(now: start + .seconds(86_400), room: less)
    pace.listed(now: start, room: room, unannounced: 5)
    let soon = pace.isDue(now: start + .seconds(60), room: less)
    let later = pace.isDue(now: start + .seconds(600), room: less)
    let untouched = pace.isDue(now: start + .seconds(86_400), room: room)
    let unknown = pace.isDue(now: start + .seconds(600), room: [])
    #expect([never, soon, later, untouched, unknown] == [false, false, true, false, true])
    pace.listed(now: start, room: room, unannounced: 5)
    #expect(pace.pause == .seconds(16 * 60))
    for _ in 0..<5 { pace.listed(now: start, room: room, unannounced: 5) }
    #expect(pace.pause == ListingPace.longest)
    for count in 6..<12 { pace.listed(now: start, room: room, unannounced: count) }
    #expect(pace.pause == ListingPace.shortest)
  }

  @Test("What the library made a name up for is new each time")
  func memory() {
    var table = ObjectTable()
    let memory = CameraPath(folder: "/", name: "capt0000.jpg")
    #expect(table.announce(memory, info, isFresh: false, now: start) == .new(1))
    #expect(table.announce(memory, info, isFresh: false, now: start + .seconds(60)) == .new(2))
  }

  @Test("A frame in the camera's memory goes before what was announced, and that before what was missed")
  func queue() {
    func fetch(_ object: UInt64, _ rank: FetchQueue.Rank) -> FetchQueue.Fetch {
      FetchQueue.Fetch(object: object, day: "2026-11-23", inOnePiece: false, rank: rank)
    }
    var queue = FetchQueue()
    queue.add(fetch(1, .listed))
    queue.add(fetch(2, .listed))
    let first = queue.next()
    #expect(first?.object == 1)
    queue.add(fetch(3, .announced))
    queue.add(fetch(3, .announced))
    #expect(queue.hasMoreUrgent(than: fetch(1, .listed)) && !queue.hasMoreUrgent(than: fetch(9, .announced)))
    queue.putBack(fetch(1, .listed), at: 77)
    queue.add(fetch(4, .memory))
    var order: [UInt64] = []
    var offsets: [UInt64?] = []
    while let next = queue.next() {
      order.append(next.object)
      offsets.append(next.offset)
    }
    #expect(order == [4, 3, 1, 2] && offsets == [nil, nil, 77, nil])
  }

  @Test("What is asked for again while it rests begins anew, and so does what is under way")
  func askedAgain() {
    let fetch = FetchQueue.Fetch(object: 1, day: "2026-11-23", inOnePiece: false, rank: .listed)
    var queue = FetchQueue()
    queue.putBack(fetch, at: 77)
    queue.add(fetch)
    #expect(queue.next() == fetch)
    queue.add(fetch)
    queue.putBack(fetch, at: 77)
    #expect(queue.next() == fetch && queue.isEmpty)
    queue.putBack(fetch, at: nil)
    #expect(queue.next()?.isTakingUp == true)
  }

  @Test("What can be viewed goes before RAW files, which have their turn all the same and then keep it")
  func rawTurn() {
    func fetch(_ object: UInt64, _ rank: FetchQueue.Rank) -> FetchQueue.Fetch {
      FetchQueue.Fetch(object: object, day: "2026-11-23", inOnePiece: false, rank: rank)
    }
    var queue = FetchQueue()
    queue.add(fetch(1, .raw))
    let raw = queue.next()
    queue.add(fetch(2, .announced))
    #expect(queue.hasMoreUrgent(than: fetch(1, .raw)))
    raw.map { queue.putBack($0, at: 5) }
    var order: [UInt64] = []
    for object in UInt64(3)...20 {
      // Always another one before the last is done.
      queue.add(fetch(object, .announced))
      guard let next = queue.next() else { continue }
      order.append(next.object)
      if next.object == 1 {
        #expect(next.isUndisturbed && next.offset == 5)
        #expect(!queue.hasMoreUrgent(than: next))
        queue.add(fetch(99, .memory))
        #expect(queue.hasMoreUrgent(than: next))
        break
      }
    }
    #expect(order == [2, 3, 4, 5, 6, 7, 8, 9, 1])
  }

  @Test("A file of 4 GiB or more, or of unknown length, is refused before it is read")
  func objections() {
    #expect(ObjectReader.objection(to: info) == nil)
    let large = CameraFileInfo(bytes: 0xffff_ffff, modified: 0, mediaType: nil)
    #expect(ObjectReader.objection(to: large)?.code == .tooLarge)
    #expect(ObjectReader.objection(to: large)?.isRetryable == false)
    #expect(
      ObjectReader.objection(to: CameraFileInfo(bytes: nil, modified: 0, mediaType: nil))?.code
        == .lengthUnknown)
  }
}
