import Crypto
import Foundation

/// The live page's files, which are part of the program.
enum PageFiles {
  struct File: Sendable {
    let name: String
    let bytes: [UInt8]
    let mediaType: String
    /// From the content, so that a browser asks again after every update of the program and gets 304 until then.
    let tag: String

    fileprivate init(_ name: String, _ bytes: [UInt8]) {
      self.name = name
      self.bytes = bytes
      mediaType = PageFiles.mediaType(of: name)
      let digest = SHA256.hash(data: bytes).prefix(12)
      tag = "\"\(Data(digest).base64EncodedString())\""
    }
  }

  static let index = File("index.html", PackageResources.index_html)

  /// What `/assets/NAME` serves. SwiftPM embeds the files but does not list them; a test compares this with the folder.
  static let assets: [String: File] = {
    let files = [
      File("album.js", PackageResources.album_js), File("bucket.js", PackageResources.bucket_js),
      File("feed.js", PackageResources.feed_js),
      File("gestures.js", PackageResources.gestures_js), File("grid.js", PackageResources.grid_js),
      File("icon.svg", PackageResources.icon_svg), File("layout.js", PackageResources.layout_js),
      File("lightbox.js", PackageResources.lightbox_js), File("merge.js", PackageResources.merge_js),
      File("motion.js", PackageResources.motion_js),
      File("page.css", PackageResources.page_css), File("page.js", PackageResources.page_js),
      File("picture.js", PackageResources.picture_js), File("slide.js", PackageResources.slide_js),
      File("words.js", PackageResources.words_js),
    ]
    return Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0) })
  }()

  static let openAPI = File("openapi.yaml", PackageResources.openapi_yaml)

  private static func mediaType(of name: String) -> String {
    switch name.split(separator: ".").last {
    case "html": "text/html; charset=utf-8"
    case "css": "text/css; charset=utf-8"
    case "js": "text/javascript; charset=utf-8"
    case "svg": "image/svg+xml"
    case "png": "image/png"
    case "ico": "image/x-icon"
    case "json", "webmanifest": "application/json"
    case "yaml": "application/yaml"
    default: "application/octet-stream"
    }
  }
}
