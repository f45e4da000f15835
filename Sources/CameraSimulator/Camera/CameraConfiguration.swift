public import Foundation

/// What a simulated camera is.
public struct CameraConfiguration: Sendable {
  /// Where new frames come from.
  public enum Pictures: Sendable {
    /// Scenes that the program draws: sky, hills, people or a stage, the frame's number and the time.
    case scenes(SceneOptions)
    /// The files of a folder in turn, by name, from the first again after the last.
    /// Their bytes are sent untouched, so a folder of one file gives equal frames.
    case files(URL)
    /// A valid head of a JPEG and seeded noise, no picture: for tests and measurements that look at bytes.
    case noise(bytes: Int)
  }

  public var vendor: Vendor = .generic
  /// `nil`: the vendor's default model.
  public var model: String?
  public var serialNumber = "PXC0000001"
  /// The TCP port on 127.0.0.1; 0 lets the kernel choose.
  public var port: UInt16 = 0
  /// A folder that is the card; `nil` keeps the card in memory.
  public var card: URL?
  /// 1 or 2. With 2 every frame goes to both cards and both are announced.
  public var slots = 1
  /// In bytes, for each card.
  public var capacity: UInt64 = 64_000_000_000
  public var pictures: Pictures = .scenes(SceneOptions())
  /// Decides what the scenes and the noise look like: the same seed gives the same.
  public var seed: UInt64 = 1
  /// Whether GetPartialObject (0x101B) is offered.
  public var offersPartialObject = true
  /// In percent.
  public var batteryLevel = 80
  /// What is added to this machine's clock, in seconds.
  public var clockOffset: TimeInterval = 0
  /// The camera's zone; PTP and EXIF dates are local times in it.
  public var timeZone: TimeZone = .current
  /// Whether a Canon body refuses to save to its card: there is none in it.
  public var isMemoryOnly = false
  /// How many frames a body takes that the computer has not deleted, in a session; `nil`: as many as the card holds. Some
  /// Fuji bodies under remote control keep each frame in a buffer for 12 or 13 and then refuse the shutter.
  public var buffer: Int?
  /// Whether frames from `Pictures.files` keep the files' own names.
  public var keepsFileNames = false
  /// The extension of a RAW file that is written with every frame, of the same number: `CR3`, `NEF`; `nil`: none. With
  /// two cards it goes to the second one alone, and the frame to the first.
  public var rawExtension: String?
  /// Whether the RAW file is written and announced before the other.
  public var isRawFirst = false

  public init() {}
}

/// How drawn scenes are made.
public struct SceneOptions: Sendable {
  /// Length of the file in bytes, met exactly; above 8,000,000 the picture has 24 megapixels, else 12.
  public var bytes = 4_000_000
  /// How many different scenes are drawn before they come again with a new EXIF head; 0 draws every frame anew.
  public var distinct = 0

  public init(bytes: Int = 4_000_000, distinct: Int = 0) {
    self.bytes = bytes
    self.distinct = distinct
  }
}
