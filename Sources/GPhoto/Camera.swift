import CGPhoto2
import Glibc
import Synchronization

/// A connected camera.
///
/// Every call blocks, some for many seconds. One camera belongs to one thread for its whole life: two threads on one
/// camera lose events (`cameraBusy`), so the class is not `Sendable` on purpose.
public final class Camera {
  /// Where it is connected.
  public let port: CameraPort
  let pointer: UnsafeMutablePointer<CGPhoto2.Camera>
  let context: CameraContext
  private var isOpen = false
  /// The last frames that the library took out of the camera's memory, and how many bytes of each came. It keeps two
  /// itself (libgphoto2#1051).
  private var arrivals: [(path: CameraPath, bytes: UInt64?)] = []

  init(abilities: CameraAbilities, info: OpaquePointer, port: CameraPort) throws(GPhotoError) {
    self.port = port
    context = try CameraContext()
    var pointer: UnsafeMutablePointer<CGPhoto2.Camera>?
    try check(gp_camera_new(&pointer))
    guard let pointer else { throw GPhotoError(code: Int32(GP_ERROR_NO_MEMORY)) }
    self.pointer = pointer
    try check(gp_camera_set_abilities(pointer, abilities))
    try check(gp_camera_set_port_info(pointer, info))
    try context.call { gp_camera_init(pointer, $0) }
    isOpen = true
  }

  deinit {
    close()
    gp_camera_unref(pointer)
    // Freeing a PTP/IP camera closes descriptor 0 as exiting it does.
    CameraProcess.occupyStandardInput()
  }

  /// Ends the connection as politely as the camera lets us; whatever fails, it is over afterwards.
  public func close() {
    guard isOpen else { return }
    isOpen = false
    // The connection is given up either way, and a camera that is gone cannot be told.
    _ = gp_camera_exit(pointer, context.pointer)
    CameraProcess.occupyStandardInput()
  }

  /// Resets a USB port after an I/O error, which brings back a camera that hangs. Not repeated: a storm of resets
  /// helps nobody.
  public func resetPort() {
    guard case .usb = port, let port = pointer.pointee.port else { return }
    // A device that is gone cannot be reset; connecting anew tells.
    _ = gp_port_reset(port)
  }

  private func noteArrival(of path: CameraPath) {
    arrivals = arrivals.suffix(3) + [(path, TransferWatch.shared.withLock { $0.received })]
  }

  /// Whether all of a frame in the camera's memory has come, by what the camera announced.
  /// - Throws: `corrupted` if not, or if nobody can tell.
  func checkArrival(of path: CameraPath, announced: UInt64) throws(GPhotoError) {
    guard let bytes = arrivals.last(where: { $0.path == path })?.bytes else {
      throw GPhotoError(
        code: Int32(GP_ERROR_CORRUPTED_DATA),
        detail: "nobody can tell how many of its \(announced) bytes came")
    }
    guard bytes == announced else {
      throw GPhotoError(
        code: Int32(GP_ERROR_CORRUPTED_DATA),
        detail: "the camera announced \(announced) bytes and sent \(bytes)")
    }
  }

  /// Waits for the camera to tell something.
  ///
  /// How long is up to the driver: generic PTP/IP returns after a millisecond, generic USB after twice the timeout,
  /// the vendors' ways poll and back off up to 200 ms in between. Ask for the shortest time and pace the calls.
  /// The camera's first event makes the driver list the whole folder.
  /// - Parameter milliseconds: at least 1; 0 means "for ever" to libusb.
  public func waitForEvent(milliseconds: Int32) throws(GPhotoError) -> CameraEvent {
    var type = GP_EVENT_TIMEOUT
    var content: UnsafeMutableRawPointer?
    defer { free(content) }
    TransferWatch.shared.withLock { $0.begin() }
    defer { TransferWatch.shared.withLock { $0.end() } }
    try context.call { gp_camera_wait_for_event(pointer, max(1, milliseconds), &type, &content, $0) }
    func path() -> CameraPath? {
      guard let content else { return nil }
      let file = content.assumingMemoryBound(to: CameraFilePath.self)
      return withUnsafePointer(to: &file.pointee.folder) { folder in
        withUnsafePointer(to: &file.pointee.name) { name in
          CameraPath(
            folder: UnsafeRawPointer(folder).assumingMemoryBound(to: CChar.self),
            name: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
        }
      }
    }
    switch type {
    case GP_EVENT_TIMEOUT: return .timeout
    case GP_EVENT_CAPTURE_COMPLETE: return .captureComplete
    case GP_EVENT_FILE_ADDED:
      guard let path = path() else { return .other("a file without a name") }
      if path.isInCameraMemory { noteArrival(of: path) }
      return .fileAdded(path)
    case GP_EVENT_FILE_CHANGED: return path().map { .fileChanged($0) } ?? .other("a file without a name")
    case GP_EVENT_FOLDER_ADDED:
      return path().map { path in
        .folderAdded(
          path.nameBytes.withUnsafeBufferPointer { name in
            name.baseAddress.map { CameraFolder(of: path).appending($0) } ?? CameraFolder(of: path)
          })
      } ?? .other("a folder without a name")
    default:
      guard let content else { return .other("") }
      return CameraEvent(text: String(cString: content.assumingMemoryBound(to: CChar.self)))
    }
  }
}
