import CGPhoto2
import Glibc

/// The camera's own clock: ptp2's `datetime`, which is PTP's DateTime (Nikon, Fuji and others) and Canon EOS's
/// CameraTime. Sony bodies under remote control have none.
extension Camera {
  /// What the camera's clock shows, as if its digits were UTC, in seconds since 1970: PTP's dates have no zone.
  ///
  /// Needs `CameraProcess.prepare`, which makes UTC the process's zone. Canon EOS bodies tell their clock when a
  /// session opens, and ptp2 repeats that afterwards: a value that does not move is old.
  /// - Returns: `nil` where the camera has no clock that can be read.
  public func clock() throws(GPhotoError) -> Int64? {
    guard let seconds = try widget("datetime")?.seconds(), seconds > 0 else { return nil }
    return Int64(seconds)
  }

  /// Sets the camera's clock.
  /// - Parameter seconds: as `clock()` counts.
  /// - Returns: `false` where the camera has no clock that can be set, or refuses.
  public func setClock(_ seconds: Int64) throws(GPhotoError) -> Bool {
    guard let widget = try widget("datetime"), try widget.seconds() != nil else { return false }
    do {
      try widget.set(seconds: Int32(clamping: seconds))
      try context.call { gp_camera_set_single_config(pointer, "datetime", widget.pointer, $0) }
      return true
    } catch {
      // As with the capture target: a refusal comes as "unspecified".
      guard !error.isRetryable || error.kind == .unspecified else { throw error }
      return false
    }
  }
}
