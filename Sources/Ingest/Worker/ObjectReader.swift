import GPhoto
import Glibc
import SystemPackage

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
    guard bytes > 0 else {
      return FetchFailure(
        code: .empty,
        message: "It is empty. Should the camera still be writing it, it is taken when it is there.")
    }
    guard bytes <= CameraFileInfo.greatestLength else {
      return FetchFailure(
        code: .tooLarge,
        message: "It is 4 GiB or longer, which cannot be fetched over this connection whole. "
          + "It is on the card: take it with a card reader.")
    }
    return nil
  }

  /// How a reading ended.
  enum End: Equatable {
    /// All of it was read, or as much as the writer took; the writer reports.
    case read
    /// It rests at this offset, for something that goes first.
    case paused(UInt64)
  }

  /// How much of what is there is compared with the camera before its rest is fetched.
  private static let overlap = 64 << 10

  /// Begins its file, or goes on with a part that was left when a connection broke or a process ended.
  /// - Parameters:
  ///   - partial: where its part lies.
  ///   - inOnePiece: whether it is fetched whole, since reading in parts has failed.
  ///   - isTakingUp: whether this was called before, and what there is of it is being hashed.
  ///   - shouldPause: asked now and then, while what there is is hashed, whether something else goes first.
  /// - Returns: the offset to read from; `nil` if it rests for something that goes first.
  /// - Throws: `GPhotoError`; then what there is stays for another time.
  func begin(
    day: String, partial: FilePath, inOnePiece: Bool, isTakingUp: Bool,
    shouldPause: () throws(GPhotoError) -> Bool, patiently: (Call) throws(GPhotoError) -> Int
  ) throws(GPhotoError) -> UInt64? {
    let mayResume = !entry.path.isInCameraMemory && !inOnePiece
    var status = stat()
    let hasPart = mayResume && stat(partial.string, &status) == 0 && status.st_size > 0
    if !isTakingUp {
      writer.begin(
        OriginalFile.Plan(
          object: object, name: entry.path.name, day: day, bytes: Int64(clamping: entry.info.bytes ?? 0),
          partial: partial, mayResume: mayResume))
    }
    while hasPart, writer.takeUp(object: object) {
      if try shouldPause() { return nil }
    }
    guard hasPart, let rest = writer.rest(of: object, tail: Self.overlap), rest.written > 0 else { return 0 }
    if try isSame(rest.tail, endingAt: UInt64(rest.written), patiently: patiently) {
      return UInt64(rest.written)
    }
    writer.restart(object: object)
    return 0
  }

  /// Whether the camera has these bytes there too: a file of the same name, length and time could still be another.
  private func isSame(
    _ tail: [UInt8], endingAt end: UInt64, patiently: (Call) throws(GPhotoError) -> Int
  ) throws(GPhotoError) -> Bool {
    guard !tail.isEmpty, let buffer = writer.buffer(for: object) else { return false }
    defer { writer.giveBack(buffer) }
    do {
      let count = try patiently { () throws(GPhotoError) in
        try camera.read(entry.path, at: end - UInt64(tail.count), count: tail.count, into: buffer)
      }
      let there = UnsafeRawBufferPointer(start: buffer.start, count: max(0, count))
      return there.elementsEqual(tail)
    } catch  where error.kind == .notSupported {
      return false
    }
  }

  /// Reads it to its end, from where `begin` said or from where it was paused; the writer reports the end.
  /// - Parameters:
  ///   - progress: told the bytes so far after each chunk, or each piece of a file that comes whole.
  ///   - shouldPause: asked after each chunk whether something else goes first.
  ///   - patiently: makes a call, again while the camera is busy.
  /// - Throws: `GPhotoError`; then `writer.leave` or `writer.abandon` is the caller's.
  func read(
    from offset: UInt64, inOnePiece: Bool, progress: @escaping (Int64) -> Void,
    shouldPause: () throws(GPhotoError) -> Bool, patiently: (Call) throws(GPhotoError) -> Int
  ) throws(GPhotoError) -> End {
    if !entry.path.isInCameraMemory, !inOnePiece {
      switch try readInChunks(offset, progress: progress, shouldPause: shouldPause, patiently: patiently) {
      case .paused(let offset): return .paused(offset)
      case .read:
        writer.finish(object: object)
        return .read
      case nil: break
      }
    }
    try readWhole(progress: progress)
    writer.finish(object: object)
    return .read
  }

  /// - Returns: `nil`, with nothing read, if the camera has no partial reads.
  private func readInChunks(
    _ start: UInt64, progress: (Int64) -> Void, shouldPause: () throws(GPhotoError) -> Bool,
    patiently: (Call) throws(GPhotoError) -> Int
  ) throws(GPhotoError) -> End? {
    let length = entry.info.bytes ?? 0
    var offset = start
    while offset < length {
      // The writer has reported why it takes no more; there is nothing left to do.
      guard let buffer = writer.buffer(for: object) else { return .read }
      let count: Int
      do {
        let asked = Int(min(UInt64(OriginalWriter.chunk), length - offset))
        count = try patiently { () throws(GPhotoError) in
          try camera.read(entry.path, at: offset, count: asked, into: buffer)
        }
      } catch {
        writer.giveBack(buffer)
        if error.kind == .notSupported, offset == 0 { return nil }
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
      if offset < length, try shouldPause() { return .paused(offset) }
    }
    return .read
  }

  private func readWhole(progress: @escaping (Int64) -> Void) throws(GPhotoError) {
    // The parts are as small as the driver likes (PTP/IP packets): they are gathered to whole chunks.
    var current: (buffer: TransferBuffer, filled: Int)?
    var isRefused = false
    var received: Int64 = 0
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
      received += Int64(part.count)
      progress(received)
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
