import ArgumentParser
import Foundation
import Ingest
import Journal
import Model
import ServiceLifecycle
import Synchronization
import SystemPackage

/// `pixcheese upload`: send files and folders, once.
struct UploadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "upload", abstract: "Send files and folders to an album; exits when all are delivered.",
    discussion: """
      Files are sent from where they lie and are known by their content: a second run goes on where the first was \
      stopped, and sends nothing twice. Guests see small renditions first; the originals follow.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions
  @OptionGroup var network: NetworkOptions

  @Argument(help: "Files and folders.", completion: .file())
  var path: [String]

  @Option(
    help: ArgumentHelp(
      "Where to: NAME, http(s)://HOST/a/SLUG or tus+http(s)://HOST/PATH; may be given several times.",
      valueName: "album"))
  var album: [String] = []

  @OptionGroup var sending: SendingOptions

  @Option(
    help: ArgumentHelp(
      "Where this machine's own album listens meanwhile (127.0.0.1:7420).", valueName: "host:port"))
  var listen: String?

  @Option(
    help: ArgumentHelp(
      "Give up, with all kept, when nothing has moved for so many seconds (30).", valueName: "seconds"))
  var patience: Int?

  func run() async throws {
    try await run(in: try options.context())
  }

  /// The last line of `--json`.
  struct Summary: Encodable, Sendable {
    let event = "upload.done"
    let time: String
    let files: Int
    let delivered: Int
    let failed: Int
    let open: Int
    /// Photos that are kept and not sent, as --send says.
    let held: Int
  }

  func run(in context: Context) async throws {
    let settings = context.settings
    let albums = try settings.texts("album", options: album)
    let policy = try sending.policy(in: settings)
    let address =
      try settings.value("upload.listen", option: listen, needed: ListenAddress.needed, ListenAddress.init)
      ?? .embedded
    let patience = Duration.seconds(max(1, try settings.number("upload.patience", option: patience) ?? 30))
    let scan = await FileScan.scanning(path, from: FilePath(FileManager.default.currentDirectoryPath))
    for refused in scan.refused { context.console.complain("pixcheese: \(Self.words(for: refused))") }
    if scan.passedOver > 0 {
      context.console.say("\(Text.count(scan.passedOver, "file")) passed over: neither picture nor clip.")
    }
    guard !scan.files.isEmpty else {
      throw Complaint(Self.status(of: scan.refused) ?? .noInput, "There is nothing to send.")
    }
    let live = try await LiveRun(
      context: context, albums: albums, policy: policy, listen: address, network: network)
    let outcome = Mutex(UploadSource.Outcome())
    try await live.run { _ in
      UploadSource(files: scan.files, live: live, patience: patience) { value in
        outcome.withLock { $0 = value }
      }
    }
    try end(outcome.withLock { $0 }, scan: scan, live: live)
  }

  private func end(_ outcome: UploadSource.Outcome, scan: FileScan, live: LiveRun) throws {
    let console = live.context.console
    console.emit(
      Summary(
        time: Text.time(Date()), files: scan.files.count, delivered: outcome.delivered,
        failed: outcome.failed,
        open: outcome.open + outcome.parked, held: outcome.held))
    guard outcome.isFinished, outcome.open == 0, outcome.parked == 0 else {
      let status: ExitStatus =
        outcome.refusedToken ? .notAllowed : outcome.isDiskFull ? .inputOutput : .notAllDelivered
      throw Complaint(
        status,
        """
        \(outcome.delivered) of \(Text.count(outcome.delivered + outcome.open + outcome.parked, "photo")) delivered. \
        All others are kept in the journal: \(outcome.isDiskFull ? "the disk is full, make room and " : "")\
        run the same command again.
        pixcheese queue list says why each one waits.
        """)
    }
    console.say("\(console.green("✓")) \(Self.words(for: outcome, files: scan.files.count))")
    if live.choice.feedsEmbedded {
      console.say("Guests can look at it while this machine shows it: pixcheese serve, or pixcheese tether.")
    }
    if outcome.failed > 0 {
      throw Complaint(
        .inputOutput, "\(Text.count(outcome.failed, "file")) could not be read; the others are delivered.")
    }
    if let status = Self.status(of: scan.refused) {
      throw Complaint(
        status,
        "\(Text.count(scan.refused.count, "path")) could not be sent, as said above; the others are delivered."
      )
    }
  }

  /// `4 photos delivered (1 of them before; 1 file is the same as another).`
  static func words(for outcome: UploadSource.Outcome, files: Int) -> String {
    var notes: [String] = []
    if outcome.before > 0 {
      notes.append(
        outcome.before == outcome.delivered ? "all of them before" : "\(outcome.before) of them before")
    }
    if outcome.held > 0 { notes.append("\(outcome.held) kept and not sent: pixcheese queue send") }
    // The two originals of a pair are one photo too.
    let same = files - outcome.delivered - outcome.failed - outcome.held - outcome.pairs
    if same > 0 { notes.append("\(Text.count(same, "file is", "files are")) the same as another") }
    return "\(Text.count(outcome.delivered, "photo")) delivered"
      + (notes.isEmpty ? "." : " (\(notes.joined(separator: "; "))).")
  }

  private static func status(of refused: [FileScan.Refused]) -> ExitStatus? {
    guard let first = refused.first else { return nil }
    return switch first.reason {
    case .missing: .noInput
    case .notAllowed: .notAllowed
    case .noPicture, .empty, .notAFile: .badInput
    case .unreadable: .inputOutput
    }
  }

  private static func words(for refused: FileScan.Refused) -> String {
    let path = Text.harmless(refused.path.string)
    return switch refused.reason {
    case .missing: "\(path): there is no such file or folder."
    case .notAllowed: "\(path): may not be read."
    case .noPicture: "\(path): is no picture and no clip, by its name. It is not sent."
    case .empty: "\(path): is empty. It is not sent."
    case .notAFile: "\(path): is neither file nor folder."
    case .unreadable(let words): "\(path): \(words)."
    }
  }
}

/// Takes files up and stays until they are delivered, or nothing has moved for as long as patience lasts.
struct UploadSource: Service {
  struct Outcome: Sendable {
    var delivered = 0
    /// Of those: delivered before this run.
    var before = 0
    var open = 0
    var parked = 0
    var failed = 0
    /// Frames that are kept and not sent.
    var held = 0
    /// Files that are the second original of a photo.
    var pairs = 0
    var refusedToken = false
    /// Whether an album of this machine has no room.
    var isDiskFull = false
    /// Whether every file was taken up before the run ended.
    var isFinished = false
  }

  let files: [FileScan.Found]
  let live: LiveRun
  let patience: Duration
  let done: @Sendable (Outcome) -> Void

  private static let pause = Duration.milliseconds(100)

  func run() async throws {
    let intake = Intake()
    await live.report.expect(files: files.count)
    var isFinished = false
    do {
      try await cancelWhenGracefulShutdown {
        try await takeUp(into: intake)
        try await waitUntilDelivered(await intake.frames)
      }
      isFinished = true
    } catch is CancellationError {
      // Stopped by a signal: what is not delivered stays in the journal, and the summary says so.
    }
    let report = live.report
    let all = await intake.frames
    let open = try await report.open(of: all).count
    let parked = await report.parked(of: all).count
    let held = try await live.journal.keptBack(from: live.choice.albums).intersection(all).count
    done(
      Outcome(
        delivered: all.count - open - parked - held, before: await intake.before.count, open: open,
        parked: parked,
        failed: await intake.failed, held: held, pairs: await intake.pairs,
        refusedToken: await report.sawRefusedToken, isDiskFull: await report.sawFullDisk,
        isFinished: isFinished))
  }

  /// What became of the files so far.
  private actor Intake {
    private(set) var frames: Set<ContentHash> = []
    /// Those that had been delivered before they were taken up.
    private(set) var before: Set<ContentHash> = []
    private(set) var failed = 0
    private var originals: Set<ContentHash> = []

    /// Different originals beyond the first one of each frame.
    var pairs: Int { max(0, originals.count - frames.count) }

    func add(_ frame: Frame, original: ContentHash, isDelivered: Bool) {
      originals.insert(original)
      if frames.insert(frame.hash).inserted, isDelivered { before.insert(frame.hash) }
    }
    func fail() { failed += 1 }
  }

  private func takeUp(into intake: Intake) async throws {
    let (outcomes, outcome) = AsyncStream<FileSource.Outcome>.makeStream()
    async let telling: Void = tell(outcomes, into: intake)
    do {
      defer { outcome.finish() }
      try await FileSource(journal: live.journal, albums: live.choice.albums, policy: live.policy)
        .take(files) { outcome.yield($0) }
    }
    try await telling
  }

  private func tell(_ outcomes: AsyncStream<FileSource.Outcome>, into intake: Intake) async throws {
    for await outcome in outcomes {
      switch outcome {
      case .safe(let frame, let original, let isNew):
        let isDelivered = isNew ? false : try await live.report.open(of: [frame.hash]).isEmpty
        await intake.add(frame, original: original.hash, isDelivered: isDelivered)
        await live.report.safe(frame, original: original)
        await live.report.taken(frames: await intake.frames.count)
      case .failed(let path, let reason):
        await intake.fail()
        await live.report.taken(frames: await intake.frames.count)
        live.context.console.complain("pixcheese: \(Text.harmless(path.string)): \(reason)")
      }
    }
  }

  private func waitUntilDelivered(_ frames: Set<ContentHash>) async throws {
    var open = frames
    while true {
      open = try await live.report.open(of: open)
      if open.isEmpty { return }
      if ContinuousClock.now - (await live.report.lastProgress) > patience { return }
      try await Task.sleep(for: Self.pause)
    }
  }
}
