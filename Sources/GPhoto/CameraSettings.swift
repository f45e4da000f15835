import CGPhoto2
import Glibc

/// What a camera says of itself, and where it puts what it shoots.
extension Camera {
  /// The model by the camera's own word, `Canon EOS R5`; the driver's name for it where it says nothing.
  public func model() throws(GPhotoError) -> String {
    if let model = try setting("cameramodel") {
      guard let maker = try setting("manufacturer"), !Self.names(model, maker: maker) else {
        return model
      }
      return "\(maker) \(model)"
    }
    var abilities = CameraAbilities()
    try check(gp_camera_get_abilities(pointer, &abilities))
    return withUnsafeBytes(of: abilities.model) { text(in: $0) } ?? "camera"
  }

  /// Whether the driver has to find out by itself what is new, and takes every object that it has not listed for one.
  ///
  /// On Fuji bodies libgphoto2 2.5.30 asks for all handles at each `waitForEvent`, and says `fileAdded` for one that it
  /// does not know (`camera_wait_for_event` in ptp2/library.c). What was there before the connection is not known until
  /// its folder was listed: list all folders on each connection before the first event is asked for. A camera that does
  /// not name its maker is taken for one.
  public func inventsEvents() throws(GPhotoError) -> Bool {
    guard let maker = try setting("manufacturer") else { return true }
    return maker.lowercased().contains("fuji")
  }

  /// Whether a model's name begins with its maker's: `Canon EOS R5` of `Canon.Inc`.
  private static func names(_ model: String, maker: String) -> Bool {
    guard let first = maker.lowercased().split(whereSeparator: { !$0.isLetter }).first else { return true }
    return model.lowercased().hasPrefix(first)
  }

  /// The serial number; `nil` where the camera has none or does not say. Zeros are none: all bodies of a model say them.
  public func serial() throws(GPhotoError) -> String? {
    try setting("serialnumber").flatMap(USBDevice.telling)
  }

  /// The battery's level in the camera's own words, `75%`; `nil` where it does not say.
  public func battery() throws(GPhotoError) -> String? {
    try setting("batterylevel")
  }

  /// The cards' room; empty where the camera does not say.
  public func storages() throws(GPhotoError) -> [CameraStorage] {
    var entries: UnsafeMutablePointer<CameraStorageInformation>?
    var count: Int32 = 0
    defer { free(entries) }
    do {
      try context.call { gp_camera_get_storageinfo(pointer, &entries, &count, $0) }
    } catch  where error.kind == .notSupported {
      return []
    }
    guard let entries else { return [] }
    return (0..<Int(count)).map { index in
      let entry = entries[index]
      func has(_ field: CameraStorageInfoFields) -> Bool { entry.fields.rawValue & field.rawValue != 0 }
      // Each field is valid only if its bit is set. All ones are PTP's word for what is not known (PIMA 15740, the StorageInfo dataset);
      // the library passes them on in kilobytes. Kilobytes are multiplied with care: they come from the camera.
      func bytes(_ kilobytes: UInt64) -> UInt64? {
        let (product, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
        return overflow || kilobytes == UInt64.max / 1024 ? nil : product
      }
      return CameraStorage(
        folder: has(GP_STORAGEINFO_BASE) ? withUnsafeBytes(of: entry.basedir) { text(in: $0) } : nil,
        label: has(GP_STORAGEINFO_LABEL) ? withUnsafeBytes(of: entry.label) { text(in: $0) } : nil,
        capacity: has(GP_STORAGEINFO_MAXCAPACITY) ? bytes(entry.capacitykbytes) : nil,
        free: has(GP_STORAGEINFO_FREESPACEKBYTES) ? bytes(entry.freekbytes) : nil,
        freeFrames: has(GP_STORAGEINFO_FREESPACEIMAGES) ? entry.freeimages : nil,
        isReadOnly: has(GP_STORAGEINFO_ACCESS) ? entry.access != GP_STORAGEINFO_AC_READWRITE : nil)
    }
  }

  /// Asks the camera something that every camera answers.
  /// - Throws: `GPhotoError` if the connection is gone or the camera busy.
  public func probe() throws(GPhotoError) {
    _ = try storages()
  }

  /// Asks the camera to shoot onto its card, and reads back what it does.
  ///
  /// The default of many bodies under remote control is their memory, which holds two frames (libgphoto2#1051).
  public func captureToCard() throws(GPhotoError) -> CaptureTarget {
    // With the first question ptp2 takes remote control of Canon's bodies, and sets their target to its own.
    _ = try widget("capturetarget")
    // Of them it tells its own target, whatever they do: with the other one it has something to set, and hears a refusal.
    CameraProcess.setTarget(isCard: false)
    let target = try setTargetToCard()
    // With a target that they refuse, the next connection could ask them nothing.
    let isCard = if case .refused = target { false } else { true }
    CameraProcess.setTarget(isCard: isCard)
    return target
  }

  private func setTargetToCard() throws(GPhotoError) -> CaptureTarget {
    guard let widget = try widget("capturetarget") else { return .unknown }
    let choices = try widget.choices()
    guard let current = try widget.text() else { return .unknown }
    guard !Self.isCard(current) else { return .card }
    guard let card = choices.first(where: Self.isCard) else { return .refused(current) }
    do {
      try widget.set(card)
      try context.call { gp_camera_set_single_config(pointer, "capturetarget", widget.pointer, $0) }
    } catch {
      // A refusal is an answer too. ptp2 says "unspecified" for whatever a camera answers to a new value; if it is the
      // connection that is gone, the next call says so.
      guard !error.isRetryable || error.kind == .unspecified else { throw error }
      return .refused(current)
    }
    guard let now = try setting("capturetarget"), !Self.isCard(now) else { return .card }
    return .refused(now)
  }

  /// `Memory card`, `card`, `card+sdram`: the vendors' words for the card.
  static func isCard(_ choice: String) -> Bool {
    choice.lowercased().contains("card")
  }

  /// A setting's value as text; `nil` if the camera has no such setting or no value for it.
  private func setting(_ name: String) throws(GPhotoError) -> String? {
    guard let text = try widget(name)?.text(), !text.isEmpty, text != "None" else { return nil }
    return text
  }

  func widget(_ name: String) throws(GPhotoError) -> SettingWidget? {
    var widget: OpaquePointer?
    do {
      try context.call { gp_camera_get_single_config(pointer, name, &widget, $0) }
    } catch  where error.kind == .notSupported || error.kind == .badParameters || error.kind == .unspecified {
      // "No such setting" is one of these, by driver; a connection that is gone shows at the next event.
      return nil
    }
    return widget.map { SettingWidget(owning: $0) }
  }
}
