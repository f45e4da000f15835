import CGPhoto2

/// The owner of a `CameraWidget`: one setting.
final class SettingWidget {
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer) {
    self.pointer = pointer
  }

  deinit {
    gp_widget_unref(pointer)
  }

  func text() throws(GPhotoError) -> String? {
    var type = GP_WIDGET_TEXT
    try check(gp_widget_get_type(pointer, &type))
    switch type {
    case GP_WIDGET_TEXT, GP_WIDGET_RADIO, GP_WIDGET_MENU:
      var value: UnsafePointer<CChar>?
      try check(gp_widget_get_value(pointer, &value))
      return value.map { String(cString: $0) }
    case GP_WIDGET_RANGE:
      var value: Float = 0
      try check(gp_widget_get_value(pointer, &value))
      return value == value.rounded() && abs(value) < 1e6 ? String(Int(value)) : String(value)
    default:
      return nil
    }
  }

  func choices() throws(GPhotoError) -> [String] {
    var type = GP_WIDGET_TEXT
    try check(gp_widget_get_type(pointer, &type))
    guard type == GP_WIDGET_RADIO || type == GP_WIDGET_MENU else { return [] }
    var choices: [String] = []
    for index in 0..<(try check(gp_widget_count_choices(pointer))) {
      var choice: UnsafePointer<CChar>?
      try check(gp_widget_get_choice(pointer, index, &choice))
      if let choice { choices.append(String(cString: choice)) }
    }
    return choices
  }

  func set(_ value: String) throws(GPhotoError) {
    try check(value.withCString { gp_widget_set_value(pointer, $0) })
  }

  /// A date's seconds since 1970, as the driver understands the camera's digits; `nil` for another kind of setting.
  func seconds() throws(GPhotoError) -> Int32? {
    var type = GP_WIDGET_TEXT
    try check(gp_widget_get_type(pointer, &type))
    guard type == GP_WIDGET_DATE else { return nil }
    // Some drivers hand over a `time_t`, some an `int`: the library itself copies an `int`.
    var value: Int32 = 0
    try check(gp_widget_get_value(pointer, &value))
    return value
  }

  func set(seconds: Int32) throws(GPhotoError) {
    var value = seconds
    try check(gp_widget_set_value(pointer, &value))
  }
}
