import Model

extension MediaType {
  /// Whether a camera's file is a RAW file: by its name, and by the camera's word where the name says nothing.
  static func isRaw(named name: String, type: String?) -> Bool {
    let named = forFile(named: name)
    return isRaw(named == unknown ? type ?? named : named)
  }
}
