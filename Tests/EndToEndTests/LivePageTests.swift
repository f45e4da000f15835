import Foundation
import Testing

extension EndToEndTests {
  @Suite(
    "From the shutter to a guest's browser",
    .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
  struct LivePageTests {
    @Test(
      "Frames that the camera takes appear on an open page as pictures, and the album has the camera's bytes")
    func madePictures() async throws {
      let camera = try await SimulatedCamera.start("--vendor", "nikon", "--megabytes", "0.8", "--seed", "7")
      try await show(camera, count: 6) { _ in true }
    }

    @Test(
      "So do photographs of real cameras, RAW and HEIC too; a clip is delivered",
      .enabled(if: photos != nil, "no folder of photographs: PIXCHEESE_PHOTOS or ../shared/photos"))
    func photographs() async throws {
      let photos = try #require(Self.photos)
      let names = try FileManager.default.contentsOfDirectory(atPath: photos).filter { !$0.hasPrefix(".") }
      let camera = try await SimulatedCamera.start("--vendor", "canon", "--shots", photos, "--keep-names")
      try await show(camera, count: names.count) { !$0.name.lowercased().hasSuffix(".mov") }
    }

    /// Tethers a camera with a guest looking on, and takes frames.
    /// - Parameter isPicture: whether the guest is to see it.
    private func show(
      _ camera: SimulatedCamera, count: Int, isPicture: (SimulatedCamera.Shot) -> Bool
    ) async throws {
      let home = try Home()
      let tether = try home.tether(camera, album: "Anna 和 Jan")
      let page = try await tether.first("album.ready")
      let album = try AlbumReader(page: page.url, on: tether)
      try await tether.first("camera.connected")
      try await Browser.run { browser in
        try await browser.open(album.page)
        #expect(
          try await browser.evaluate(
            "window.isTheSamePage = true; return document.querySelectorAll('img[data-frame]').length") == 0)
        let shots = try await camera.shoot(count)
        #expect(Set(shots.map(\.sha256)).count == count)
        for shot in shots where isPicture(shot) {
          try await browser.wait(
            until: """
              const image = document.querySelector('img[data-frame="\(shot.sha256)"]');
              return image && image.complete && image.naturalWidth > 0;
              """, upTo: .seconds(300))
        }
        #expect(
          try await browser.evaluate("return window.isTheSamePage === true"), "the page was loaded again")
        for shot in shots {
          let delivered = try await tether.first("frame.delivered") { $0.frame == shot.sha256 }
          #expect(delivered.bytes == shot.bytes)
        }
        try await expectExactly(shots, in: album)
      }
      try await expectCleanEnd(of: tether)
      try await expectNothingLeft(in: home, frames: count)
      #expect(try camera.workers() == [])
    }

    /// A folder of photographs, where there is one.
    static let photos: String? = {
      let named = ProcessInfo.processInfo.environment["PIXCHEESE_PHOTOS"]
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      let folder = named ?? root.deletingLastPathComponent().appending(path: "shared/photos").path
      return FileManager.default.fileExists(atPath: folder) ? folder : nil
    }()
  }
}
