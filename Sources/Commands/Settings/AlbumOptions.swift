import ArgumentParser
import Model

/// Where frames go, and which: the same for every command that sends.
struct AlbumOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where to: NAME, http(s)://HOST/a/SLUG, s3://BUCKET/PREFIX or tus+http(s)://HOST/PATH; may be given several times.",
      valueName: "album"))
  var album: [String] = []

  @OptionGroup var sending: SendingOptions

  @Option(
    help: ArgumentHelp("Where this machine's own album listens (127.0.0.1:7420).", valueName: "host:port"))
  var listen: String?

  /// The albums that such texts name, as they are given; none if nobody named one.
  /// - Throws: `Complaint` (64, 78).
  static func albums(_ options: [String], in settings: Settings) throws(Complaint) -> [String] {
    let albums = try settings.texts("album", options: options)
    for album in albums {
      do {
        _ = try Destination(parsing: album)
      } catch {
        throw settings.refusal(
          of: "album", isOption: !options.isEmpty, value: album, Text.sentence(error.reason))
      }
    }
    return albums
  }

  /// Where this machine's own album is to listen; `nil` if nobody said.
  /// - Throws: `Complaint` (64, 78).
  func address(_ key: String, in settings: Settings) throws(Complaint) -> ListenAddress? {
    try settings.value(key, option: listen, needed: ListenAddress.needed, ListenAddress.init)
  }
}
