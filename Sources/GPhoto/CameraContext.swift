import CGPhoto2

/// The owner of a `GPContext`: collects what drivers say of a failure besides its number.
///
/// Used from one thread, as its camera is; the callback runs inside the library's calls.
final class CameraContext {
  let pointer: OpaquePointer
  private var words: String?

  init() throws(GPhotoError) {
    guard let pointer = gp_context_new() else { throw GPhotoError(code: Int32(GP_ERROR_NO_MEMORY)) }
    self.pointer = pointer
    // Not retained: the context goes, in deinit, before this object does.
    gp_context_set_error_func(
      pointer,
      { _, text, owner in
        guard let text, let owner else { return }
        let context = Unmanaged<CameraContext>.fromOpaque(owner).takeUnretainedValue()
        if context.words == nil { context.words = String(cString: text) }
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit {
    gp_context_set_error_func(pointer, nil, nil)
    gp_context_unref(pointer)
  }

  /// Makes one call; its failure carries the first thing the driver said.
  @discardableResult
  func call(_ body: (OpaquePointer) -> Int32) throws(GPhotoError) -> Int32 {
    words = nil
    let result = body(pointer)
    guard result >= GP_OK else {
      throw GPhotoError(code: result, detail: words?.trimmedOfNewlines)
    }
    return result
  }
}

extension String {
  fileprivate var trimmedOfNewlines: String {
    var text = self[...]
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
