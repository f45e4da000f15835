import Foundation
import Journal
import Model
import SystemPackage
import Testing

@testable import Ingest

@Suite("The gate before the spool")
struct SpoolRoomTests {
  private let spool = Spool(root: FilePath(NSTemporaryDirectory()))

  @Test("What would leave less than the reserve waits, and what fits comes in all the same")
  func full() throws {
    let free = try spool.room().free
    // All but a little of this disk is to be left free; others use it at the same time.
    let room = SpoolRoom(spool: spool, reserve: free - (64 << 20))
    #expect(room.admits(1 << 40, beside: 0) == .comeIn, "nobody has measured yet")
    #expect(try room.measure().level == .low)
    #expect(room.admits(1 << 20, beside: 0) == .comeIn)
    #expect(room.admits(65 << 20, beside: 0) == .wait)
    #expect(room.admits(1, beside: 0) == .comeIn)
    #expect(try room.measure().level == SpoolRoom.Level.none)
  }

  @Test("A clip that does not fit is told so, and the disk is not full for that")
  func clip() throws {
    let room = SpoolRoom(spool: spool, reserve: 0)
    _ = try room.measure()
    guard case .tooLarge(let left) = room.admits(1 << 60, beside: 0) else {
      Issue.record("it was let in")
      return
    }
    #expect(left > 0)
    #expect(try room.measure().level != SpoolRoom.Level.none)
  }

  @Test("What was let in and is not measured yet counts, and so does what is under way")
  func counted() throws {
    let room = SpoolRoom(spool: spool, reserve: try spool.room().free - (64 << 20))
    _ = try room.measure()
    #expect(room.admits(20 << 20, beside: 0) == .comeIn)
    #expect(room.admits(30 << 20, beside: 20 << 20) == .wait)
  }

  @Test("What the disk refused is not let in before it is measured again")
  func again() throws {
    let room = SpoolRoom(spool: spool, reserve: 0)
    room.refused(5)
    #expect(room.admits(5, beside: 0) == .wait)
    #expect(try room.measure().level != SpoolRoom.Level.none)
    #expect(room.admits(5, beside: 0) == .comeIn)
  }

  @Test("Frames that are not let in are not asked for, but what lies in the camera's memory only is")
  func plan() {
    var plan = FetchPlan()
    for (id, folder) in ["/store_1/DCIM", "/"].enumerated() {
      _ = plan.add(
        SourceObject(folder: folder, name: "A.JPG", bytes: 5, modified: 1), id: UInt64(id), mediaType: nil,
        camera: "7", isCatchUp: false, now: Date())
    }
    #expect(plan.next(now: Date()) { _, _ in false }.map(\.id) == [1])
    var underWay: Int64 = -1
    let next = plan.next(now: Date()) { wanted, beside in
      underWay = beside
      return wanted.object.bytes == 5
    }
    #expect(next.map(\.id) == [0])
    #expect(underWay == 5)
  }
}
