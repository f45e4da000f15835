import Foundation
import Glibc
import Testing

@testable import GPhoto

@Suite("A folder as a camera", .serialized)
struct DiskCameraTests {
  let folder: URL
  let library: GPhotoLibrary

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("gphoto-\(UUID().uuidString)")
    let card = folder.appendingPathComponent("card/DCIM/100TEST")
    try FileManager.default.createDirectory(at: card, withIntermediateDirectories: true)
    try Data(repeating: 7, count: 3_000_001).write(to: card.appendingPathComponent("IMG_0001.JPG"))
    try Data([1, 2, 3]).write(to: card.appendingPathComponent("Übung.JPG"))
    library = try GPhotoLibrary()
  }

  private func withCamera(_ body: (Camera) throws -> Void) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let camera = try library.connect(to: .disk(path: folder.appendingPathComponent("card").path))
    defer { camera.close() }
    try body(camera)
  }

  private func files(of camera: Camera) throws -> [CameraPath] {
    var found: [CameraPath] = []
    var folders = [CameraFolder.root]
    while let folder = folders.popLast() {
      folders += try camera.folders(in: folder)
      found += try camera.files(in: folder)
    }
    return found
  }

  @Test("Folders and files are listed with their lengths")
  func listing() throws {
    try withCamera { camera in
      let paths = try files(of: camera)
      #expect(Set(paths.map(\.name)) == ["IMG_0001.JPG", "Übung.JPG"])
      let path = try #require(paths.first { $0.name == "IMG_0001.JPG" })
      #expect(path.folder.hasSuffix("/DCIM/100TEST"))
      let info = try camera.info(of: path, isFresh: false)
      #expect(info.bytes == 3_000_001)
      #expect(info.modified > 0)
    }
  }

  @Test("A file is fetched whole where the driver has no partial reads")
  func whole() throws {
    try withCamera { camera in
      let path = try #require(try files(of: camera).first { $0.name == "IMG_0001.JPG" })
      let bytes = Collected()
      try camera.readWhole(path) { part in
        bytes.append(part)
        return true
      }
      #expect(bytes.content == Data(repeating: 7, count: 3_000_001))
    }
  }

  @Test("A sink that takes no more ends the download with an error, never with success")
  func stopped() throws {
    try withCamera { camera in
      let path = try #require(try files(of: camera).first { $0.name == "IMG_0001.JPG" })
      let error = #expect(throws: GPhotoError.self) { try camera.readWhole(path) { _ in false } }
      #expect(error?.kind == .cancelled)
    }
  }

  @Test("A file that is not there is an error that says to go on with others")
  func missing() throws {
    try withCamera { camera in
      let error = #expect(throws: GPhotoError.self) {
        try camera.info(of: CameraPath(folder: "/", name: "none.jpg"), isFresh: false)
      }
      #expect(error?.recovery == .skip)
      #expect(error?.isRetryable == false)
      #expect(error?.text.isEmpty == false)
    }
  }

  @Test("The driver for folders announces nothing and says so")
  func events() throws {
    try withCamera { camera in
      let error = #expect(throws: GPhotoError.self) { try camera.waitForEvent(milliseconds: 1) }
      #expect(error?.kind == .notSupported)
    }
  }

  @Test("Descriptor 0 is taken after a camera is closed")
  func descriptorZero() throws {
    try withCamera { $0.close() }
    #expect(fcntl(0, F_GETFD) != -1)
  }

  @Test("A port where nobody listens is an error that connecting again may cure")
  func refused() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = #expect(throws: GPhotoError.self) {
      // Port 1 of loopback: reserved (tcpmux), and nobody serves it.
      _ = try library.connect(to: .ptpip(host: "127.0.0.1", port: 1))
    }
    #expect(error?.recovery == .reconnect)
  }

  @Test("A host that does not exist is an unknown port")
  func unknownHost() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let error = #expect(throws: GPhotoError.self) {
      _ = try library.connect(to: .ptpip(host: "no-such-host.invalid", port: 15740))
    }
    #expect(error?.kind == .unknownPort)
    #expect(error?.detail?.contains("no-such-host.invalid") == true)
  }
}

