import ArgumentParser
import Foundation
import Ingest
import Journal
import Model
import ServiceLifecycle
import Synchronization
import SystemPackage

/// `pixcheese upload`: send files and folders, once.
struct UploadCommand: LastingCommand {
  static let configuration = CommandConfiguration(
    commandName: "upload", abstract: "Send files and folders to an album; exits when all are delivered.",
    discussion: """
      Files are sent from where they lie and are known by their content: a second run goes on where the first was \
      stopped, and sends nothing twice. Guests see small renditions first; the originals follow.

      \(ExitStatus.table)
      """)

  @Argument(help: "Files and folders.", completion: .file())
  var path: [String]

  @OptionGroup(title: "Album") var album: AlbumOptions
  @OptionGroup(title: "Before it is published") var publish: PublishOptions
  @OptionGroup(title: "Hooks") var hooks: HookOptions
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup var options: GlobalOptions

  @Option(
    help: ArgumentHelp(
      "Give up, with all kept, when nothing has moved for so many seconds (30).", valueName: "seconds"))
  var patience: Int?

  func run() async throws {
    try await options.run { try await run(in: $0) }
  }

  /// What `--json` says at the end; a run that ends with a message says that after it.
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
    let albums = try AlbumOptions.albums(album.album, in: settings)
    let policy = try album.sending.policy(in: settings)
    let address = try album.address("upload.listen", in: settings) ?? .embedded
    let publishing = try publish.publishing(in: settings)
    let hooks = try hooks.programs(in: settings)
    let patience = Duration.seconds(
      try settings.number("upload.patience", option: patience, in: 1...86_400) ?? 30)
    let scan = await FileScan.scanning(path, from: FilePath(FileManager.default.currentDirectoryPath))
    for refused in scan.refused { context.console.complain("pixcheese: \(Self.words(for: refused))") }
    for path in scan.empty {
      LiveReport.warn(
        "file.empty", "\(Text.harmless(path.string)): is empty. It is passed over.", on: context.console)
    }
    if scan.passedOver > 0 {
      context.console.say("\(Text.count(scan.passedOver, "file")) passed over: neither picture nor clip.")
    }
    guard !scan.files.isEmpty else {
      if scan.refused.isEmpty, !scan.empty.isEmpty {
        return context.console.say("There is nothing to send: what is there is empty.")
      }
      throw Complaint(Self.status(of: scan.refused) ?? .noInput, "There is nothing to send.")
    }
    let live = try await LiveRun(
      context: context, albums: albums, policy: policy, listen: address, takesFrames: false, network: network,
      publishing: publishing, hooks: hooks)
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
