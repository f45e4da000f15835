import CGPhoto2

/// Taking a file from a card.
extension Camera {
  /// Whether the camera lets a file be deleted: not one that the photographer protected.
  ///
  /// What the driver remembers of a file is as old as the connection: ask on a new one.
  /// - Returns: `nil` where the camera does not say.
  public func isDeletable(_ path: CameraPath) throws(GPhotoError) -> Bool? {
    var info = CGPhoto2.CameraFileInfo()
    try context.call { gp_camera_file_get_info(pointer, path.folderBytes, path.nameBytes, &info, $0) }
    guard info.file.fields.rawValue & GP_FILE_INFO_PERMISSIONS.rawValue != 0 else { return nil }
    return info.file.permissions.rawValue & GP_FILE_PERM_DELETE.rawValue != 0
  }

  /// Deletes a file on the camera.
  ///
  /// The driver looks the name up in the list that it made when this connection began, and names the object to the
  /// camera by the handle that it had then: never call this on a connection that is not fresh.
  public func delete(_ path: CameraPath) throws(GPhotoError) {
    try context.call { gp_camera_file_delete(pointer, path.folderBytes, path.nameBytes, $0) }
  }
}
