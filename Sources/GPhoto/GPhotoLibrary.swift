import CGPhoto2

/// libgphoto2's lists of drivers and ports, loaded once (22 to 55 ms for 2,629 models).
///
/// Loading, detection and initialisation are not reentrant in 2.5.30: one thread uses one library and its cameras,
/// and a program with several cameras gives each a process of its own. Every call blocks.
public final class GPhotoLibrary {
  private let abilities: OpaquePointer
  private let ports: OpaquePointer

  /// Loads the lists. Call `CameraProcess.prepare` first.
  public init() throws(GPhotoError) {
    let context = try CameraContext()
    var abilities: OpaquePointer?
    try check(gp_abilities_list_new(&abilities))
    guard let abilities else { throw GPhotoError(code: Int32(GP_ERROR_NO_MEMORY)) }
    var ports: OpaquePointer?
    let result = gp_port_info_list_new(&ports)
    guard result >= GP_OK, let ports else {
      gp_abilities_list_free(abilities)
      throw GPhotoError(code: result)
    }
    self.abilities = abilities
    self.ports = ports
    // From here on deinit frees both, whichever call throws.
    try context.call { gp_abilities_list_load(abilities, $0) }
    try check(gp_port_info_list_load(ports))
  }

  deinit {
    gp_abilities_list_free(abilities)
    gp_port_info_list_free(ports)
  }

  /// Connects to a camera.
  /// - Throws: `GPhotoError`: `unknownPort` for a host or device that is not there, `modelNotFound` for a USB device
  ///   that is no camera, `cannotClaim` when another program holds it, `io`, `timeout` and `unspecified` when nobody
  ///   answers or the connection is refused.
  public func connect(to port: CameraPort) throws(GPhotoError) -> Camera {
    let info = try portInfo(at: try port.libraryPath())
    return try Camera(abilities: try abilities(for: port), info: info, port: port)
  }

  /// The driver's name for a USB device: by its vendor's and product's numbers, or as any PTP camera.
  /// - Returns: `nil` for a device that no driver knows.
  public func model(of device: USBDevice) throws(GPhotoError) -> String? {
    for index in 0..<(try check(gp_abilities_list_count(abilities))) {
      var entry = CameraAbilities()
      try check(gp_abilities_list_get_abilities(abilities, index, &entry))
      if entry.usb_vendor == Int32(device.vendor), entry.usb_product == Int32(device.product),
        entry.usb_vendor != 0
      {
        return withUnsafeBytes(of: entry.model) { text(in: $0) }
      }
    }
    return device.isPTP ? "USB PTP Class Camera" : nil
  }

  private func abilities(for port: CameraPort) throws(GPhotoError) -> CameraAbilities {
    let model: String
    switch port {
    case .ptpip: model = "PTP/IP Camera"
    case .disk: model = "Mass Storage Camera"
    case .usb(let bus, let device):
      guard let found = try? USBDevice.attached().first(where: { $0.bus == bus && $0.device == device })
      else {
        throw GPhotoError(code: GPhotoError.unknownPortCode, detail: "no device is at \(port)")
      }
      guard let name = try self.model(of: found) else {
        throw GPhotoError(
          code: Int32(GP_ERROR_MODEL_NOT_FOUND),
          detail:
            "the device at \(port) is no camera that libgphoto2 knows\(found.isMassStorage ? Self.massStorage : "")"
        )
      }
      model = name
    }
    let index = try check(gp_abilities_list_lookup_model(abilities, model))
    var entry = CameraAbilities()
    try check(gp_abilities_list_get_abilities(abilities, index, &entry))
    return entry
  }

  /// Sony bodies in mass-storage mode look like a missing camera (libgphoto2#268).
  private static let massStorage =
    "; it is in mass-storage mode: choose PTP or PC Remote in the camera's USB menu"

  private func portInfo(at path: String) throws(GPhotoError) -> OpaquePointer {
    let index = try check(gp_port_info_list_lookup_path(ports, path))
    var info: GPPortInfo?
    try check(gp_port_info_list_get_info(ports, index, &info))
    guard let info else { throw GPhotoError(code: GPhotoError.unknownPortCode, detail: path) }
    return info
  }
}

/// The text in a fixed-size C field, whether or not it is terminated; `nil` if it is empty.
func text(in field: UnsafeRawBufferPointer) -> String? {
  let bytes = field.prefix { $0 != 0 }
  return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
}