/// Bytes gathered in a callback.
private final class Collected {
  private(set) var content = Data()
  func append(_ part: UnsafeRawBufferPointer) { content.append(contentsOf: part) }
}

@Suite("Values")
struct GPhotoValueTests {
  @Test(
    "Ports are read as the command line names them",
    arguments: [
      ("usb:1,4", CameraPort.usb(bus: 1, device: 4), "usb:001,004"),
      ("usb:001,012", .usb(bus: 1, device: 12), "usb:001,012"),
      ("ptpip:192.168.1.9", .ptpip(host: "192.168.1.9", port: 15740), "ptpip:192.168.1.9:15740"),
      ("ptpip:camera.local:5000", .ptpip(host: "camera.local", port: 5000), "ptpip:camera.local:5000"),
    ])
  func ports(text: String, port: CameraPort, description: String) throws {
    #expect(try CameraPort(parsing: text) == port)
    #expect(port.description == description)
  }

  @Test(
    "A text that names no port is refused with the reason",
    arguments: [
      "", "usb:", "usb:1", "usb:a,b", "ptpip:", "ptpip:h:0", "ptpip:h:1:1", "ptpip:a b", "com1", "disk:x",
    ])
  func badPorts(text: String) {
    #expect(throws: CameraPort.ParseError.self) { try CameraPort(parsing: text) }
  }

  @Test("A PTP/IP port stands twice in the library's path, the host as a number")
  func libraryPath() throws {
    #expect(try CameraPort.ptpip(host: "localhost", port: 5000).libraryPath() == "ptpip:127.0.0.1:5000:5000")
  }

  @Test(
    "Vendors' texts are matched loosely",
    arguments: [
      ("ObjectRemoved", CameraEvent.fileRemoved), ("PTP ObjectRemoved, Param1 00000001", .fileRemoved),
      ("PTP StoreRemoved, Param1 00010001", .storageChanged), ("PTP Deviceinfo changed", .storageChanged),
      ("PTP Property d407 changed", .other("PTP Property d407 changed")),
    ])
  func events(text: String, event: CameraEvent) {
    #expect(CameraEvent(text: text) == event)
  }

  @Test("libgphoto2's hexadecimal dumps are replaced by nothing")
  func hexDumps() throws {
    let library = try #require(dlopen("libgphoto2_port.so.12", RTLD_NOW))
    defer { dlclose(library) }
    let everybody = try #require(dlopen(nil, RTLD_NOW))
    defer { dlclose(everybody) }
    let theirs = try #require(dlsym(library, "gp_log_data"))
    let used = try #require(dlsym(everybody, "gp_log_data"))
    #expect(used != theirs)
  }

  @Test("A transfer buffer holds what was asked for")
  func buffer() throws {
    let buffer = try #require(TransferBuffer(bytes: 5000))
    #expect(buffer.capacity >= 5000)
    memset(buffer.start, 1, buffer.capacity)
  }

  @Test("A process that has a device open is found by nobody else's name")
  func holders() {
    #expect(DeviceHolder.holding(.usb(bus: 999, device: 999)).isEmpty)
  }
}

@Suite("libgphoto2's hex dumps")
struct HexDumpTests {
  @Test("The library's calls find our empty function first")
  func empty() throws {
    let library = try #require(dlopen("libgphoto2_port.so.12", RTLD_LAZY | RTLD_NOLOAD))
    defer { dlclose(library) }
    let theirs = try #require(dlsym(library, "gp_log_data"))
    let found = try #require(dlsym(nil, "gp_log_data"), "what a call from anywhere finds")
    #expect(found != theirs)
  }
}
