/// Why a picture or clip could not be read, rendered or written.
///
/// None of these can be mended by trying again, but `.io`: the original is delivered all the same.
public struct PictureError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: String, Sendable, CaseIterable {
    /// The content is of a known format, but nothing can be read from it.
    case corrupt
    /// The content is no picture: a clip, a text, an empty file.
    case notAPicture
    /// A picture of a format that cannot be rendered here, such as a RAW file without an embedded preview.
    case unsupportedFormat
    /// More pixels than `Renderer.pixelLimit`; nothing was decoded.
    case tooLarge
    /// The file could not be opened or read.
    case io
    /// A picture could not be made or encoded: memory, or a fault of ours.
    case encoding
    /// This program ended again and again while it had the picture in work; it is not tried any more.
    case deadly
  }

  /// What kind of failure it is.
  public let code: Code
  /// What happened, in the library's own words where there are any: one line without control characters.
  public let reason: String

  /// - Parameter reason: words from anywhere; they are cleaned and cut to 300 characters.
  public init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = CleanText.line(reason, limit: 300) ?? ""
  }

  /// The kind and the reason in one line, for people.
  public var description: String {
    let what =
      switch code {
      case .corrupt: "the picture is corrupt"
      case .notAPicture: "this is no picture"
      case .unsupportedFormat: "this kind of picture cannot be rendered"
      case .tooLarge: "the picture has too many pixels"
      case .io: "the file cannot be read"
      case .encoding: "the picture could not be made"
      case .deadly: "the program ended each time while it had this picture in work"
      }
    return reason.isEmpty ? what : "\(what): \(reason)"
  }
}
