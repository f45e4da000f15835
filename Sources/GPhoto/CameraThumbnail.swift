import CGPhoto2

extension Camera {
  /// The small picture that the camera keeps of a file.
  /// - Returns: how many bytes it has.
  /// - Throws: `GPhotoError`, `notSupported` where there is none.
  public func thumbnailLength(of path: CameraPath) throws(GPhotoError) -> Int {
    var file: OpaquePointer?
    try check(gp_file_new(&file))
    defer { gp_file_unref(file) }
    try context.call {
      gp_camera_file_get(pointer, path.folderBytes, path.nameBytes, GP_FILE_TYPE_PREVIEW, file, $0)
    }
    var start: UnsafePointer<CChar>?
    var count: UInt = 0
    try check(gp_file_get_data_and_size(file, &start, &count))
    return Int(clamping: count)
  }
}
