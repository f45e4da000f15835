import GPhoto
import Glibc

/// Why an object that was to be deleted is still on the card.
enum SpareReason: String, Codable, Sendable {
  /// It is not there any more.
  case gone
  /// The photographer protected it.
  case protected
  /// What has its name now is not what was taken.
  case changed
  /// The card cannot be written.
  case readOnly
  /// The camera cannot delete, or said an error.
  case refused
}

/// Deletes one object on the card, if it is still exactly the one that was taken.
///
/// Everything here must run on a connection that was made for it: ptp2 remembers objects by name and handle for as
/// long as it is connected, and would say of another card's file what it knew of the old one's.
struct CardEraser {
  /// What is compared at the beginning and at the end. Two frames differ in their EXIF, at least in the time's
  /// fractions; and in the last bytes of the picture.
  private static let sample = 64 << 10

  let camera: Camera
  let buffer: TransferBuffer

  /// - Parameters:
  ///   - entry: what was taken.
  ///   - original: where its bytes are on this machine's disk.
  /// - Returns: `nil` if it is deleted, else why not.
  /// - Throws: `GPhotoError` if the connection is gone or the camera busy.
  func erase(_ entry: ObjectTable.Entry, original: String) throws(GPhotoError) -> SpareReason? {
    let path = entry.path
    let info: CameraFileInfo
    do {
      info = try camera.info(of: path, isFresh: false)
    } catch  where error.recovery == .skip || error.kind == .unspecified {
      // -1 is "file not found" to ptp2, and a connection that broke too.
      try camera.probe()
      return .gone
    }
    guard info.bytes == entry.info.bytes, info.modified == entry.info.modified else { return .changed }
    if try camera.isDeletable(path) == false { return .protected }
    guard try hasSameBytes(path, length: info.bytes ?? 0, original: original) else { return .changed }
    let storages = try camera.storages()
    if storages.contains(where: { $0.isReadOnly == true && $0.folder.map(path.folder.hasPrefix) ?? true }) {
      return .readOnly
    }
    do {
      try camera.delete(path)
      return nil
    } catch  where !error.isRetryable || error.kind == .unspecified {
      return .refused
    }
  }

  /// Compares the ends of the object with those of the original. A camera without partial reads is believed.
  private func hasSameBytes(_ path: CameraPath, length: UInt64, original: String) throws(GPhotoError) -> Bool
  {
    let file = open(original, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, UInt64(clamping: status.st_size) == length else { return false }
    let count = Int(min(UInt64(min(Self.sample, buffer.capacity)), length))
    for offset in Set([0, length - UInt64(count)]) {
      let read: Int
      do {
        read = try camera.read(path, at: offset, count: count, into: buffer)
      } catch  where error.kind == .notSupported {
        return true
      }
      guard read == count else { return false }
      let ours = [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
        filled = max(0, bytes.baseAddress.map { pread(file, $0, count, off_t(offset)) } ?? 0)
      }
      let theirs = UnsafeRawBufferPointer(start: buffer.start, count: count)
      guard ours.elementsEqual(theirs) else { return false }
    }
    return true
  }
}
