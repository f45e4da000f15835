import Foundation
import Glibc
import Testing

extension EndToEndTests {
  @Suite(
    "Plugs",
    .enabled(
      if: USBTestbed.isInstalled, "umockdev, gir1.2-umockdev-1.0 and python3-gi are not all installed"))
  struct USBPlugTests {
    private static let places = [
      USBTestbed.Place(bus: 1, device: 2, socket: "1-1"), USBTestbed.Place(bus: 1, device: 5, socket: "1-1"),
      USBTestbed.Place(bus: 2, device: 3, socket: "2-3.1"),
    ]

    @Test("A camera comes and goes, in new places: what was shot meanwhile is fetched, and nothing twice")
    func comeAndGo() async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small()
      let home = try Home()
      let tether = try home.tether(on: usb)
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      for (index, place) in Self.places.enumerated() {
        try await usb.plug(camera, at: place)
        let connected = try await tether.first("camera.connected") { $0.port == .text(place.port) }
        #expect(connected.camera == camera.serial)
        #expect((connected.milliseconds ?? -1) >= 0)
        try await camera.shoot()
        try await tether.find("safe") { $0.count { $0.event == "frame.safe" } == 2 * index + 1 ? true : nil }
        try await usb.tell("unplug camera")
        let lost = try await tether.find("lost") {
          $0.filter { $0.event == "camera.lost" }.dropFirst(index).first
        }
        #expect(lost.reason?.contains("was unplugged") == true, "\(lost.reason ?? "")")
        // Onto its card, which nobody reads now.
        try await camera.shoot()
        if index + 1 < Self.places.count { continue }
        try await usb.plug(camera, at: Self.places[0])
      }
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: 6)
    }

    @Test(
      "Pulled out in the middle of a download, the frame is fetched at the next plug, and nothing is left over",
      arguments: ["session", "none"])
    func midDownload(catchUp: String) async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small(megabytes: 2)
      let home = try Home()
      try await usb.plug(camera, at: Self.places[0])
      let tether = try home.tether(on: usb, ["--catch-up", catchUp])
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      for (index, place) in Self.places.enumerated() {
        if index > 0 { try await usb.plug(camera, at: place) }
        try await tether.first("camera.connected") { $0.port == .text(place.port) }
        // What fell out before is whole now: the next pull hits the next frame, and nothing else.
        try await tether.find("safe") { $0.count { $0.event == "frame.safe" } == index ? true : nil }
        guard index + 1 < Self.places.count else { break }
        try await usb.tell("unplug-after camera 700000")
        try await camera.shoot()
        try await tether.find("lost") { $0.count { $0.event == "camera.lost" } == index + 1 ? true : nil }
        #expect(tether.events.count { $0.event == "frame.safe" } == index, "pulled out too late")
      }
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: tether)
      #expect(!tether.words.contains("not fetched"))
      try await expectNothingLeft(in: home, frames: 2)
    }

    @Test("Two bodies of a model that say only zeros for a serial number are two cameras")
    func zeros() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let tether = try home.tether(on: usb)
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      var shots: [SimulatedCamera.Shot] = []
      for number in 1...2 {
        let camera = try await SimulatedCamera.small("--serial", "00000000", "--seed", "\(number)")
        // What is on its card already is nobody's business.
        try await camera.shoot(2)
        let place = USBTestbed.Place(bus: 1, device: 10 + number, socket: "1-\(number)")
        try await usb.plug(camera, as: "c\(number)", at: place)
        let connected = try await tether.first("camera.connected") { $0.port == .text(place.port) }
        #expect(connected.camera?.hasSuffix("in USB socket 1-\(number)") == true, "\(connected.camera ?? "")")
        shots += try await camera.shoot(1)
        for shot in shots { try await tether.first("frame.delivered") { $0.frame == shot.sha256 } }
      }
      try await expectExactly(shots, in: album)
      try await expectCleanEnd(of: tether)
    }

    @Test("Several cameras at once are told apart, and one that falls out does not disturb the others")
    func several() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let tether = try home.tether(on: usb)
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      var cameras: [SimulatedCamera] = []
      for (index, vendor) in ["canon", "canon", "nikon"].enumerated() {
        let camera = try await SimulatedCamera.small(
          "--vendor", vendor, "--serial", "BODY\(index)", "--seed", "\(index + 1)")
        cameras.append(camera)
        try await usb.plug(
          camera, as: "c\(index)", at: USBTestbed.Place(bus: 1, device: 10 + index, socket: "1-\(index + 1)"))
      }
      for camera in cameras { try await tether.first("camera.connected") { $0.camera == camera.serial } }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for camera in cameras { group.addTask { try await camera.shoot(2) } }
        try await group.waitForAll()
      }
      try await usb.tell("unplug c1")
      for camera in cameras { try await camera.shoot() }
      try await usb.plug(cameras[1], as: "c1", at: USBTestbed.Place(bus: 1, device: 20, socket: "1-7"))
      try await expectExactly(cameras.flatMap(\.shots), in: album)
      let lost = tether.events.filter { $0.event == "camera.lost" }
      #expect(lost.compactMap(\.camera) == ["BODY1"])
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: 9)
    }

    @Test(
      "A camera that was named by bus and device is followed to another socket, and no other takes its place")
    func followed() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let camera = try await SimulatedCamera.small("--serial", "MINE")
      let other = try await SimulatedCamera.small("--serial", "OTHER")
      try await usb.plug(camera, as: "mine", at: Self.places[0])
      let tether = try home.tether(on: usb, ["--camera", Self.places[0].port])
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      try await tether.first("camera.connected")
      try await usb.tell("unplug mine")
      try await tether.first("camera.lost")
      try await usb.plug(other, as: "other", at: Self.places[0])
      try await usb.plug(camera, as: "mine", at: Self.places[2])
      try await tether.first("camera.connected") { $0.port == .text(Self.places[2].port) }
      try await other.shoot()
      try await camera.shoot()
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: tether)
      #expect(tether.events.compactMap(\.camera).allSatisfy { $0 == "MINE" })
    }

    @Test("A transfer that fails on the cable is no lost frame")
    func transferError() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let camera = try await SimulatedCamera.small("--vendor", "nikon")
      try await usb.plug(camera, at: Self.places[0])
      let tether = try home.tether(on: usb)
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      try await tether.first("camera.connected")
      try await camera.tell("fault drop-after 150000")
      try await camera.shoot(2)
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: tether)
    }
  }
}

extension SimulatedCamera {
  /// A camera whose frames are quick to make and to send.
  static func small(_ arguments: String..., megabytes: Double = 0.3) async throws -> SimulatedCamera {
    try await start(arguments + ["--megabytes", "\(megabytes)", "--scenes", "2"])
  }
}
