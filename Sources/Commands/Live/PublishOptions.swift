import ArgumentParser
import Model
import Pictures
import Programs
import Renditions

/// What is done to pictures between safe and published: for every command that feeds albums.
struct PublishOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Run a program on each picture before it is published: PROGRAM … {input} … {output}.",
      valueName: "command"))
  var retouch: String?

  @Option(help: ArgumentHelp("End a retouching program after so long (60).", valueName: "seconds"))
  var retouchSeconds: Int?

  @Flag(inversion: .prefixedNo, help: "Hold back what cannot be retouched, instead of sending it as it is.")
  var retouchRequired: Bool?

  @Flag(inversion: .prefixedNo, help: "Publish the retouched picture in the original's place too.")
  var retouchOriginals: Bool?

  @Option(help: ArgumentHelp("Who took it, to be written into renditions: {year}, {camera} … are filled in."))
  var creator: String?

  @Option(help: "Whose it is, to be written into renditions.")
  var copyright: String?

  @Option(help: ArgumentHelp("What it shows, to be written into renditions.", valueName: "text"))
  var caption: String?

  @Option(help: ArgumentHelp("A keyword to be written into renditions; may be given several times."))
  var keyword: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where these words go: renditions (the default), or originals: renditions and a copy of each original.",
      valueName: "renditions|originals"))
  var writeMetadata: String?

  @Flag(inversion: .prefixedNo, help: "Send originals without the place where they were taken.")
  var stripLocation: Bool?

  @Option(
    help: ArgumentHelp(
      "What becomes of an original whose location cannot be taken out: hold (the default) or send.",
      valueName: "hold|send"))
  var unstrippable: String?

  @Option(help: ArgumentHelp("A text over each rendition.", valueName: "text"))
  var watermark: String?

  @Option(help: ArgumentHelp("A picture over each rendition, such as a PNG or SVG.", valueName: "file"))
  var watermarkPicture: String?

  @Option(
    help: ArgumentHelp(
      "Where it is: bottom-right (the default), top-left, top, top-right, left, center, right, bottom-left or bottom.",
      valueName: "place"))
  var watermarkPosition: String?

  @Option(help: ArgumentHelp("How much it hides, in percent (60).", valueName: "percent"))
  var watermarkOpacity: Int?

  @Option(help: ArgumentHelp("Its width, in percent of the picture's (20).", valueName: "percent"))
  var watermarkSize: Int?

  @Option(
    help: ArgumentHelp(
      "Its distance from the edges, in percent of the shorter one (2).", valueName: "percent"))
  var watermarkMargin: Int?

  /// What is asked for, by options, variables and the file.
  /// - Throws: `Complaint` (64, 78).
  func publishing(in settings: Settings) throws(Complaint) -> Publishing {
    let writes =
      try settings.value(
        "publish.write_metadata", option: writeMetadata, needed: "renditions or originals is needed."
      ) { ["renditions": false, "originals": true][$0] } ?? false
    return Publishing(
      retouch: try retouching(in: settings),
      words: Publishing.Words(
        creator: try template("creator", creator, in: settings),
        copyright: try template("copyright", copyright, in: settings),
        caption: try template("caption", caption, in: settings),
        keywords: try keywords(in: settings), areForOriginals: writes),
      watermark: try mark(in: settings),
      stripsLocation: try settings.flag("publish.strip_location", option: stripLocation),
      sendsUnstrippable: try settings.value(
        "publish.unstrippable", option: unstrippable, needed: "hold or send is needed."
      ) { ["hold": false, "send": true][$0] } ?? false)
  }

  private func retouching(in settings: Settings) throws(Complaint) -> Publishing.Retouch? {
    guard let arguments = try settings.command("publish.retouch", option: retouch) else { return nil }
    for place in ["{input}", "{output}"] where !arguments.contains(where: { $0.contains(place) }) {
      throw settings.refusal(
        of: "publish.retouch", isOption: retouch != nil, value: arguments.joined(separator: " "),
        "\(place) is missing, where the program is told its file.")
    }
    return Publishing.Retouch(
      arguments: arguments,
      timeLimit: .seconds(
        try settings.number("publish.retouch_seconds", option: retouchSeconds, in: 1...3600) ?? 60),
      isRequired: try settings.flag("publish.retouch_required", option: retouchRequired),
      replacesOriginal: try settings.flag("publish.retouch_originals", option: retouchOriginals))
  }

  private func template(
    _ name: String, _ option: String?, in settings: Settings
  ) throws(Complaint) -> TextTemplate? {
    guard let text = try settings.text("publish.\(name)", option: option), !text.isEmpty else { return nil }
    return try Self.template(text, "publish.\(name)", isOption: option != nil, in: settings)
  }

  private func keywords(in settings: Settings) throws(Complaint) -> [TextTemplate] {
    var templates: [TextTemplate] = []
    for text in try settings.texts("publish.keyword", options: keyword) {
      templates.append(
        try Self.template(text, "publish.keyword", isOption: !keyword.isEmpty, in: settings))
    }
    return templates
  }

  private static func template(
    _ text: String, _ key: String, isOption: Bool, in settings: Settings
  ) throws(Complaint) -> TextTemplate {
    do {
      return try TextTemplate(parsing: text)
    } catch {
      throw settings.refusal(of: key, isOption: isOption, value: text, error.description)
    }
  }

  private func mark(in settings: Settings) throws(Complaint) -> Watermark? {
    let text = try settings.text("publish.watermark", option: watermark)
    let picture = try settings.text("publish.watermark_picture", option: watermarkPicture)
    let content: Watermark.Content
    switch (text?.isEmpty == false ? text : nil, picture?.isEmpty == false ? picture : nil) {
    case (nil, nil): return nil
    case (let text?, nil): content = .text(text)
    case (nil, let picture?): content = .picture(picture)
    case (_?, _?):
      throw settings.refusal(
        of: "publish.watermark_picture", isOption: watermarkPicture != nil,
        "a watermark is a text or a picture, not both.")
    }
    func part(_ name: String, _ option: Int?, _ range: ClosedRange<Int>, _ other: Int) throws(Complaint)
      -> Double
    {
      Double(try settings.number("publish.watermark_\(name)", option: option, in: range) ?? other) / 100
    }
    let mark = Watermark(
      content,
      position: try settings.value(
        "publish.watermark_position", option: watermarkPosition,
        needed:
          "\(Watermark.Position.allCases.map(\.rawValue).joined(separator: ", ")): one of these is needed.",
        Watermark.Position.init(rawValue:)) ?? .bottomRight,
      opacity: try part("opacity", watermarkOpacity, 1...100, 60),
      size: try part("size", watermarkSize, 1...100, 20),
      margin: try part("margin", watermarkMargin, 0...45, 2))
    do {
      try mark.check()
    } catch {
      let (key, option) =
        picture == nil ? ("publish.watermark", watermark) : ("publish.watermark_picture", watermarkPicture)
      throw settings.refusal(
        of: key, isOption: option != nil, value: text ?? picture, "it cannot be drawn (\(error.reason)).")
    }
    return mark
  }
}
