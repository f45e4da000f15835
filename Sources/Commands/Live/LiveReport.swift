import Delivery
import Foundation
import Hooks
import Journal
import Model
import SystemPackage

/// Turns what happens in a run into events for scripts, words for people and figures for the live view.
actor LiveReport {
  let scoreboard = Scoreboard()
  let console: Console
  private let journal: Journal
  /// The albums that the run feeds; what goes on for others beside them decides nothing.
  private let albums: [String]
  /// Whether the run takes frames from cameras, for which there must be room.
  let takesFrames: Bool
  private var deliveredFrames: Set<ContentHash> = []
  /// Frames that were told of as delivered everywhere; a second original that joins later makes no second frame.
  private var countedFrames: Set<ContentHash> = []
  /// Album and frame of every original's arrival that was told of.
  private var arrivedFrames: Set<String> = []
  private var onDelivered: @Sendable (Int) async -> Void = { _ in }
  private(set) var onCaptured: @Sendable (HookSubject) async -> Void = { _ in }
  /// The last reason said for each album, so that a long outage is one line and not hundreds.
  private var saidReasons: [String: String] = [:]
  /// What was said to wait for a person, for the same reason.
  private var saidParked: Set<String> = []
  /// Whether an album refused the token.
  private(set) var sawRefusedToken = false
  /// The albums of this machine that have no room on their disk, until an original arrives there again.
  private var fullAlbums: Set<String> = []
  /// Whether an album of this machine has no room now.
  var isAlbumFull: Bool { !fullAlbums.isEmpty }
  /// The last five warnings that differ, the newest last, for whoever looks at the run from outside.
  private(set) var warnings: [RunNote.Warning] = []
  /// Warnings of a kind that are said only once.
  private var saidWarnings: Set<String> = []
  private var lastMovement = ContinuousClock.now
  private var framesInWork = 0
  /// When something last moved, for a run that gives up when nothing does: a frame, a byte, or what is being made of a
  /// frame, which takes its time without a sign (a retouching program has a limit of its own). What has been made and
  /// finds no room in the journal does not move.
  var lastProgress: ContinuousClock.Instant {
    framesInWork > 0 && !journal.isWaitingForRoom ? .now : lastMovement
  }

  init(console: Console, journal: Journal, albums: [String], takesFrames: Bool) {
    self.console = console
    self.takesFrames = takesFrames
    self.journal = journal
    self.albums = albums
  }

  /// Whom to tell how many frames are delivered everywhere, each time one more is.
  func whenDelivered(_ body: @escaping @Sendable (Int) async -> Void) { onDelivered = body }

  /// Whom to tell of each frame that a camera announces.
  func whenCaptured(_ body: @escaping @Sendable (HookSubject) async -> Void) { onCaptured = body }

  // MARK: What happens

  /// A frame is on its way.
  func moved() { lastMovement = .now }

  /// So many frames are being prepared: rendered, retouched, copied.
  func working(on frames: Int) {
    framesInWork = frames
    moved()
  }

  /// - Parameter showsCode: whether a QR code is drawn for guests to scan, where there is a terminal.
  func albumReady(_ target: AlbumTarget, showsCode: Bool) async {
    await scoreboard.album(target.album, page: target.page)
    guard target.isFed else {
      return console.say("Going on with what still waits for the album \(Text.harmless(target.album)).")
    }
    emit(.albumReady(album: target.album, url: target.page?.absoluteString))
    let name = console.bold(Text.harmless(target.album))
    guard let page = target.page, page.absoluteString != target.album else {
      return console.say("Album \(name)")
    }
    console.say("Album \(name): \(page.absoluteString)")
    if showsCode { console.sayCode(for: page) }
  }

  func reconciled(_ reconciliation: Reconciliation) async {
    for frame in reconciliation.adopted {
      await safe(frame)
    }
    if !reconciliation.adopted.isEmpty {
      warn(
        "spool.adopted",
        "\(Text.count(reconciliation.adopted.count, "photo")) found whole in the spool and taken up.")
    }
    if !reconciliation.missing.isEmpty {
      warn(
        "spool.missing",
        "\(Text.count(reconciliation.missing.count, "original")) of the journal are gone from the spool, "
          + "the first is \(reconciliation.missing[0]). Somebody removed them.")
    }
    if let stray = reconciliation.strays.first {
      warn(
        "spool.strays",
        "\(Text.count(reconciliation.strays.count, "photo")) in the spool, the first is \(stray), "
          + "no journal knows. They are left as they are; pixcheese tether takes them up.")
    }
    for unreadable in reconciliation.unreadable {
      warn(
        "spool.unreadable",
        "\(unreadable.path) in the spool cannot be read and is left as it is. \(Text.harmless(unreadable.reason))"
      )
    }
  }

  func safe(_ frame: Frame) async {
    await safe(frame, original: frame.original)
  }

  func safe(_ frame: Frame, original: Original) async {
    await safe(frame.hash, name: original.name, bytes: original.bytes, sha256: original.hash)
  }

  /// - Parameter sha256: the original's; another than the frame's for a second original.
  func safe(_ frame: ContentHash, name: String, bytes: Int64, sha256: ContentHash) async {
    lastMovement = .now
    if sha256 == frame {
      await scoreboard.safe(frame, name: Text.harmless(name), bytes: bytes)
    } else {
      // What there is of the frame now has to be delivered too.
      deliveredFrames.remove(frame)
      await scoreboard.joined(bytes: bytes)
    }
    emit(.frameSafe(frame: frame, name: name, bytes: bytes, sha256: sha256))
    console.detail("safe       \(Text.harmless(name)) (\(Text.bytes(bytes)))")
  }

  func tell(_ event: DeliveryEvent) async throws {
    switch event {
    case .sent(let sent): try await self.sent(sent)
    case .progress(let album, let bytesPerSecond):
      if bytesPerSecond > 0 { lastMovement = .now }
      if albums.contains(album) { await scoreboard.moved(bytesPerSecond) }
      await scoreboard.speed(bytesPerSecond, album: album)
    case .assembling: lastMovement = .now
    case .waiting(let waiting):
      let reason = Text.harmless(waiting.reason.text)
      if waiting.reason.code == .noRoom, case .embedded? = try? Destination(parsing: waiting.album) {
        fullAlbums.insert(waiting.album)
      }
      emit(.deliveryWaiting(album: waiting.album, count: waiting.count, bytes: waiting.bytes, reason: reason))
      if saidReasons.updateValue(reason, forKey: waiting.album) != reason {
        console.say(
          "\(console.yellow("Waiting")) for \(Text.harmless(waiting.album)): \(Text.sentence(reason)) "
            + "\(Text.count(waiting.count, "delivery", "deliveries")) (\(Text.bytes(waiting.bytes))) are kept."
        )
      }
    case .standing(let album, let standing):
      await scoreboard.standing(standing, album: album)
    case .postponed(let delivery, let reason):
      console.detail(
        "put off    \(Text.harmless(delivery.name)) \(delivery.kind): \(Text.harmless(reason.text))")
    case .parked(let delivery, let reason):
      lastMovement = .now
      await scoreboard.parked()
      if reason.code == .notAllowed { sawRefusedToken = true }
      let message =
        "\(Text.harmless(delivery.name)) (\(delivery.kind)) waits for you: \(Text.harmless(reason.text))"
      emit(.warning(code: "delivery.parked", message: message))
      // What stands in the way of one is mostly in the way of all: once is enough for a person.
      if saidParked.insert("\(delivery.album) \(reason.text)").inserted {
        console.complain("\(console.yellow("Warning:")) \(message)")
      } else {
        console.detail(message)
      }
    case .clockIsWrong(let seconds):
      warn(
        "clock",
        "This machine's clock is \(abs(Int(seconds))) seconds \(seconds > 0 ? "ahead of" : "behind") the album's. "
          + "Set it right: times of photos and certificates depend on it.")
    case .journalFailed(_, let error):
      warn("journal.failed", Complaint(error)?.message ?? error.message)
    }
  }

  private func sent(_ sent: DeliveryEvent.Sent) async throws {
    lastMovement = .now
    saidReasons[sent.album] = nil
    let isFurther =
      sent.kind == .original && !arrivedFrames.insert("\(sent.frame) \(sent.album)").inserted
    // A thumbnail fits where no original does.
    if sent.kind == .original { fullAlbums.remove(sent.album) }
    await scoreboard.sent(sent, isExpected: albums.contains(sent.album), isFurther: isFurther)
    switch sent.kind {
    case .thumbnail: break
    case .preview:
      emit(.frameViewable(frame: sent.frame, album: sent.album, milliseconds: sent.milliseconds))
      console.detail(
        "viewable   \(Text.harmless(sent.name))" + (sent.milliseconds.map { " after \($0) ms" } ?? ""))
    case .original where isFurther:
      emit(
        .originalDelivered(
          frame: sent.frame, album: sent.album, name: sent.name, bytes: sent.bytes, sha256: sent.sha256))
      console.detail("delivered  \(Text.harmless(sent.name))")
    case .original:
      emit(.frameDelivered(frame: sent.frame, album: sent.album, bytes: sent.bytes))
      console.detail("delivered  \(Text.harmless(sent.name))")
    }
    try await look(at: sent.frame, in: sent.album)
  }

  /// Counts a frame that is delivered everywhere now, once.
  private func look(at frame: ContentHash, in album: String) async throws {
    guard albums.contains(album), !deliveredFrames.contains(frame),
      try await journal.isDelivered(frame, to: albums),
      deliveredFrames.insert(frame).inserted
    else { return }
    guard countedFrames.insert(frame).inserted else { return }
    await onDelivered(await scoreboard.deliveredEverywhere())
  }

  func warn(_ code: String, _ message: String) {
    Self.warn(code, message, on: console)
    warnings.removeAll { $0.code == code && $0.message == message }
    warnings.append(RunNote.Warning(code: code, message: message, time: Text.time(Date())))
    if warnings.count > 5 { warnings.removeFirst() }
  }

  /// A warning that is said once in a run, however often it comes.
  func warnOnce(_ code: String, _ message: String) {
    if saidWarnings.insert(code).inserted { warn(code, message) }
  }

  static func warn(_ code: String, _ message: String, on console: Console) {
    console.emit(LiveEvent.Line(event: .warning(code: code, message: message), time: Date()))
    console.complain("\(console.yellow("Warning:")) \(message)")
  }

  func emit(_ event: LiveEvent) {
    console.emit(LiveEvent.Line(event: event, time: Date()))
  }

  // MARK: How far a run is

  /// So many files, of so many bytes, are to be sent: from now on there is something to measure progress by.
  func expect(files: Int, bytes: Int64) async {
    let takers = albums.count { (try? Destination(parsing: $0))?.takes.contains(.preview) ?? false }
    await scoreboard.expect(
      Scoreboard.Upload(files: files, bytes: bytes, albums: albums.count, takers: takers))
  }

  func end() { console.clear() }
}
