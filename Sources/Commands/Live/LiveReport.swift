import Delivery
import Foundation
import Journal
import Model
import SystemPackage

/// Turns what happens in a run into events for scripts, words for people and figures for the live view.
actor LiveReport {
  let scoreboard = Scoreboard()
  let console: Console
  private let journal: Journal
  /// The albums of this run: others that a frame once was to go to do not hold it up.
  private let albums: [String]
  /// Whether any album takes renditions, so that a frame is not delivered before they are.
  private let needsRenditions: Bool
  private var deliveredFrames: Set<ContentHash> = []
  private var parkedFrames: Set<ContentHash> = []
  private var onDelivered: @Sendable (Int) async -> Void = { _ in }
  /// The last reason said for each album, so that a long outage is one line and not hundreds.
  private var saidReasons: [String: String] = [:]
  /// Whether an album refused the token.
  private(set) var sawRefusedToken = false
  /// Whether an album of this machine has no room on its disk.
  private(set) var sawFullDisk = false
  /// When something last moved, for a run that gives up when nothing does.
  private(set) var lastProgress = ContinuousClock.now

  init(console: Console, journal: Journal, albums: [String]) {
    self.console = console
    self.journal = journal
    self.albums = albums
    needsRenditions = albums.contains { (try? Destination(parsing: $0))?.takes.contains(.preview) ?? false }
  }

  /// Whom to tell how many frames are delivered everywhere, each time one more is.
  func whenDelivered(_ body: @escaping @Sendable (Int) async -> Void) { onDelivered = body }

  // MARK: What happens

  /// - Parameter showsCode: whether a QR code is drawn for guests to scan, where there is a terminal.
  func albumReady(_ target: AlbumTarget, showsCode: Bool) async {
    await scoreboard.album(target.album, page: target.page)
    emit(.albumReady(album: target.album, url: target.page?.absoluteString))
    guard let page = target.page else { return console.say("Album \(Text.harmless(target.album))") }
    console.say("Album \(console.bold(Text.harmless(target.album))): \(page.absoluteString)")
    if showsCode, console.isInteractive,
      let code = QRCode.lines(for: page.absoluteString, hasColours: console.hasColours)
    {
      for line in code { console.say(line) }
    }
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
  }

  func safe(_ frame: Frame) async {
    await safe(frame.hash, name: frame.original.name, bytes: frame.original.bytes)
  }

  func safe(_ frame: ContentHash, name: String, bytes: Int64) async {
    lastProgress = .now
    await scoreboard.safe(frame, name: Text.harmless(name), bytes: bytes)
    emit(.frameSafe(frame: frame, name: name, bytes: bytes))
    console.detail("safe       \(Text.harmless(name)) (\(Text.bytes(bytes)))")
  }

  func tell(_ event: DeliveryEvent) async throws {
    switch event {
    case .sent(let sent): try await self.sent(sent)
    case .progress(let album, let bytesPerSecond):
      if bytesPerSecond > 0 { lastProgress = .now }
      await scoreboard.speed(bytesPerSecond, album: album)
    case .waiting(let waiting):
      let reason = Text.harmless(waiting.reason.text)
      await scoreboard.waiting(reason, album: waiting.album)
      if waiting.reason.code == .noRoom, case .embedded? = try? Destination(parsing: waiting.album) {
        sawFullDisk = true
      }
      emit(.deliveryWaiting(album: waiting.album, count: waiting.count, bytes: waiting.bytes, reason: reason))
      if saidReasons.updateValue(reason, forKey: waiting.album) != reason {
        console.say(
          "\(console.yellow("Waiting")) for \(Text.harmless(waiting.album)): \(reason) "
            + "\(Text.count(waiting.count, "delivery", "deliveries")) (\(Text.bytes(waiting.bytes))) are kept."
        )
      }
    case .postponed(let delivery, let reason):
      console.detail(
        "put off    \(Text.harmless(delivery.name)) \(delivery.kind): \(Text.harmless(reason.text))")
    case .parked(let delivery, let reason):
      lastProgress = .now
      await scoreboard.parked()
      parkedFrames.insert(delivery.frame)
      if reason.code == .notAllowed { sawRefusedToken = true }
      warn(
        "delivery.parked",
        "\(Text.harmless(delivery.name)) (\(delivery.kind)) waits for you: \(Text.harmless(reason.text))")
    case .journalFailed(_, let error):
      warn("journal.failed", Complaint(error)?.message ?? error.message)
    }
  }

  private func sent(_ sent: DeliveryEvent.Sent) async throws {
    lastProgress = .now
    saidReasons[sent.album] = nil
    await scoreboard.sent(sent.frame, kind: sent.kind, album: sent.album, milliseconds: sent.milliseconds)
    switch sent.kind {
    case .thumbnail: break
    case .preview:
      emit(.frameViewable(frame: sent.frame, album: sent.album, milliseconds: sent.milliseconds))
      console.detail(
        "viewable   \(Text.harmless(sent.name))" + (sent.milliseconds.map { " after \($0) ms" } ?? ""))
    case .original:
      emit(.frameDelivered(frame: sent.frame, album: sent.album, bytes: sent.bytes))
      console.detail("delivered  \(Text.harmless(sent.name))")
    }
    try await look(at: sent.frame)
  }

  /// Counts a frame that is delivered everywhere now, once.
  private func look(at frame: ContentHash) async throws {
    guard !deliveredFrames.contains(frame),
      try await journal.isDelivered(frame, to: albums, needsRenditions: needsRenditions),
      deliveredFrames.insert(frame).inserted
    else { return }
    await onDelivered(await scoreboard.deliveredEverywhere())
  }

  func warn(_ code: String, _ message: String) {
    emit(.warning(code: code, message: message))
    console.complain("\(console.yellow("Warning:")) \(message)")
  }

  func emit(_ event: LiveEvent) {
    console.emit(LiveEvent.Line(event: event, time: Date()))
  }

  // MARK: How far a run is

  /// Which of some frames are neither delivered everywhere nor parked.
  func open(of frames: Set<ContentHash>) async throws -> Set<ContentHash> {
    let rest = frames.subtracting(deliveredFrames).subtracting(parkedFrames)
    for frame in rest where !deliveredFrames.contains(frame) {
      if try await journal.isDelivered(frame, to: albums, needsRenditions: needsRenditions) {
        deliveredFrames.insert(frame)
      }
    }
    return rest.subtracting(deliveredFrames)
  }

  func parked(of frames: Set<ContentHash>) -> Set<ContentHash> { frames.intersection(parkedFrames) }

  func end() { console.clear() }
}
