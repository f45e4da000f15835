import Foundation
import Glibc
import Testing

extension EndToEndTests {
  @Suite(
    "A camera on USB that others have",
    .enabled(
      if: USBTestbed.isInstalled, "umockdev, gir1.2-umockdev-1.0 and python3-gi are not all installed"),
    .enabled(if: FileManager.default.isExecutableFile(atPath: USBTestbed.gphoto2), "gphoto2 is not installed")
  )
  struct USBHeldTests {
    private static let places = [
      USBTestbed.Place(bus: 1, device: 2, socket: "1-1"), USBTestbed.Place(bus: 1, device: 3, socket: "1-2"),
    ]

    @Test("Who holds the camera is named; --take-over ends exactly that program")
    func takeOver() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let (holders, bodies) = try await hold(in: usb, home: home)
      let cameras = try await home.run("cameras", environment: usb.environment)
      #expect(cameras.status == .exit(69))
      #expect(
        cameras.words.contains("gphoto2 (process \(holders[0].identifier)) holds the camera at usb:001,002"),
        "\(cameras.words)")
      #expect(cameras.words.contains("`kill \(holders[0].identifier)`"))

      let tether = try home.start(
        ["tether", "--album", "Party", "--listen", "127.0.0.1:0", "--camera", "usb:1,2", "--take-over"],
        environment: usb.environment)
      let warning = try await tether.first("warning") { $0.code == "taken_over" }
      #expect(warning.message?.contains("was ended") == true, "\(warning.message ?? "")")
      try await tether.first("camera.connected")
      _ = try await holders[0].end(within: .seconds(300))
      // The one that has the other camera was not touched.
      #expect(holders[1].status == nil)
      try await expectCleanEnd(of: tether)
      withExtendedLifetime(bodies) {}
    }

    @Test("The desktop is asked to unmount the camera, and not ended")
    func desktop() async throws {
      let usb = try await USBTestbed.start()
      let home = try Home()
      let daemon = home.folder.appending(path: "gvfsd-gphoto2")
      try FileManager.default.copyItem(atPath: USBTestbed.gphoto2, toPath: daemon.path)
      let (holders, bodies) = try await hold(in: usb, home: home, with: daemon)
      // The desktop's own way: what unmounts lets the daemon go. It says what it was asked.
      let gio = try home.write(
        "bin/gio",
        Data("#!/bin/sh\necho \"$@\" >'\(home.folder.path)/asked'\nkill -INT \(holders[0].identifier)\n".utf8)
      )
      #expect(chmod(gio, 0o755) == 0)
      let path = "\(home.folder.path)/bin:/usr/bin:/bin"
      let cameras = try await home.run(
        "cameras", "--camera", "usb:1,2",
        environment: usb.environment.merging(["PIXCHEESE_TAKE_OVER": "1", "PATH": path]) { $1 })
      #expect(cameras.status == .exit(0), "\(cameras.words)")
      #expect(
        try String(contentsOfFile: "\(home.folder.path)/asked", encoding: .utf8).hasPrefix("mount -s gphoto2")
      )
      withExtendedLifetime(bodies) {}
    }

    /// Plugs two cameras in, and has a program hold each.
    private func hold(in usb: USBTestbed, home: Home, with program: URL = URL(filePath: USBTestbed.gphoto2))
      async throws
      -> (holders: [Program], cameras: [SimulatedCamera])
    {
      var holders: [Program] = []
      var cameras: [SimulatedCamera] = []
      for (index, place) in Self.places.enumerated() {
        let camera = try await SimulatedCamera.small("--serial", "BODY\(index)")
        try await usb.plug(camera, as: "c\(index)", at: place)
        let holder = try Program(
          program, ["--port", place.port, "--wait-event=120s"],
          environment: usb.environment.merging(["HOME": home.folder.path]) { $1 })
        while holder.status == nil, !holder.hasOpen(place.node) {
          try await Task.sleep(for: .milliseconds(50))
        }
        cameras.append(camera)
        holders.append(holder)
      }
      return (holders, cameras)
    }
  }
}

extension Program {
  /// Whether it has a file open whose path ends so.
  fileprivate func hasOpen(_ path: String) -> Bool {
    let folder = "/proc/\(identifier)/fd"
    // It may have ended meanwhile, and a file be closed while we look.
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.contains {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)"))?.hasSuffix(path) == true
    }
  }
}
