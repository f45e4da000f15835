import Foundation

/// The answer to a command: one JSON object on one line.
public struct ControlAnswer: Encodable, Sendable {
  /// A file on a card or in RAM.
  public struct File: Encodable, Sendable {
    let path: String
    let bytes: Int
    let handle: UInt32
    let protected: Bool
  }

  /// What the camera says of itself.
  public struct Status: Encodable, Sendable {
    let vendor: String
    let model: String
    let serial: String
    let port: UInt16
    let session: Bool
    let battery: Int
    /// RFC 3339.
    let clock: String
    let files: Int
    let memory: Int
    /// In bytes, of the first card.
    let free: UInt64
  }

  /// A frame that was taken.
  public struct Taken: Encodable, Sendable {
    let name: String
    let path: String
    let bytes: Int
    let sha256: String
    let handle: UInt32
    /// RFC 3339 with milliseconds.
    let time: String

    public init(_ shot: Shot) {
      name = shot.name
      path = shot.path
      bytes = shot.bytes
      sha256 = shot.sha256
      handle = shot.handle
      time = Self.text(shot.time)
    }

    static func text(_ date: Date) -> String {
      date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
  }

  /// Whether it was done.
  public var ok = true
  public var error: String?
  public var shots: [Taken]?
  public var files: [File]?
  public var status: Status?
  /// How many files a command has found.
  public var count: Int?
  public var help: String?

  init() {}

  init(_ error: CameraSimulatorError) {
    ok = false
    self.error = error.description
  }
}
