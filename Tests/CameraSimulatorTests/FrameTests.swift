import Crypto
import Foundation
import Testing

@testable import CameraSimulator

@Suite("Frames and cards")
struct FrameTests {
  /// A folder for one test.
  private func withFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("camsim-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { removeFolder(folder) }
    try await body(folder)
  }

  @Test("A made frame is a JPEG of exactly the length asked for, with a thumbnail in its EXIF")
  func scene() async throws {
    var configuration = CameraConfiguration()
    configuration.pictures = .scenes(SceneOptions(bytes: 1_500_000))
    var source = try FrameSource(configuration)
    let facts = try CameraState(configuration).nextFacts
    let frame = try source.next(facts)
    let bytes = try frame.content.prefix(.max)
    #expect(bytes.count == 1_500_000)
    let head = JPEGHead(bytes)
    #expect(head.width == 4242)
    #expect(head.height == 2828)
    #expect(head.thumbnail.prefix(2) == [0xFF, 0xD8])
    #expect(head == frame.head)
  }

  @Test("The same seed draws the same scene, another seed another")
  func seeds() {
    let scene = Scene(seed: 4, number: "0001", caption: "now").svg()
    #expect(scene == Scene(seed: 4, number: "0001", caption: "now").svg())
    #expect(scene != Scene(seed: 5, number: "0001", caption: "now").svg())
    #expect(scene.contains(">0001</text>"))
  }

  @Test("Numbers go from 9999 to 0001 in the next folder, and from the last folder to the first")
  func numbers() {
    var number = FrameNumber(folder: 100, file: 9999)
    number.advance()
    #expect(number == FrameNumber(folder: 101, file: 1))
    #expect(number.fileName(extension: "JPG") == "IMG_0001.JPG")
    number = FrameNumber(folder: 999, file: 9999)
    number.advance()
    #expect(number == FrameNumber(folder: 100, file: 1))
  }

  @Test("A folder is a card: its files are there, new frames go into it, and the numbers go on")
  func folderCard() async throws {
    try await withFolder { folder in
      let photos = folder.appendingPathComponent("DCIM/100PIXCH")
      try FileManager.default.createDirectory(at: photos, withIntermediateDirectories: true)
      try Data([1, 2, 3]).write(to: photos.appendingPathComponent("IMG_0041.JPG"))
      var configuration = configuration(.generic)
      configuration.card = folder
      let camera = try SimulatedCamera(configuration)
      defer { camera.stop() }
      let shot = try await camera.shoot()
      #expect(shot.path == "/DCIM/100PIXCH/IMG_0042.JPG")
      let written = try Data(contentsOf: photos.appendingPathComponent("IMG_0042.JPG"))
      #expect(hex(SHA256.hash(data: written)) == shot.sha256)
      #expect(try camera.delete("IMG_0041.JPG") == 1)
      #expect(!FileManager.default.fileExists(atPath: photos.appendingPathComponent("IMG_0041.JPG").path))
    }
  }

  @Test("A hostile name stays in memory and writes nothing outside the card")
  func hostileName() async throws {
    try await withFolder { folder in
      let card = folder.appendingPathComponent("a/b/card")
      try FileManager.default.createDirectory(at: card, withIntermediateDirectories: true)
      var configuration = configuration(.generic)
      configuration.card = card
      let camera = try SimulatedCamera(configuration)
      defer { camera.stop() }
      camera.inject(.name(Fault.HostileName.traversal.text))
      #expect(try await camera.shoot().name == "../../evil.JPG")
      let written = FileManager.default.enumerator(atPath: folder.path)?.allObjects.compactMap {
        $0 as? String
      }
      #expect(written?.contains { $0.hasSuffix("evil.JPG") } == false)
    }
  }

  @Test("Files of a folder come in turn, with their own bytes")
  func fileShots() async throws {
    try await withFolder { folder in
      try Data([1]).write(to: folder.appendingPathComponent("a.jpg"))
      try Data([2]).write(to: folder.appendingPathComponent("b.nef"))
      var configuration = CameraConfiguration()
      configuration.pictures = .files(folder)
      let camera = try SimulatedCamera(configuration)
      defer { camera.stop() }
      for _ in 0..<3 { _ = try await camera.shoot() }
      #expect(camera.shots.map(\.name) == ["IMG_0001.JPG", "IMG_0002.NEF", "IMG_0003.JPG"])
      #expect(camera.shots[0].sha256 == hex(SHA256.hash(data: [1])))
      #expect(camera.shots[1].sha256 == hex(SHA256.hash(data: [2])))
    }
  }

  @Test("A stopped camera's port is free at once")
  func port() throws {
    var configuration = configuration(.generic)
    let first = try SimulatedCamera(configuration)
    configuration.port = first.port
    #expect(throws: CameraSimulatorError.self) { try SimulatedCamera(configuration) }
    first.stop()
    let second = try SimulatedCamera(configuration)
    #expect(second.port == first.port)
    second.stop()
  }

  @Test("Pieces of an object join to the bytes that were asked for")
  func slices() throws {
    let content = ObjectContent([.bytes([1, 2, 3]), .filling(length: 2), .bytes([4, 5])])
    #expect(content.length == 7)
    #expect(try content.prefix(6) == [1, 2, 3, 0, 0, 4])
    #expect(content.slices(of: 2..<6).map(\.range) == [2..<3, 0..<2, 0..<1])
    #expect(try content.sha256() == hex(SHA256.hash(data: [1, 2, 3, 0, 0, 4, 5])))
  }
}
