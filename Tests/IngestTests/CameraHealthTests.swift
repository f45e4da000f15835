import GPhoto
import Testing

@testable import Ingest

@Suite("What is said of a camera's battery and card")
struct CameraHealthTests {
  private func codes(_ health: inout CameraHealth, battery: String? = nil, _ storages: [CameraStorage] = [])
    -> [String]
  {
    health.take(CameraStatus(battery: battery, storages: storages), camera: "R5").map(\.code)
  }

  @Test("A battery is said to be low once, and again only after it was charged")
  func battery() {
    var health = CameraHealth()
    #expect(codes(&health, battery: "25%") == [])
    #expect(codes(&health, battery: "20%") == ["battery_low"])
    #expect(codes(&health, battery: "19%") == [])
    #expect(codes(&health, battery: "24%") == [])
    #expect(codes(&health, battery: "7%") == ["battery_empty"])
    #expect(codes(&health, battery: "5%") == [])
    #expect(codes(&health, battery: "90%") == [])
    #expect(codes(&health, battery: "5%") == ["battery_empty"])
    #expect(codes(&health, battery: nil) == [])
  }

  @Test("A card is said to be nearly full once, full once, and again after it was changed")
  func card() {
    var health = CameraHealth()
    func card(_ frames: UInt64) -> [CameraStorage] {
      [CameraStorage(capacity: 64_000_000_000, free: frames * 20_000_000, freeFrames: frames)]
    }
    #expect(codes(&health, card(500)) == [])
    #expect(codes(&health, card(50)) == ["card_nearly_full"])
    #expect(codes(&health, card(40)) == [])
    #expect(codes(&health, card(0)) == ["card_full"])
    #expect(codes(&health, card(500)) == [])
    #expect(codes(&health, card(1)) == ["card_full"])
  }

  @Test("Without a count of frames the bytes count; a slot without a card says nothing; a lock is said")
  func cards() {
    var health = CameraHealth()
    #expect(
      codes(&health, [CameraStorage(capacity: 64_000_000_000, free: 800_000_000)]) == ["card_nearly_full"])
    #expect(codes(&health, [CameraStorage(capacity: 0, free: 0, freeFrames: 0)]) == [])
    let locked = [CameraStorage(capacity: 64_000_000_000, free: 64_000_000_000, isReadOnly: true)]
    #expect(codes(&health, locked) == ["card_read_only"])
    #expect(codes(&health, locked) == [])
  }

  @Test("A camera that shoots into its memory is told of once, until it has changed")
  func target() {
    var health = CameraHealth()
    #expect(health.take(.refused("Internal RAM"), camera: "R5").map(\.code) == ["capture_target"])
    #expect(health.take(.refused("Internal RAM"), camera: "R5").isEmpty)
    #expect(health.take(.card, camera: "R5").isEmpty)
    #expect(health.take(.refused("Internal RAM"), camera: "R5").count == 1)
  }

  @Test(
    "Percentages are read from the cameras' words",
    arguments: [("75%", 75), ("100%", 100), ("Low", 10), ("AC power", nil), ("4", nil), ("", nil)]
      as [(String, Int?)])
  func percent(words: String, percent: Int?) {
    #expect(CameraStatus(battery: words, storages: []).batteryPercent == percent)
  }
}
