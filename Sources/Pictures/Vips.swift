import CVips

/// libvips as a whole: its start, and the words of its last error.
enum Vips {
  /// Starts libvips once for the process; called before each picture.
  ///
  /// - The C library's allocator is told to give freed memory back, for the whole process.
  /// - The operation cache is off: a picture is never asked for twice, and a cache makes memory grow.
  /// - Two threads for each picture: more do not help, since decoding is serial.
  /// - Loaders that libvips calls untrusted are blocked. SVG is opened again for `SceneEncoder` alone: nothing
  ///   else here calls it, since a file's loader is chosen by `PictureFormat` and never by libvips.
  static func start() throws(PictureError) {
    guard started else { throw failure(.encoding, "libvips does not start") }
    // Words that are left over from a picture that was rendered in spite of them.
    vips_error_clear()
  }

  /// Starts libvips ahead of the first picture. A failure is kept: every picture's `start()` throws it.
  static func prepare() {
    _ = started
  }

  private static let started: Bool = {
    cvips_give_memory_back()
    guard vips_init("pixcheese") == 0 else { return false }
    cvips_silence()
    vips_cache_set_max(0)
    vips_concurrency_set(2)
    vips_block_untrusted_set(1)
    vips_operation_block_set("VipsForeignLoadSvg", 0)
    return true
  }()

  /// Frees what libvips keeps for the current thread; called when a thread that used it ends.
  static func endThread() {
    vips_thread_shutdown()
  }

  /// An error with what libvips has to say. Its buffer is one for the whole process, so the words may be those of
  /// another thread's picture: decisions are made by return codes alone.
  static func failure(_ code: PictureError.Code, _ what: String) -> PictureError {
    guard let words = vips_error_buffer_copy() else { return PictureError(code, what) }
    defer { g_free(words) }
    // libvips adds a line for each warning, the same one again and again.
    var lines: [Substring] = []
    for line in String(cString: words).split(separator: "\n") where !lines.contains(line) {
      lines.append(line)
    }
    let text = lines.joined(separator: "; ")
    return PictureError(code, text.isEmpty ? what : text)
  }
}
