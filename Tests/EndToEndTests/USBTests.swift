import Foundation
import Glibc
import Model
import Testing

extension EndToEndTests {
  @Suite(
    "Cameras on USB",
    .enabled(
      if: USBTestbed.isInstalled, "umockdev, gir1.2-umockdev-1.0 and python3-gi are not all installed"))
  struct USBTests {
    @Test(
      "Every vendor's camera on USB is found by itself, and its frames reach the album",
      arguments: ["generic", "nikon", "canon", "sony", "fuji"])
    func vendors(vendor: String) async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small("--vendor", vendor)
      let place = USBTestbed.Place()
      try await usb.plug(camera, at: place)
      let home = try Home()
      let tether = try home.tether(on: usb)
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      let connected = try await tether.first("camera.connected")
      #expect(connected.port == .text(place.port))
      #expect(connected.camera == camera.serial)
      try await camera.shoot(3)
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: 3)
    }

    @Test("cameras lists what is plugged in, and says so if nothing is")
    func list() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let none = try await home.run("cameras", environment: usb.environment)
      #expect(none.status == .exit(69))
      #expect(none.words.contains("No camera is found on USB"))
      let camera = try await SimulatedCamera.small("--vendor", "canon", "--battery", "75")
      let place = USBTestbed.Place(bus: 3, device: 14, socket: "3-2.4")
      try await usb.plug(camera, at: place)
      struct Answer: Decodable {
        struct Row: Decodable, Equatable {
          var camera: String, model: String, serial: String, battery: String, usable: Bool
        }
        let cameras: [Row]
      }
      let answer: Answer = try await home.answer("cameras", environment: usb.environment)
      #expect(
        answer.cameras == [
          Answer.Row(
            camera: place.port, model: "Canon EOS R5", serial: camera.serial, battery: "75%", usable: true)
        ])
      let wireless = try await SimulatedCamera.small()
      let both: Answer = try await home.answer(
        "cameras", environment: usb.environment.merging(["PIXCHEESE_CAMERA": wireless.address]) { $1 })
      #expect(
        Set(both.cameras.map(\.camera)) == [place.port, wireless.address], "a camera that is set is one more")
    }

    @Test("With --frames 3 the camera on USB ends the run by itself, its frames in the album byte for byte")
    func frames() async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small()
      let home = try Home()
      try await usb.plug(camera, at: USBTestbed.Place())
      let tether = try home.tether(on: usb, ["--frames", "3"])
      try await tether.first("camera.connected")
      try await camera.shoot(3)
      #expect(try await tether.end() == .exit(0), "\(tether.words)")
      let delivered = tether.events.filter { $0.event == "frame.delivered" }.compactMap(\.frame)
      #expect(delivered.sorted() == camera.shots.map(\.sha256).sorted())
      #expect(try home.hashesOfAlbumFiles().isSuperset(of: camera.shots.map(\.sha256)))
    }

    @Test("A camera that is named by bus and device is tethered, and its neighbour is left alone")
    func named() async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small("--serial", "MINE")
      let other = try await SimulatedCamera.small("--serial", "OTHER")
      let place = USBTestbed.Place(bus: 2, device: 7, socket: "2-1")
      try await usb.plug(other, as: "other", at: USBTestbed.Place())
      try await usb.plug(camera, as: "mine", at: place)
      let home = try Home()
      let tether = try home.tether(on: usb, ["--camera", "usb:2,7"])
      let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
      #expect(try await tether.first("camera.connected").port == .text(place.port))
      try await other.shoot()
      try await camera.shoot(2)
      try await expectExactly(camera.shots, in: album)
      try await expectCleanEnd(of: tether)
      #expect(tether.events.compactMap(\.camera).allSatisfy { $0 == "MINE" })
    }

    @Test("demo takes the camera that is plugged in")
    func demo() async throws {
      let usb = try await USBTestbed.start()
      let camera = try await SimulatedCamera.small()
      try await usb.plug(camera, at: USBTestbed.Place())
      let home = try Home()
      let demo = try home.start(
        ["demo", "--frames", "1", "--listen", "127.0.0.1:0"], environment: usb.environment)
      try await demo.first("camera.connected")
      try await camera.shoot()
      #expect(try await demo.end() == .exit(0), "\(demo.words)")
      #expect(demo.words.contains("Found PixCheese Simulator"))
      #expect(
        Set(demo.events.filter { $0.event == "frame.delivered" }.map(\.frame)) == [camera.shots[0].sha256])
    }
  }
}

extension Home {
  /// Starts a tether of the cameras in a testbed.
  func tether(on usb: USBTestbed, _ more: [String] = []) throws -> Program {
    try start(
      ["tether", "--album", "Party", "--listen", "127.0.0.1:0"] + more, environment: usb.environment)
  }

  /// SHA-256 of every file of this machine's own albums.
  func hashesOfAlbumFiles() throws -> Set<String> {
    let albums = URL(filePath: path).appending(path: "albums")
    let files = FileManager.default.enumerator(at: albums, includingPropertiesForKeys: [.isRegularFileKey])
    var hashes: Set<String> = []
    for case let file as URL in files ?? FileManager.DirectoryEnumerator() {
      guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
      hashes.insert(ContentHash(of: try Data(contentsOf: file)).hex)
    }
    return hashes
  }
}
