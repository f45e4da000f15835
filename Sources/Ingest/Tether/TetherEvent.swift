public import Foundation
public import GPhoto
public import Model

/// What `tether` tells of cameras and frames.
public enum TetherEvent: Hashable, Sendable {
  /// A camera is connected and its first listing is done: what is shot from now on is not missed.
  case cameraConnected(TetheredCamera)
  /// The camera's battery and room.
  case cameraStatus(camera: String, CameraStatus)
  /// The camera's clock is so many seconds ahead of this machine's, as `CaptureClock.offset` counts; said when it is
  /// first known and when it has changed.
  case cameraClock(camera: String, offset: Int)
  /// A camera that was connected is gone; it is tried again by itself.
  case cameraLost(camera: String, CameraLoss)
  /// A frame was announced (or found by catching up) and will be fetched.
  case frameCaptured(CapturedFrame)
  /// So much of a frame has come.
  case frameProgress(capture: String, bytes: Int64, of: Int64)
  /// A frame is on disk and in the journal.
  case frameSafe(SafeFrame)
  /// An object was deleted on its card, as asked for, after it was delivered everywhere.
  case frameDeleted(camera: String, name: String, sha256: ContentHash)
  /// Something a person should know; the rest goes on.
  case warning(code: String, message: String)
}

/// A connected camera.
public struct TetheredCamera: Hashable, Sendable {
  /// What it is called in events and in the journal: its serial number where it has one.
  public var camera: String
  public var model: String
  /// `nil` where the camera does not say.
  public var serial: String?
  public var port: CameraPort
  public var status: CameraStatus
  /// From its plugging in until now; where it was not plugged in (a network, a connection that broke), from the
  /// beginning of the try that succeeded.
  public var readyAfter: Duration
}

/// A frame that is going to be fetched.
public struct CapturedFrame: Hashable, Sendable {
  /// A name for it until its content is known: the same in `frameProgress` and in `SafeFrame.capture`.
  public var capture: String
  public var camera: String
  /// Its file name on the camera, made harmless to show.
  public var name: String
  /// Its length in bytes as announced.
  public var bytes: Int64
  /// When the camera announced it, or a listing showed it.
  public var announcedAt: Date
  /// Whether a listing showed it, and not an announcement.
  public var isCatchUp: Bool
}

/// A frame that can no longer be lost.
public struct SafeFrame: Hashable, Sendable {
  /// The journal's row: what `Journal.progress(of:)` wants.
  public var id: Int64
  /// The frame's identity: the SHA-256 of its first original.
  public var frame: ContentHash
  public var capture: String
  public var camera: String
  public var name: String
  public var bytes: Int64
  /// The SHA-256 of this original.
  public var sha256: ContentHash
  /// Whether the journal had this original not yet; the same bytes under another name make no second one. A new
  /// original whose `sha256` is not `frame` has joined a frame that was there (RAW and JPEG).
  public var isNew: Bool
  public var announcedAt: Date
}

/// Why `tether` cannot go on.
public struct TetherError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Code: Hashable, Sendable {
    /// None of the cameras that were named could be reached: the reason of the first.
    case noCamera(CameraLoss.Code)
    /// USB cannot be watched on this machine.
    case noUSB
    /// The journal takes no more.
    case journal
  }

  public var code: Code
  /// For a person: what happened, what is safe, what to do.
  public var message: String
  public var underlying: (any Error)?

  public var description: String { message }
}

/// A camera's file name as it can be shown: whatever could move the cursor, hide text or look like a path is replaced.
enum DisplayName {
  /// How long a name may be, in UTF-8 bytes: what file systems and upload headers take.
  private static let longest = 255

  static func of(_ name: String) -> String {
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: name.unicodeScalars.prefix(1024).map(harmless))
    var text = String(scalars)
    guard text.utf8.count > longest else { return text.isEmpty ? "frame" : text }
    // The ending tells what it is.
    let dot = text.lastIndex(of: ".").map { String(text[$0...]) } ?? ""
    let ending = dot.utf8.count <= 12 ? dot : ""
    while text.utf8.count > longest - ending.utf8.count { text.removeLast() }
    return text + ending
  }

  private static func harmless(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: "_"
    default: scalar == "/" || scalar == "\\" ? "_" : scalar
    }
  }

  /// A message of a worker as one line.
  static func line(_ message: String) -> String {
    String(
      String.UnicodeScalarView(
        message.unicodeScalars.prefix(1000).map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
