import Glibc
import Model
import Testing

@Suite("Room, in words and figures")
struct SpoolKeepTests {
  @Test(
    "A policy is read as it is written",
    arguments: [
      ("forever", SpoolKeep.forever), ("delivered", .delivered), ("days:30", .days(30)),
      ("room:20GB", .room(20_000_000_000)), ("room:1.5 GiB", .room(1_610_612_736)),
    ])
  func policies(text: String, keep: SpoolKeep) {
    #expect(SpoolKeep(text) == keep)
  }

  @Test(
    "What is no policy is none",
    arguments: [
      "", "Forever!", "days", "days:", "days:0", "days:-1", "days:x", "room", "room:", "room:0GB", "room:20",
      "room:GB",
      "delivered:1", "forever:", "room:99999999999TB",
    ])
  func noPolicies(text: String) {
    #expect(SpoolKeep(text) == nil)
  }

  @Test("The bigger matters leave less of the disk to the smaller ones")
  func order() {
    for total: Int64 in [1 << 20, 14 << 20, 1 << 30, 1 << 40] {
      let room = DiskRoom(free: 0, total: total)
      #expect(room.reserve <= 256 << 20 && room.reserve <= total / 20)
      #expect(room.reserve > room.albumReserve && room.albumReserve > room.renditionReserve)
    }
  }

  @Test("A disk's room is what an ordinary program may write, in bytes, however large it is")
  func room() {
    var figures = statvfs()
    (figures.f_frsize, figures.f_blocks, figures.f_bfree, figures.f_bavail) = (4096, 1000, 500, 400)
    #expect(DiskRoom(figures) == DiskRoom(free: 400 * 4096, total: 1000 * 4096))
    (figures.f_frsize, figures.f_blocks) = (1 << 20, 1 << 43)
    #expect(DiskRoom(figures).total == .max)
  }

  @Test("The same seed gives the same numbers, on every machine")
  func seeds() {
    // The reference values of SplitMix64 for the seed 1234567.
    var generator = SplitMix(seed: 1_234_567)
    #expect(
      (1...3).map { _ in generator.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }
}
