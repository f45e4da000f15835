import CGPhoto2
import Glibc

/// A camera's folders and files.
extension Camera {
  /// The folders in a folder.
  public func folders(in folder: CameraFolder) throws(GPhotoError) -> [CameraFolder] {
    try list { list, context in gp_camera_folder_list_folders(pointer, folder.bytes, list, context) }
      .map { name in name.withUnsafeBufferPointer { $0.baseAddress.map { folder.appending($0) } ?? folder } }
  }

  /// The files in a folder. The first call for a folder asks the camera about each of them: seconds to minutes for a
  /// full card. Later calls answer from the library's cache, even after the cable fell out.
  public func files(in folder: CameraFolder) throws(GPhotoError) -> [CameraPath] {
    try list { list, context in gp_camera_folder_list_files(pointer, folder.bytes, list, context) }
      .map { CameraPath(folderBytes: folder.bytes, nameBytes: $0) }
  }

  /// What the camera says of a file.
  ///
  /// After an event the driver fills the library's cache with the *computer's* time as the file's; `isFresh` asks for
  /// the camera's own, so that an event and a listing name the same file alike.
  public func info(of path: CameraPath, isFresh: Bool) throws(GPhotoError) -> CameraFileInfo {
    if isFresh, !path.isInCameraMemory, let files = pointer.pointee.fs {
      try context.call { gp_filesystem_set_info_dirty(files, path.folderBytes, path.nameBytes, $0) }
    }
    var info = CGPhoto2.CameraFileInfo()
    try context.call { gp_camera_file_get_info(pointer, path.folderBytes, path.nameBytes, &info, $0) }
    let file = info.file
    func has(_ field: CameraFileInfoFields) -> Bool { file.fields.rawValue & field.rawValue != 0 }
    return CameraFileInfo(
      bytes: has(GP_FILE_INFO_SIZE) ? file.size : nil,
      modified: has(GP_FILE_INFO_MTIME) ? Int64(file.mtime) : 0,
      mediaType: has(GP_FILE_INFO_TYPE) ? withUnsafeBytes(of: file.type) { text(in: $0) } : nil,
      isProtected: has(GP_FILE_INFO_PERMISSIONS)
        && file.permissions.rawValue & GP_FILE_PERM_DELETE.rawValue == 0)
  }

  /// Forgets what the library has cached of folders and files. The ptp2 driver keeps a list of objects besides, which
  /// only a new connection renews.
  public func forgetFiles() throws(GPhotoError) {
    guard let files = pointer.pointee.fs else { return }
    try check(gp_filesystem_reset(files))
  }

  /// Reads a part of a file.
  ///
  /// The driver copies as many bytes as the camera sends, even if that is more than was asked for: give it a
  /// `TransferBuffer`, behind whose end the process stops.
  /// - Parameters:
  ///   - offset: where to begin; PTP has 32 bits for it.
  ///   - count: how much to ask for, at most the buffer's capacity. EOS R bodies dislike more than 1 MiB.
  /// - Returns: the bytes read, 0 at the file's end, or where the camera has no more to give: compare the length.
  /// - Throws: `GPhotoError`, `notSupported` where the camera has no partial reads: use `readWhole`.
  public func read(
    _ path: CameraPath, at offset: UInt64, count: Int, into buffer: TransferBuffer
  ) throws(GPhotoError) -> Int {
    var size = UInt64(min(count, buffer.capacity))
    let start = buffer.start.assumingMemoryBound(to: CChar.self)
    try context.call {
      gp_camera_file_read(
        pointer, path.folderBytes, path.nameBytes, GP_FILE_TYPE_NORMAL, offset, start, &size, $0)
    }
    return Int(clamping: size)
  }

