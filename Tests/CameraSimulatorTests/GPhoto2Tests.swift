import CameraSimulator
import Foundation
import Testing

/// Debian's own program against every vendor's ways.
@Suite(
  "gphoto2 works with the simulated camera",
  .enabled(if: GPhoto2.isInstalled, "gphoto2 is not installed: apt-get install gphoto2"),
  .serialized)
struct GPhoto2Tests {
  @Test("It lists and downloads every frame with the camera's bytes", arguments: Vendor.allCases)
  func downloads(_ vendor: Vendor) async throws {
    let camera = try SimulatedCamera(configuration(vendor, bytes: 2_300_000))
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    for _ in 0..<3 { _ = try await camera.shoot() }

    let list = try await gphoto2.run("--list-files", camera: camera)
    #expect(list.exitCode == 0)
    for shot in camera.shots { #expect(list.output.contains(shot.name)) }

    let download = try await gphoto2.run("--get-all-files", camera: camera)
    #expect(download.exitCode == 0)
    #expect(download.files == Dictionary(uniqueKeysWithValues: camera.shots.map { ($0.name, $0.sha256) }))
  }

  @Test("Without GetPartialObject it downloads in one go", arguments: Vendor.allCases)
  func downloadsWhole(_ vendor: Vendor) async throws {
    var configuration = configuration(vendor, bytes: 2_300_000)
    configuration.offersPartialObject = false
    let camera = try SimulatedCamera(configuration)
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    let shot = try await camera.shoot()
    let download = try await gphoto2.run("--get-all-files", camera: camera)
    #expect(download.files == [shot.name: shot.sha256])
  }

  @Test("Tethered, it gets every frame that is taken", arguments: Vendor.allCases)
  func tethers(_ vendor: Vendor) async throws {
    let camera = try SimulatedCamera(configuration(vendor))
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    let run = try gphoto2.start(["--keep", "--capture-tethered"], camera: camera)
    try await run.untilTethered(camera)
    // One after the other: of several new frames on a Fuji the driver announces only the last.
    for _ in 0..<3 {
      let shot = try await camera.shoot()
      try await eventually { try run.files().values.contains(shot.sha256) }
    }
    let taken = camera.shots.suffix(3).map(\.sha256)
    run.end()
    #expect(Set(taken).isSubset(of: try await run.outcome().hashes))
  }

  @Test("It takes a frame itself and downloads it", arguments: Vendor.allCases)
  func captures(_ vendor: Vendor) async throws {
    let camera = try SimulatedCamera(configuration(vendor))
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    let capture = try await gphoto2.run("--capture-image-and-download", "--keep", camera: camera)
    #expect(capture.exitCode == 0)
    #expect(camera.shots.count == 1)
    #expect(capture.hashes == camera.shots.map(\.sha256))
  }

  @Test("It reads the battery, the serial number and the card", arguments: Vendor.allCases)
  func reads(_ vendor: Vendor) async throws {
    var configuration = configuration(vendor)
    configuration.serialNumber = "TEST12345"
    configuration.batteryLevel = 100
    let camera = try SimulatedCamera(configuration)
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    let settings = try await gphoto2.run(
      "--get-config", "batterylevel", "--get-config", "serialnumber", "--storage-info", camera: camera)
    #expect(settings.output.contains("Current: 100%"))
    #expect(settings.output.contains("Current: TEST12345"))
    #expect(settings.output.contains("totalcapacity=62500000 KB"))
  }

  @Test(
    "With the card as target a Canon and a Nikon announce the frame on the card",
    arguments: [
      Vendor.canon, .nikon,
    ])
  func capturesToCard(_ vendor: Vendor) async throws {
    let camera = try SimulatedCamera(configuration(vendor))
    defer { camera.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    let run = try await gphoto2.run(
      "--set-config", "capturetarget=1", "--capture-image-and-download", "--keep", camera: camera)
    #expect(run.files == ["IMG_0001.JPG": camera.shots.first?.sha256])
  }

  @Test("Two cameras in one process do not mix")
  func twoCameras() async throws {
    let first = try SimulatedCamera(configuration(.nikon))
    defer { first.stop() }
    var other = configuration(.canon)
    other.seed = 2
    let second = try SimulatedCamera(other)
    defer { second.stop() }
    let gphoto2 = try GPhoto2()
    defer { gphoto2.remove() }
    let shot = try await second.shoot()
    _ = try await first.shoot()
    #expect(first.shots.first?.sha256 != shot.sha256)
    #expect(try await gphoto2.run("--get-all-files", camera: second).hashes == [shot.sha256])
  }
}
