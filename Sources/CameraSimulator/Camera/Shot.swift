public import Foundation

/// A frame that a simulated camera has taken.
public struct Shot: Sendable, Hashable {
  /// The file's name, as the camera says it.
  public let name: String
  /// The path on the card, `/DCIM/100PIXCH/IMG_0001.JPG`; the name alone for a frame in the camera's RAM.
  public let path: String
  /// The length in bytes.
  public let bytes: Int
  /// 64 lower-case hexadecimal digits.
  public let sha256: String
  /// The object's handle.
  public let handle: UInt32
  /// When it was announced, by this machine's clock.
  public let time: Date
}
