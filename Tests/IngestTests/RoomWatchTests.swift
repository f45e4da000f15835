import GPhoto
import Testing

@testable import Ingest

@Suite("The room on the cards tells of frames that were not announced")
struct RoomWatchTests {
  private static let cluster: UInt64 = 32 << 10
  private var watch = RoomWatch()
  private var free: UInt64 = 64 << 30

  /// What frames take on a card.
  private static func taken(_ bytes: UInt64) -> UInt64 { (bytes + cluster - 1) / cluster * cluster }

  private mutating func shoot(_ bytes: UInt64, isAnnounced: Bool = true) {
    free -= Self.taken(bytes)
    if isAnnounced { watch.frameAnnounced(bytes: bytes) }
  }

  private mutating func look() { watch.look([CameraStorage(free: free)]) }

  @Test("One frame of four megabytes that was not announced is noticed, however many were announced with it")
  mutating func longBurst() {
    watch.settle([CameraStorage(free: free)])
    for index in 0..<2000 {
      shoot(4_000_000 + UInt64(index) * 1111)
      if index % 7 == 0 { look() }
    }
    look()
    #expect(!watch.isInDoubt)
    shoot(3_900_000, isAnnounced: false)
    look()
    #expect(watch.isInDoubt)
  }

  @Test("While the clusters' size is not known, a frame may take the largest there is")
  mutating func unknownClusters() {
    watch.settle([CameraStorage(free: free)])
    free -= 4 << 20
    watch.frameAnnounced(bytes: 4_000_000)
    look()
    #expect(!watch.isInDoubt)
    free -= 4 << 20
    look()
    #expect(watch.isInDoubt)
  }

  @Test("A first burst so long that a frame could hide in it is in doubt, and a later one is not")
  mutating func firstBurst() {
    watch.settle([CameraStorage(free: free)])
    for _ in 0..<200 { watch.frameAnnounced(bytes: 4_000_000) }
    free -= 201 << 22
    look()
    #expect(watch.isInDoubt)
    watch.settle([CameraStorage(free: free)])
    #expect(!watch.isInDoubt)
    for _ in 0..<7 {
      shoot(4_000_000)
      look()
    }
    for _ in 0..<200 { shoot(4_000_000) }
    look()
    #expect(!watch.isInDoubt)
  }

  @Test("Frames that take no room on a card are in no doubt")
  mutating func inMemory() {
    watch.settle([CameraStorage(free: free)])
    for _ in 0..<200 { watch.frameAnnounced(bytes: 4_000_000) }
    look()
    #expect(!watch.isInDoubt)
  }

  @Test("Less than half a frame is none: cameras write catalogues besides")
  mutating func catalogues() {
    watch.settle([CameraStorage(free: free)])
    shoot(4_000_000)
    free -= 3 * Self.cluster
    look()
    #expect(!watch.isInDoubt)
  }

  @Test("Room that was searched in vain is not searched again; a frame's still is")
  mutating func inVain() {
    watch.settle([CameraStorage(free: free)])
    for _ in 0..<3 {
      shoot(4_000_000)
      shoot(4_100_000)
      look()
      free -= 1_000_000
      look()
    }
    #expect(watch.isInDoubt)
    watch.wasInVain(watch.unexplained)
    #expect(!watch.isInDoubt)
    shoot(4_000_000, isAnnounced: false)
    look()
    #expect(watch.isInDoubt)
  }

  @Test("A frame that is deleted makes no room for one that was not announced")
  mutating func deleted() {
    watch.settle([CameraStorage(free: free)])
    shoot(4_000_000)
    look()
    free += Self.taken(4_000_000)
    look()
    #expect(!watch.isInDoubt)
    shoot(4_000_000, isAnnounced: false)
    look()
    #expect(watch.isInDoubt)
  }

  @Test("What is known of one card says nothing of another")
  mutating func otherCard() {
    watch.settle([CameraStorage(capacity: 64 << 30, free: free)])
    watch.look([CameraStorage(capacity: 32 << 30, free: 1 << 30)])
    #expect(!watch.isInDoubt)
    watch.look([CameraStorage(capacity: 32 << 30, free: (1 << 30) - 5_000_000)])
    #expect(watch.isInDoubt)
    watch.look([])
    #expect(!watch.isInDoubt)
  }

  @Test("Two cards are counted together")
  mutating func twoCards() {
    watch.settle([CameraStorage(free: 8_000_000_000), CameraStorage(free: 4_000_000_000)])
    watch.frameAnnounced(bytes: 4_000_000)
    watch.frameAnnounced(bytes: 4_000_000)
    watch.look([CameraStorage(free: 7_996_000_000), CameraStorage(free: 3_996_000_000)])
    #expect(!watch.isInDoubt)
    watch.look([CameraStorage(free: 7_992_000_000), CameraStorage(free: 3_996_000_000)])
    #expect(watch.isInDoubt)
  }

  @Test("Where the camera does not say its free bytes, its guess of the frames left is the hint")
  mutating func frames() {
    watch.settle([CameraStorage(freeFrames: 100)])
    watch.frameAnnounced(bytes: 1)
    watch.look([CameraStorage(freeFrames: 99)])
    #expect(!watch.isInDoubt)
    watch.frameAnnounced(bytes: 1)
    watch.look([CameraStorage(freeFrames: 97)])
    #expect(watch.isInDoubt)
    #expect(!RoomWatch.isUntouched([CameraStorage(freeFrames: 97)], [CameraStorage(freeFrames: 97)]))
    #expect(RoomWatch.isUntouched([CameraStorage(free: 97)], [CameraStorage(free: 97)]))
    #expect(!RoomWatch.isUntouched([CameraStorage(free: 97)], [CameraStorage(free: 98)]))
  }
}
