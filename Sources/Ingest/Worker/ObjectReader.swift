import GPhoto
import Glibc

/// Reads one object from the camera into the writer's buffers.
///
/// libgphoto2's own download ignores write errors and answers OK with a short file; here every chunk is ours, and the
/// writer compares the length in the end.
struct ObjectReader {
  typealias Call = () throws(GPhotoError) -> Int

  let camera: Camera
  let writer: OriginalWriter
  let object: UInt64
  let entry: ObjectTable.Entry

  /// Why an object is not even tried.
  static func objection(to info: CameraFileInfo) -> FetchFailure? {
    guard let bytes = info.bytes else {
      return FetchFailure(
        code: .lengthUnknown,
        message: "The camera does not say how long it is, so nobody could tell if it is whole.")
    }
    guard bytes <= CameraFileInfo.greatestLength else {
      return FetchFailure(
        code: .tooLarge,
        message: "It is 4 GiB or longer, which cannot be fetched over this connection whole. "
          + "It is on the card: take it with a card reader.")
    }
    return nil
  }

  /// Reads all of it; the writer reports the end.
  /// - Parameters:
  ///   - progress: told the bytes so far after each chunk.
  ///   - patiently: makes a call, again while the camera is busy.
  /// - Throws: `GPhotoError`; then `writer.abandon` is the caller's.
  func read(
    day: String, progress: (Int64) -> Void, patiently: (Call) throws(GPhotoError) -> Int
  ) throws(GPhotoError) {
    let length = entry.info.bytes ?? 0
    writer.begin(object: object, name: entry.path.name, day: day, bytes: Int64(clamping: length))
    if !entry.path.isInCameraMemory, try readInChunks(length, progress: progress, patiently: patiently) {
      writer.finish(object: object)
      return
    }
    try readWhole()
    writer.finish(object: object)
  }

  /// - Returns: `false`, with nothing read, if the camera has no partial reads.
  private func readInChunks(
    _ length: UInt64, progress: (Int64) -> Void, patiently: (Call) throws(GPhotoError) -> Int
  ) throws(GPhotoError) -> Bool {
    var offset: UInt64 = 0
    while offset < length {
      // The writer has reported why it takes no more; there is nothing left to do.
      guard let buffer = writer.buffer(for: object) else { return true }
      let count: Int
      do {
        let asked = Int(min(UInt64(OriginalWriter.chunk), length - offset))
        count = try patiently { () throws(GPhotoError) in
          try camera.read(entry.path, at: offset, count: asked, into: buffer)
        }
      } catch {
        writer.giveBack(buffer)
        if error.kind == .notSupported, offset == 0 { return false }
        throw error
      }
      // A chunk of nothing ends a download with OK: the writer sees that it is short.
      guard count > 0 else {
        writer.giveBack(buffer)
        break
      }
      writer.append(buffer, count: min(count, buffer.capacity), to: object)
      offset += UInt64(count)
      progress(Int64(clamping: offset))
    }
    return true
  }

  private func readWhole() throws(GPhotoError) {
    // The parts are as small as the driver likes (PTP/IP packets): they are gathered to whole chunks.
    var current: (buffer: TransferBuffer, filled: Int)?
    var isRefused = false
    func flush() {
      if let (buffer, filled) = current { writer.append(buffer, count: filled, to: object) }
      current = nil
    }
    func take(_ part: UnsafeRawBufferPointer) -> Bool {
      guard let start = part.baseAddress else { return true }
      var offset = 0
      while offset < part.count {
        guard let (buffer, filled) = current ?? writer.buffer(for: object).map({ ($0, 0) }) else {
          isRefused = true
          return false
        }
        let count = min(OriginalWriter.chunk - filled, part.count - offset)
        memcpy(buffer.start + filled, start + offset, count)
        current = (buffer, filled + count)
        offset += count
        if filled + count == OriginalWriter.chunk { flush() }
      }
      return true
    }
    defer { flush() }
    do {
      try camera.readWhole(entry.path, receive: take)
    } catch  where isRefused {
      // What the writer cannot take it has reported itself.
    }
  }
}
