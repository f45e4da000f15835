import CameraSimulator
import Foundation
import Testing

/// What gphoto2 sees of the faults.
@Suite(
  "Faults reach gphoto2",
  .enabled(if: GPhoto2.isInstalled, "gphoto2 is not installed: apt-get install gphoto2"),
  .serialized)
struct FaultTests {
  /// A camera with one frame of 2.5 MB, in front of gphoto2.
  private func withCamera(
    _ vendor: Vendor = .generic, _ body: (SimulatedCamera, Shot, GPhoto2) async throws -> Void
  ) async throws {
    let camera = try SimulatedCamera(configuration(vendor, bytes: 2_500_000))
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    try await body(camera, try await camera.shoot(), gphoto2)
  }

  @Test("A connection that drops in the middle of a download fails it, and the next run gets the frame")
  func dropAfter() async throws {
    try await withCamera { camera, shot, gphoto2 in
      camera.inject(.dropAfter(bytes: 1_200_000))
      let failed = try await gphoto2.run("--get-all-files", camera: camera)
      #expect(failed.exitCode != 0)
      #expect(failed.files[shot.name] != shot.sha256)
      let next = try await gphoto2.run("--get-all-files", "--force-overwrite", camera: camera)
      #expect(next.files == [shot.name: shot.sha256])
    }
  }

  @Test("A busy camera fails the first operations only")
  func busy() async throws {
    try await withCamera { camera, shot, gphoto2 in
      camera.inject(.busy(operations: 1))
      _ = try await gphoto2.run("--get-all-files", camera: camera)
      let next = try await gphoto2.run("--get-all-files", "--force-overwrite", camera: camera)
      #expect(next.files == [shot.name: shot.sha256])
    }
  }

  @Test("An initiator that is turned away finds no camera")
  func initFail() async throws {
    try await withCamera { camera, _, gphoto2 in
      camera.inject(.initFail(.busy, times: 1))
      let refused = try await gphoto2.run("--list-files", camera: camera)
      #expect(refused.exitCode != 0)
      let accepted = try await gphoto2.run("--list-files", camera: camera)
      #expect(accepted.exitCode == 0)
    }
  }

  @Test("A refused connection is refused as often as asked")
  func refuse() async throws {
    try await withCamera { camera, _, gphoto2 in
      camera.inject(.refuse(connections: 1))
      let refused = try await gphoto2.run("--list-files", camera: camera)
      #expect(refused.exitCode != 0)
      let accepted = try await gphoto2.run("--list-files", camera: camera)
      #expect(accepted.exitCode == 0)
    }
  }

  @Test("A stalled camera is given up by the driver")
  func stall() async throws {
    try await withCamera { camera, _, gphoto2 in
      camera.inject(.stall(seconds: nil))
      let refused = try await gphoto2.run("--list-files", camera: camera)
      #expect(refused.exitCode != 0)
      camera.clearFaults()
      let accepted = try await gphoto2.run("--list-files", camera: camera)
      #expect(accepted.exitCode == 0)
    }
  }

  @Test("A short answer leaves a short file, which gphoto2 does not notice")
  func short() async throws {
    try await withCamera { camera, shot, gphoto2 in
      // Read in parts, the driver asks for the missing bytes once more: the second answer is empty.
      camera.inject(.short(bytes: 1000, downloads: 2))
      let run = try await gphoto2.run("--get-all-files", camera: camera)
      #expect(run.files.count == 1)
      #expect(run.files[shot.name] != shot.sha256)
    }
  }

  @Test("After 9999 comes 0001 in a new folder, and both arrive", arguments: Vendor.allCases)
  func rollover(_ vendor: Vendor) async throws {
    try await withCamera(vendor) { camera, _, gphoto2 in
      camera.inject(.rollover)
      _ = try await camera.shoot()
      _ = try await camera.shoot()
      #expect(
        camera.shots.map(\.path) == [
          "/DCIM/100PIXCH/IMG_0001.JPG", "/DCIM/100PIXCH/IMG_9999.JPG", "/DCIM/101PIXCH/IMG_0001.JPG",
        ])
      let list = try await gphoto2.run("--list-files", camera: camera)
      #expect(list.output.contains("101PIXCH"))
    }
  }

  @Test("A formatted card has the same name with new bytes")
  func format() async throws {
    try await withCamera { camera, old, gphoto2 in
      try camera.format()
      let new = try await camera.shoot()
      #expect(new.name == old.name)
      #expect(new.handle != old.handle)
      #expect(try await gphoto2.run("--get-all-files", camera: camera).files == [new.name: new.sha256])
    }
  }

  @Test("An event that comes twice gives the frame twice or once, an event that is missing gives none")
  func events() async throws {
    try await withCamera { camera, _, gphoto2 in
      let run = try gphoto2.start(["--keep", "--capture-tethered"], camera: camera)
      try await run.untilTethered(camera)
      camera.inject(.missingEvents(1))
      let missing = try await camera.shoot()
      camera.inject(.duplicateEvents(1))
      let doubled = try await camera.shoot()
      try await eventually { try run.files().values.contains(doubled.sha256) }
      run.end()
      let outcome = try await run.outcome()
      #expect(!outcome.files.values.contains(missing.sha256))
    }
  }

  @Test("A Chinese name comes through")
  func chinese() async throws {
    try await withCamera { camera, _, gphoto2 in
      camera.inject(.name(Fault.HostileName.chinese.text))
      let shot = try await camera.shoot()
      let run = try await gphoto2.run("--get-all-files", camera: camera)
      #expect(run.files[Fault.HostileName.chinese.text] == shot.sha256)
    }
  }
}
