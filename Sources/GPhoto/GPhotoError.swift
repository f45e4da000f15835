import CGPhoto2

/// What libgphoto2 answered when a call failed.
public struct GPhotoError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The failure's name, from `gphoto2-port-result.h` and `gphoto2-result.h`.
  public enum Kind: String, Hashable, Codable, Sendable {
    case unspecified, badParameters, noMemory, library, unknownPort, notSupported, io, limitExceeded, timeout
    case portInit, read, write, usbClearHalt, deviceGone, cannotClaim, cannotLock
    case corrupted, fileExists, modelNotFound, directoryNotFound, fileNotFound, directoryExists, cameraBusy
    case pathNotAbsolute, cancelled, cameraError, systemFailure, noSpace, other
  }

  /// What helps against it (decided here and nowhere else).
  public enum Recovery: String, Hashable, Codable, Sendable {
    /// The camera is busy: the same call a little later.
    case retry
    /// The connection is spoilt: close, connect again.
    case reconnect
    /// The device is gone: wait until it is plugged in again.
    case replug
    /// Another program holds the camera.
    case release
    /// This object cannot be had; others can. List again.
    case skip
    /// Nothing: asking again gives the same answer.
    case none
  }

  /// The library's number, below zero.
  public let code: Int32
  /// Its name.
  public let kind: Kind
  /// The library's own text for the number.
  public let text: String
  /// What the driver said besides, if it did.
  public let detail: String?

  init(code: Int32, detail: String? = nil) {
    self.code = code
    kind = Self.kind(of: code)
    text = gp_result_as_string(code).map { String(cString: $0) } ?? "error \(code)"
    self.detail = detail
  }

  /// The number for "there is no such port".
  static let unknownPortCode = Int32(GP_ERROR_UNKNOWN_PORT)

  /// What helps against it.
  public var recovery: Recovery {
    switch kind {
    case .cameraBusy: .retry
    case .unspecified, .io, .timeout, .read, .write, .portInit, .usbClearHalt, .cameraError, .corrupted,
      .systemFailure:
      .reconnect
    case .deviceGone: .replug
    case .cannotClaim, .cannotLock: .release
    case .fileNotFound, .directoryNotFound, .badParameters: .skip
    case .noMemory, .library, .unknownPort, .notSupported, .limitExceeded, .fileExists, .modelNotFound,
      .directoryExists, .pathNotAbsolute, .cancelled, .noSpace, .other:
      .none
    }
  }

  /// Whether the same thing may succeed later without a person's help.
  public var isRetryable: Bool {
    switch recovery {
    case .retry, .reconnect, .replug: true
    case .release, .skip, .none: false
    }
  }

  public var description: String {
    if let detail, !detail.isEmpty { return "\(text) (\(code)): \(detail)" }
    return "\(text) (\(code))"
  }

  private static func kind(of code: Int32) -> Kind {
    switch code {
    case GP_ERROR: .unspecified
    case GP_ERROR_BAD_PARAMETERS: .badParameters
    case GP_ERROR_NO_MEMORY: .noMemory
    case GP_ERROR_LIBRARY: .library
    case GP_ERROR_UNKNOWN_PORT: .unknownPort
    case GP_ERROR_NOT_SUPPORTED: .notSupported
    case GP_ERROR_IO: .io
    case GP_ERROR_FIXED_LIMIT_EXCEEDED: .limitExceeded
    case GP_ERROR_TIMEOUT: .timeout
    case GP_ERROR_IO_INIT: .portInit
    case GP_ERROR_IO_READ: .read
    case GP_ERROR_IO_WRITE: .write
    case GP_ERROR_IO_USB_CLEAR_HALT: .usbClearHalt
    case GP_ERROR_IO_USB_FIND: .deviceGone
    case GP_ERROR_IO_USB_CLAIM: .cannotClaim
    case GP_ERROR_IO_LOCK: .cannotLock
    case GP_ERROR_CORRUPTED_DATA: .corrupted
    case GP_ERROR_FILE_EXISTS: .fileExists
    case GP_ERROR_MODEL_NOT_FOUND: .modelNotFound
    case GP_ERROR_DIRECTORY_NOT_FOUND: .directoryNotFound
    case GP_ERROR_FILE_NOT_FOUND: .fileNotFound
    case GP_ERROR_DIRECTORY_EXISTS: .directoryExists
    case GP_ERROR_CAMERA_BUSY: .cameraBusy
    case GP_ERROR_PATH_NOT_ABSOLUTE: .pathNotAbsolute
    case GP_ERROR_CANCEL: .cancelled
    case GP_ERROR_CAMERA_ERROR: .cameraError
    case GP_ERROR_OS_FAILURE: .systemFailure
    case GP_ERROR_NO_SPACE: .noSpace
    default: .other
    }
  }
}

/// Passes a result on, or throws what it says.
@discardableResult
func check(_ result: Int32) throws(GPhotoError) -> Int32 {
  guard result >= GP_OK else { throw GPhotoError(code: result) }
  return result
}
