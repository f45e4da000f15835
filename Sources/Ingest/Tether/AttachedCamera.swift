import Foundation
public import GPhoto

/// A camera that is plugged in, and whether it can be used: what `pixcheese cameras` shows.
public struct AttachedCamera: Hashable, Sendable {
  public var port: CameraPort
  /// libgphoto2's name for it.
  public var model: String
  /// Why it cannot be used and what to do, for a person; `nil` if nothing stands in the way.
  public var obstacle: String?

  /// The cameras on USB: what libgphoto2 knows, and whatever speaks PTP.
  /// - Throws: `USBError` where USB cannot be looked at, `GPhotoError` where libgphoto2's lists cannot be loaded.
  public static func list() async throws -> [AttachedCamera] {
    // libusb and libgphoto2 block: a thread of its own for as long as it takes (some 50 ms).
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread { continuation.resume(with: Result { try look() }) }
      thread.name = "cameras"
      thread.start()
    }
  }

  private static func look() throws -> [AttachedCamera] {
    let library = try GPhotoLibrary()
    return try USBDevice.attached().compactMap { device in
      guard let model = try library.model(of: device) else { return nil }
      var obstacle: String?
      if device.isMassStorage, !device.isPTP {
        obstacle = "It is in mass-storage mode: choose PTP or PC Remote in the camera's USB menu."
      } else if let holder = DeviceHolder.holding(bus: device.bus, device: device.device).first {
        obstacle = "\(holder.name) (process \(holder.process)) holds it. `\(holder.remedy)` frees it."
      }
      return AttachedCamera(port: device.port, model: model, obstacle: obstacle)
    }
  }
}
