import Foundation
import Ingest
import Model

/// What a command that stays tells scripts, one JSON object a line (contract.md, "Events").
enum LiveEvent: Sendable {
  case albumReady(album: String, url: String?)
  case cameraConnected(camera: String, model: String, serial: String, port: String)
  /// Said when connected, and when a figure has changed.
  case cameraStatus(camera: String, CameraStatus)
  case cameraClock(camera: String, offset: Int)
  case cameraLost(camera: String, reason: String)
  /// `frame` is a name for this run only, until the frame is safe.
  case frameCaptured(frame: String, camera: String, name: String)
  /// `sha256` is the original's; another than `frame` where it is the second of a RAW and JPEG pair.
  case frameSafe(frame: ContentHash, name: String, bytes: Int64, sha256: ContentHash)
  case frameViewable(frame: ContentHash, album: String, milliseconds: Int?)
  case frameDelivered(frame: ContentHash, album: String, bytes: Int64)
  /// A further original of a frame that was delivered.
  case originalDelivered(frame: ContentHash, album: String, name: String, bytes: Int64, sha256: ContentHash)
  case frameDeleted(frame: ContentHash, camera: String, name: String)
  case deliveryWaiting(album: String, count: Int, bytes: Int64, reason: String)
  case warning(code: String, message: String)
  case error(code: String, message: String)
}

extension LiveEvent {
  /// An event and when it happened, as it goes to standard output.
  struct Line: Encodable {
    let event: LiveEvent
    let time: Date

    private enum Key: String, CodingKey {
      case event, time, album, url, camera, model, serial, port, reason, frame, name, bytes, sha256,
        milliseconds
      case count, code, message, battery, free
      case batteryPercent = "battery_percent"
      case framesLeft = "frames_left"
      case offset = "offset_seconds"
    }

    func encode(to encoder: any Encoder) throws {
      var line = encoder.container(keyedBy: Key.self)
      try line.encode(Text.time(time), forKey: .time)
      func encode(_ name: String, _ texts: [(Key, String)], _ numbers: [(Key, Int64)] = []) throws {
        try line.encode(name, forKey: .event)
        for (key, text) in texts { try line.encode(text, forKey: key) }
        for (key, number) in numbers { try line.encode(number, forKey: key) }
      }
      switch event {
      case .albumReady(let album, let url):
        try encode("album.ready", [(.album, album)])
        try line.encode(url, forKey: .url)
      case .cameraConnected(let camera, let model, let serial, let port):
        try encode(
          "camera.connected", [(.camera, camera), (.model, model), (.serial, serial), (.port, port)])
      case .cameraStatus(let camera, let status):
        try encode("camera.status", [(.camera, camera)])
        try line.encode(status.battery, forKey: .battery)
        try line.encode(status.batteryPercent, forKey: .batteryPercent)
        try line.encode(status.framesLeft, forKey: .framesLeft)
        try line.encode(status.free, forKey: .free)
      case .cameraClock(let camera, let offset):
        try encode("camera.clock", [(.camera, camera)], [(.offset, Int64(offset))])
      case .cameraLost(let camera, let reason):
        try encode("camera.lost", [(.camera, camera), (.reason, reason)])
      case .frameCaptured(let frame, let camera, let name):
        try encode("frame.captured", [(.frame, frame), (.camera, camera), (.name, name)])
      case .frameSafe(let frame, let name, let bytes, let sha256):
        try encode(
          "frame.safe", [(.frame, frame.hex), (.name, name), (.sha256, sha256.hex)], [(.bytes, bytes)])
      case .frameViewable(let frame, let album, let milliseconds):
        try encode("frame.viewable", [(.frame, frame.hex), (.album, album)])
        try line.encode(milliseconds, forKey: .milliseconds)
      case .frameDelivered(let frame, let album, let bytes):
        try encode("frame.delivered", [(.frame, frame.hex), (.album, album)], [(.bytes, bytes)])
      case .originalDelivered(let frame, let album, let name, let bytes, let sha256):
        try encode(
          "original.delivered",
          [(.frame, frame.hex), (.album, album), (.name, name), (.sha256, sha256.hex)], [(.bytes, bytes)])
      case .frameDeleted(let frame, let camera, let name):
        try encode("frame.deleted", [(.frame, frame.hex), (.camera, camera), (.name, name)])
      case .deliveryWaiting(let album, let count, let bytes, let reason):
        try encode(
          "delivery.waiting", [(.album, album), (.reason, reason)], [(.count, Int64(count)), (.bytes, bytes)])
      case .warning(let code, let message): try encode("warning", [(.code, code), (.message, message)])
      case .error(let code, let message): try encode("error", [(.code, code), (.message, message)])
      }
    }
  }
}
