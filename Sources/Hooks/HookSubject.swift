import Foundation
import Journal
import Model
import SystemPackage

/// A frame as a hook's program is told of it: in its environment, and as one line of JSON on its standard input.
public struct HookSubject: Sendable {
  let point: HookPoint
  /// SHA-256 of the frame's first original, or, while it is only captured, the run's own name for it.
  let frame: String
  let name: String
  /// A camera's serial number, or `file`.
  let camera: String
  var album: String?
  /// The original's file; `nil` while it is only captured.
  var path: String?
  var sha256: String?
  var bytes: Int64?
  var mediaType: String?

  /// A frame that a camera has announced.
  /// - Parameters:
  ///   - frame: the run's own name for it.
  ///   - camera: as the events name it.
  public init(captured frame: String, name: String, camera: String) {
    point = .captured
    self.frame = frame
    self.name = name
    self.camera = camera
  }

  init(_ call: HookCall) {
    point = call.point
    frame = call.frame.hash.hex
    name = call.frame.original.name
    camera = call.frame.source
    album = call.album
    path = call.frame.original.path.string
    sha256 = call.frame.hash.hex
    bytes = call.frame.original.bytes
    mediaType = call.frame.original.mediaType
  }

  private var fields: [(key: String, value: String)] {
    let all: [(String, String?)] = [
      ("hook", point.rawValue), ("frame", frame), ("name", name), ("camera", camera), ("album", album),
      ("path", path), ("sha256", sha256), ("bytes", bytes.map(String.init)), ("media_type", mediaType),
    ]
    return all.compactMap { key, value in value.map { (key, $0) } }
  }

  /// `PIXCHEESE_FRAME`, `PIXCHEESE_NAME` and so on; what is not known is empty, never another frame's.
  var environment: [String: String] {
    var variables: [String: String] = [:]
    for key in ["hook", "frame", "name", "camera", "album", "path", "sha256", "bytes", "media_type"] {
      variables["PIXCHEESE_\(key.uppercased())"] = ""
    }
    for (key, value) in fields {
      variables["PIXCHEESE_\(key.uppercased())"] = value.replacing("\u{0}", with: "")
    }
    return variables
  }

  /// One line.
  var json: [UInt8] {
    struct Line: Encodable {
      let hook: String, frame: String, name: String, camera: String
      let album: String?, path: String?, sha256: String?, bytes: Int64?, mediaType: String?
      enum CodingKeys: String, CodingKey {
        case hook, frame, name, camera, album, path, sha256, bytes
        case mediaType = "media_type"
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = Line(
      hook: point.rawValue, frame: frame, name: name, camera: camera, album: album, path: path,
      sha256: sha256, bytes: bytes, mediaType: mediaType)
    // Texts and whole numbers: there is none that JSON has no word for.
    guard let json = try? encoder.encode(line) else { return [] }
    return Array(json) + [UInt8(ascii: "\n")]
  }
}
