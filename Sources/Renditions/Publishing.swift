public import Model
public import Pictures

/// What is done to frames between safe and published.
public struct Publishing: Sendable {
  /// A program that reads a picture and writes another.
  public struct Retouch: Hashable, Sendable {
    /// The program and its arguments; `{input}` and `{output}` in them become the two files' paths, `{name}` the
    /// frame's file name.
    public var arguments: [String]
    /// A program that takes longer is ended.
    public var timeLimit: Duration
    /// A frame that cannot be retouched is held back, instead of going as the camera made it.
    public var isRequired: Bool
    /// The retouched picture is published in the original's place too.
    public var replacesOriginal: Bool

    public init(
      arguments: [String], timeLimit: Duration = .seconds(60), isRequired: Bool = false,
      replacesOriginal: Bool = false
    ) {
      self.arguments = arguments
      self.timeLimit = timeLimit
      self.isRequired = isRequired
      self.replacesOriginal = replacesOriginal
    }
  }

  /// Words for pictures, with places for what is known of each.
  public struct Words: Hashable, Sendable {
    public var creator: TextTemplate?
    public var copyright: TextTemplate?
    public var caption: TextTemplate?
    public var keywords: [TextTemplate]
    /// They are written into a copy of each original as well.
    public var areForOriginals: Bool

    public init(
      creator: TextTemplate? = nil, copyright: TextTemplate? = nil, caption: TextTemplate? = nil,
      keywords: [TextTemplate] = [], areForOriginals: Bool = false
    ) {
      self.creator = creator
      self.copyright = copyright
      self.caption = caption
      self.keywords = keywords
      self.areForOriginals = areForOriginals
    }

    var isEmpty: Bool { creator == nil && copyright == nil && caption == nil && keywords.isEmpty }
  }

  public var retouch: Retouch?
  public var words: Words
  public var watermark: Watermark?
  /// Originals go without the place where they were taken.
  public var stripsLocation: Bool
  /// An original whose location cannot be taken out goes with it; otherwise it is held back.
  public var sendsUnstrippable: Bool
  /// What `{album}` stands for.
  public var album: String?

  public init(
    retouch: Retouch? = nil, words: Words = Words(), watermark: Watermark? = nil,
    stripsLocation: Bool = false,
    sendsUnstrippable: Bool = false, album: String? = nil
  ) {
    self.retouch = retouch
    self.words = words
    self.watermark = watermark
    self.stripsLocation = stripsLocation
    self.sendsUnstrippable = sendsUnstrippable
    self.album = album
  }

  /// Whether no original may go before it was looked at.
  public var preparesOriginals: Bool { changesOriginals || retouch?.isRequired == true }

  /// Whether an original may go as a copy with other bytes.
  public var changesOriginals: Bool {
    stripsLocation || (words.areForOriginals && !words.isEmpty) || retouch?.replacesOriginal == true
  }
}

/// What a person is told of a frame on its way to being published.
public enum PublishingNotice: Sendable {
  /// Guests will not see it, but can download it.
  case notRendered(reason: String)
  /// It was not retouched and goes as the camera made it.
  case notRetouched(reason: String)
  /// It does not go before a person has acted.
  case held(reason: String)
  /// Its original goes, but not with everything that was asked for.
  case originalUnchanged(reason: String)

  /// A code for scripts.
  public var code: String {
    switch self {
    case .notRendered: "frame.not_rendered"
    case .notRetouched: "frame.not_retouched"
    case .held: "frame.held"
    case .originalUnchanged: "frame.original_unchanged"
    }
  }

  /// What went wrong, in words for a person.
  public var reason: String {
    switch self {
    case .notRendered(let reason), .notRetouched(let reason), .held(let reason),
      .originalUnchanged(let reason):
      reason
    }
  }
}
