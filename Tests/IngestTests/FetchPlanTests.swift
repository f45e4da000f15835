import Foundation
import GPhoto
import Journal
import Testing

@testable import Ingest

@Suite("The order of fetching")
struct FetchPlanTests {
  let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func object(_ number: Int) -> SourceObject {
    SourceObject(folder: "/a", name: "\(number).jpg", bytes: 1, modified: 1)
  }

  private func plan(_ entries: [(Int, isCatchUp: Bool)]) -> FetchPlan {
    var plan = FetchPlan()
    for (number, isCatchUp) in entries {
      _ = plan.add(
        object(number), id: UInt64(number), mediaType: nil, camera: "c", isCatchUp: isCatchUp, now: now)
    }
    return plan
  }

  @Test("Ten thousand frames of a card are planned one after the other", .timeLimit(.minutes(1)))
  func manyFrames() {
    var plan = FetchPlan()
    let now = Date()
    for number in 1...10_000 {
      let object = SourceObject(
        folder: "/store_00010001/DCIM", name: "IMG_\(number).JPG", bytes: 3, modified: Int64(number))
      plan.restore(
        [OwedObject(object: object, mediaType: "image/jpeg", isCatchUp: true, seenAt: now)], camera: "c")
    }
    // Every report asks what is to be fetched now, also while the listing has not given their numbers.
    for _ in 0..<200 { #expect(plan.next(now: now).isEmpty) }
    #expect(plan.count == 10_000)
  }

  @Test("What was announced goes before what was missed, each oldest first")
  func order() {
    var plan = plan([(1, true), (2, true), (3, false), (4, false)])
    var order: [UInt64?] = []
    while plan.count > 0 {
      for wanted in plan.next(now: now) { order.append(wanted.id) }
      for id in order { id.map { plan.settle($0) } }
    }
    #expect(order == [3, 4, 1, 2])
  }

  @Test("Of RAW and JPEG the JPEG is asked for first, and does not wait for RAW files that are under way")
  func views() {
    var plan = FetchPlan()
    func add(_ number: Int, _ ending: String, isCatchUp: Bool = false) {
      let object = SourceObject(folder: "/a", name: "IMG_\(number).\(ending)", bytes: 1, modified: 1)
      _ = plan.add(
        object, id: UInt64(number), mediaType: nil, camera: "c", isCatchUp: isCatchUp, now: now)
    }
    add(1, "CR3")
    add(2, "JPG")
    add(3, "CR3")
    add(4, "JPG")
    add(5, "CR3")
    #expect(plan.next(now: now).map(\.id) == [2, 4, 1, 3])
    add(6, "JPG")
    #expect(plan.next(now: now).isEmpty)
    plan.settle(2)
    #expect(plan.next(now: now).map(\.id) == [6])
    for id in [4, 6, 1, 3] { plan.settle(UInt64(id)) }
    add(7, "CR3", isCatchUp: true)
    add(8, "JPG", isCatchUp: true)
    #expect(plan.next(now: now).map(\.id) == [5, 8])
    plan.settle(5)
    #expect(plan.next(now: now).map(\.id) == [7])
  }

  @Test("A worker has no more than two fetches at once")
  func depth() {
    var plan = plan([(1, false), (2, false), (3, false)])
    #expect(plan.next(now: now).count == 2)
    #expect(plan.next(now: now).isEmpty)
    plan.settle(1)
    #expect(plan.next(now: now).map(\.id) == [3])
  }

  @Test(
    "What was announced does not wait for what was missed, and a frame in the camera's memory for nothing")
  func urgent() {
    var plan = plan([(1, true), (2, true), (3, true)])
    #expect(plan.next(now: now).map(\.id) == [1, 2])
    for number in 4...6 {
      _ = plan.add(
        object(number), id: UInt64(number), mediaType: nil, camera: "c", isCatchUp: false, now: now)
    }
    #expect(plan.next(now: now).map(\.id) == [4, 5])
    for number in 7...9 {
      let memory = SourceObject(folder: "/", name: "capt000\(number).jpg", bytes: 1, modified: 1)
      _ = plan.add(memory, id: UInt64(number), mediaType: nil, camera: "c", isCatchUp: false, now: now)
    }
    #expect(plan.next(now: now, onlyMemory: true).map(\.id) == [7, 8, 9])
    #expect(plan.next(now: now).isEmpty)
  }

  @Test("What an earlier run knew of is wanted again, once, and waits for its number")
  func restored() {
    var plan = FetchPlan(link: 3)
    let owed = OwedObject(object: object(1), mediaType: nil, isCatchUp: false, seenAt: now)
    for _ in 0..<2 { plan.restore([owed], camera: "c") }
    #expect(plan.count == 1 && plan.next(now: now).isEmpty)
    // Told of when the camera shows that it has it, and once.
    let shown = (0..<2).map { _ in
      plan.add(object(1), id: 9, mediaType: nil, camera: "c", isCatchUp: true, now: now)?.capture
    }
    #expect(shown == ["c/3-1", nil])
    #expect(plan.next(now: now).map(\.id) == [9])
  }

  @Test("A long file that comes piece by piece is not counted as one that fails")
  func headway() {
    var plan = plan([(1, false)])
    for piece in 1...10 {
      _ = plan.next(now: now + Double(piece) * 30)
      plan.note(progress: Int64(piece) * 1_000_000, of: 1)
      #expect(plan.postpone(1, now: now) == 1)
    }
    #expect(plan.postpone(1, now: now) == 2)
    #expect(plan.postpone(1, now: now) == 3)
    #expect(plan.next(now: now + 1000).map(\.inOnePiece) == [true])
  }

  @Test("A worker that we ended ourselves was ended by no file")
  func recycled() {
    var plan = plan([(1, false)])
    _ = plan.next(now: now)
    plan.forgetNumbers(wasWanted: true)
    #expect(plan.setMissingAside().map(\.tries) == [0])
  }

  @Test("The same object is wanted once, by its newest number")
  func once() {
    var plan = plan([(1, false)])
    let again = plan.add(object(1), id: 9, mediaType: nil, camera: "c", isCatchUp: true, now: now)
    #expect(again == nil)
    #expect(plan.next(now: now).map(\.id) == [9])
  }

  @Test("A failed fetch is tried again later, and lets others go first")
  func postponed() {
    var plan = plan([(1, false), (2, false), (3, false)])
    _ = plan.next(now: now)
    #expect(plan.postpone(1, now: now) == 1)
    #expect(plan.next(now: now).map(\.id) == [3])
    plan.settle(2)
    plan.settle(3)
    #expect(plan.next(now: now).isEmpty)
    #expect(plan.next(now: now + 1).map(\.id) == [1])
    #expect(plan.postpone(1, now: now) == 2)
    #expect(plan.next(now: now - 86_400).map(\.id) == [1], "the clock was set back: nobody waits for a day")
    #expect(FetchPlan.pause(afterTries: 1) == 0.2)
    #expect(FetchPlan.pause(afterTries: 100) == 15)
  }

  @Test("What is wanted outlives the worker, and is fetched by its next number")
  func outlives() {
    var plan = plan([(1, false), (2, false)])
    _ = plan.next(now: now)
    plan.forgetNumbers()
    #expect(plan.next(now: now).isEmpty)
    _ = plan.add(object(1), id: 101, mediaType: nil, camera: "c", isCatchUp: true, now: now)
    #expect(plan.next(now: now).map(\.id) == [101])
    #expect(plan.setMissingAside().map(\.object) == [object(2)])
    #expect(plan.count == 1)
  }

  @Test("What a listing does not show is set aside, told of once, and wanted again when one shows it")
  func setAside() {
    var plan = plan([(1, false)])
    let memory = SourceObject(folder: "/", name: "capt0000.jpg", bytes: 3, modified: 1)
    _ = plan.add(memory, id: 2, mediaType: nil, camera: "c", isCatchUp: false, now: now)
    plan.forgetNumbers(wasWanted: true)
    #expect(plan.setMissingAside().map(\.object) == [object(1), memory])
    #expect(plan.count == 0 && plan.contains(object(1)) && !plan.contains(memory))
    plan.forgetNumbers(wasWanted: true)
    #expect(plan.setMissingAside().isEmpty)
    let again = plan.add(object(1), id: 101, mediaType: nil, camera: "c", isCatchUp: true, now: now)
    #expect(again == nil && plan.count == 1)
    #expect(plan.next(now: now).map(\.id) == [101])
  }

  @Test("A file that ends every worker does not keep the others from being fetched")
  func poisonous() {
    var plan = plan([(1, false), (2, false), (3, false), (4, true)])
    var fetched: Set<UInt64> = []
    var workers = 0
    while fetched.count < 3, workers < 20 {
      workers += 1
      // Each worker's first listing gives the numbers again; the first file hangs it, later ones are fetched.
      for number in [1, 2, 3, 4] where !fetched.contains(UInt64(number)) {
        _ = plan.add(
          object(number), id: UInt64(number), mediaType: nil, camera: "c", isCatchUp: false, now: now)
      }
      var isAlive = true
      while isAlive, case let asked = plan.next(now: now + Double(workers) * 30), !asked.isEmpty {
        for wanted in asked where isAlive {
          if wanted.id == 1 {
            isAlive = false
          } else if let id = wanted.id {
            fetched.insert(id)
            plan.settle(id)
          }
        }
      }
      plan.forgetNumbers()
    }
    #expect(fetched == [2, 3, 4])
    #expect(plan.count == 1)
  }

  @Test("A file that breaks the connection waits before it may do so again")
  func breaksConnection() {
    var plan = plan([(1, false), (2, false)])
    _ = plan.next(now: now)
    for _ in 1...5 { _ = plan.postpone(1, now: now) }
    plan.forgetNumbers()
    for number in [1, 2] {
      _ = plan.add(
        object(number), id: UInt64(number), mediaType: nil, camera: "c", isCatchUp: false, now: now)
    }
    #expect(plan.next(now: now).map(\.id) == [2])
  }

  @Test("An object that gets another number while it is fetched is asked for by that one")
  func renumbered() {
    var plan = plan([(1, false)])
    _ = plan.next(now: now)
    _ = plan.add(object(1), id: 9, mediaType: nil, camera: "c", isCatchUp: false, now: now)
    #expect(plan.next(now: now).map(\.id) == [9])
  }

  @Test(
    "Pictures and clips are taken, lists and marks are not",
    arguments: [
      ("IMG_0001.JPG", nil, true), ("IMG_0001.CR3", "application/octet-stream", true), ("A.MOV", nil, true),
      ("AUTPRINT.MRK", nil, false), ("M0100.CTG", "application/octet-stream", false),
      ("noname", "image/jpeg", true),
    ] as [(String, String?, Bool)])
  func wanted(name: String, type: String?, isWanted: Bool) {
    let object = CameraObject(id: 1, folder: "/", name: name, bytes: 1, modified: 0, mediaType: type)
    #expect(CameraLink.isWanted(object) == isWanted)
  }

  @Test(
    "A hostile name is shown without what could hurt",
    arguments: [
      ("IMG_0001.JPG", "IMG_0001.JPG"), ("../../evil.JPG", ".._.._evil.JPG"), ("a\u{1b}[2Jb", "a_[2Jb"),
      ("", "frame"), ("照片😀.jpg", "照片😀.jpg"), ("\u{202e}gpj.exe", "_gpj.exe"),
      (String(repeating: "n", count: 300) + ".JPG", String(repeating: "n", count: 251) + ".JPG"),
      (String(repeating: "照", count: 300), String(repeating: "照", count: 85)),
    ])
  func names(name: String, shown: String) {
    #expect(DisplayName.of(name) == shown)
  }

  @Test("A camera without a serial number is called by its model and its socket, on a network by its address")
  func cameraNames() {
    func name(_ serial: String?, port: CameraPort = .usb(bus: 1, device: 2), socket: String? = nil) -> String
    {
      CameraLink.name(
        of: WorkerIdentity(model: "X", serial: serial, socket: "1-4", captureTarget: .unknown), port: port,
        socket: socket)
    }
    #expect(name(nil) == "X in USB socket 1-4")
    #expect(name(nil, socket: "1-2") == "X in USB socket 1-2")
    #expect(name(nil, port: .ptpip(host: "h", port: 1)) == "X at ptpip:h:1")
    #expect(name("42") == "42")
  }
}
