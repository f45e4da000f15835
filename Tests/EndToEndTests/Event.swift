import Foundation

/// A line of JSON from one of the programs: every key that the tests look at, whichever the line has.
struct Event: Decodable, Sendable {
  var event: String?
  var time: String?

  // pixcheese tether and upload
  var album: String?
  var url: String?
  var camera: String?
  var model: String?
  var frame: String?
  var name: String?
  var bytes: Int64?
  var sha256: String?
  var milliseconds: Int?
  var code: String?
  var message: String?
  var reason: String?
  var count: Int?
  var delivered: Int?
  var failed: Int?
  var open: Int?

  // pixcheese album create
  var uploadURL: String?
  var token: String?

  // pixcheese-camsim and scripts/usb-testbed
  var port: Port?
  var vendor: String?
  var serial: String?
  var root: String?
  var ok: Bool?
  var error: String?

  /// A camera's port is a text where pixcheese says it, and a TCP port's number where the camera does.
  enum Port: Decodable, Equatable, Sendable {
    case number(UInt16)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(UInt16.self) {
        self = .number(number)
      } else {
        self = .text(try container.decode(String.self))
      }
    }
  }

  private enum CodingKeys: String, CodingKey {
    case event, time, album, url, camera, model, frame, name, bytes, sha256, milliseconds, code, message,
      reason
    case count, delivered, failed, open, token, port, vendor, serial, root, ok, error
    case uploadURL = "upload_url"
  }

  /// Reads a line; `nil` if it is no JSON object.
  init?(json: Data) {
    guard let event = try? JSONDecoder().decode(Event.self, from: json) else { return nil }
    self = event
  }
}