  /// Fetches a whole file, part by part as it comes.
  /// - Parameter receive: gets each part; `false` ends the download with `cancelled`. It is not to trust the library
  ///   to hand over the file's whole length: compare.
  /// - Throws: `GPhotoError`; `corrupted` for a frame in the camera's memory of which other than the announced number
  ///   of bytes came.
  public func readWhole(
    _ path: CameraPath, receive: @escaping (UnsafeRawBufferPointer) -> Bool
  ) throws(GPhotoError) {
    if path.isInCameraMemory { return try readFromMemory(path, receive: receive) }
    let sink = Sink(receive)
    let file = try FileHandle(writingTo: sink)
    // The library ignores a failing write here and there and answers GP_OK: the sink remembers.
    defer { withExtendedLifetime(sink) {} }
    do {
      try context.call {
        gp_camera_file_get(pointer, path.folderBytes, path.nameBytes, GP_FILE_TYPE_NORMAL, file.pointer, $0)
      }
    } catch {
      throw sink.isStopped ? GPhotoError(code: Int32(GP_ERROR_CANCEL)) : error
    }
    if sink.isStopped { throw GPhotoError(code: Int32(GP_ERROR_CANCEL)) }
  }

  /// The library has fetched these whole, with the event that told of them, and cannot copy them into a handler.
  private func readFromMemory(
    _ path: CameraPath, receive: (UnsafeRawBufferPointer) -> Bool
  ) throws(GPhotoError) {
    // Before anything is copied: behind what came lies something else.
    try checkArrival(of: path, announced: try info(of: path, isFresh: false).bytes ?? 0)
    let file = try FileHandle()
    try context.call {
      gp_camera_file_get(pointer, path.folderBytes, path.nameBytes, GP_FILE_TYPE_NORMAL, file.pointer, $0)
    }
    var start: UnsafePointer<CChar>?
    var count: UInt = 0
    try check(gp_file_get_data_and_size(file.pointer, &start, &count))
    try checkArrival(of: path, announced: UInt64(count))
    guard receive(UnsafeRawBufferPointer(start: start, count: Int(count))) else {
      throw GPhotoError(code: Int32(GP_ERROR_CANCEL))
    }
  }

  /// Names from one of the library's list calls, byte for byte.
  private func list(_ fill: (OpaquePointer, OpaquePointer) -> Int32) throws(GPhotoError) -> [[CChar]] {
    var list: OpaquePointer?
    try check(gp_list_new(&list))
    guard let list else { throw GPhotoError(code: Int32(GP_ERROR_NO_MEMORY)) }
    defer { gp_list_unref(list) }
    try context.call { fill(list, $0) }
    var names: [[CChar]] = []
    for index in 0..<(try check(gp_list_count(list))) {
      var name: UnsafePointer<CChar>?
      try check(gp_list_get_name(list, index, &name))
      guard let name else { continue }
      names.append(Array(UnsafeBufferPointer(start: name, count: strlen(name) + 1)))
    }
    return names
  }
}

/// Takes a download's bytes inside the library's call.
private final class Sink {
  private let receive: (UnsafeRawBufferPointer) -> Bool
  private(set) var isStopped = false

  init(_ receive: @escaping (UnsafeRawBufferPointer) -> Bool) {
    self.receive = receive
  }

  func take(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    guard !isStopped, receive(bytes) else {
      isStopped = true
      return Int32(GP_ERROR_CANCEL)
    }
    return Int32(GP_OK)
  }
}

/// The owner of a `CameraFile`.
private final class FileHandle {
  let pointer: OpaquePointer

  /// A file in memory.
  init() throws(GPhotoError) {
    var pointer: OpaquePointer?
    try check(gp_file_new(&pointer))
    guard let pointer else { throw GPhotoError(code: Int32(GP_ERROR_NO_MEMORY)) }
    self.pointer = pointer
  }

  /// A file whose bytes go to a sink, which must outlive it.
  init(writingTo sink: Sink) throws(GPhotoError) {
    var handler = CameraFileHandler(
      size: nil, read: nil,
      write: { owner, bytes, count in
        guard let owner, let bytes, let count else { return Int32(GP_ERROR_BAD_PARAMETERS) }
        let sink = Unmanaged<Sink>.fromOpaque(owner).takeUnretainedValue()
        return sink.take(UnsafeRawBufferPointer(start: bytes, count: Int(count.pointee)))
      })
    var pointer: OpaquePointer?
    // The library copies the handler.
    try check(gp_file_new_from_handler(&pointer, &handler, Unmanaged.passUnretained(sink).toOpaque()))
    guard let pointer else { throw GPhotoError(code: Int32(GP_ERROR_NO_MEMORY)) }
    self.pointer = pointer
  }

  deinit {
    gp_file_unref(pointer)
  }
}
