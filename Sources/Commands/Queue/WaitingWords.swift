import Delivery
import Foundation
import Journal
import Model

/// Why a delivery waits, when it is tried next, and what a person can do: the same words in `queue list` and `status`.
struct WaitingWords: Hashable, Sendable {
  /// What keeps it now, where it is no `DeliveryReason`.
  enum Code: String, Sendable {
    /// No pixcheese is at work.
    case notRunning
    /// The one at work does not send to this album.
    case notFed
    /// It is not to go until a person says so.
    case keptBack
    case rendering
    case preparing
    case stepFailed
    case showing
  }

  /// Why it waits.
  var reason: String
  /// The reason's kind, for a program: one of `Code` or `DeliveryReason.Code`; `nil` where nothing is in the way.
  var code: String?
  /// What stood in the way at the last try, where `reason` is another.
  var lastReason: String?
  /// When it is tried next; `nil` where no time is set for that.
  var nextTryAt: Date?
  /// What a person can do; where nothing needs to be done, that is said.
  var remedy: String

  /// - Parameters:
  ///   - situation: what the journal knows.
  ///   - nextTryAt: until when it is put off.
  ///   - frame: how the frame is named in what there is to do; `nil` for several.
  init(
    _ situation: DeliverySituation, nextTryAt: Date?, sender: Sender, frame: String? = nil, now: Date = Date()
  ) {
    let frame = frame ?? "FRAME"
    reason = ""
    remedy = ""
    switch situation.state {
    case .held:
      say("kept back", .keptBack, "To send it after all: pixcheese queue send \(frame)")
    case .parked:
      parked(situation, sender)
    case _ where !sender.isRunning:
      say("nobody is sending", .notRunning, Self.goingOn(to: situation.album, sender))
      lastReason = situation.reason
    case _ where sender.sends(to: situation.album) == false:
      say(
        "the pixcheese at work does not send to this album", .notFed,
        Self.startingAgain(for: situation.album, sender))
      lastReason = situation.reason
    default:
      if let step = situation.step {
        waits(for: step, situation, sender, now: now)
      } else {
        goes(situation, nextTryAt, sender, frame: frame, now: now)
      }
    }
  }

  /// A reason of a destination, with what a program and a person make of it.
  init(_ pause: DestinationStanding.Pause, prefix: String = "", now: Date = Date()) {
    reason = prefix + pause.reason.text
    code = pause.reason.code.rawValue
    remedy = pause.reason.code.remedy
    nextTryAt = max(pause.until ?? now, now)
  }

  private mutating func say(_ reason: String, _ code: Code?, _ remedy: String) {
    self.reason = reason
    self.code = code?.rawValue
    self.remedy = remedy
  }

  private mutating func parked(_ situation: DeliverySituation, _ sender: Sender) {
    reason = situation.reason ?? "waits for you"
    code = situation.reasonCode
    remedy = Self.remedy(situation.reasonCode) ?? "To try it again: pixcheese queue retry."
    if !sender.isRunning {
      remedy += " Nobody is sending: " + Self.goingOn(to: situation.album, sender)
    } else if sender.sends(to: situation.album) == false {
      remedy += " " + Self.startingAgain(for: situation.album, sender)
    }
  }

  private mutating func waits(
    for step: Delivery.Step, _ situation: DeliverySituation, _ sender: Sender, now: Date
  ) {
    switch step {
    case .rendering:
      say("waits until its frame's preview is made", .rendering, "It goes on by itself.")
    case .preparing:
      say("waits until what is published of it is made", .preparing, "It goes on by itself.")
    case .failed:
      say(
        situation.reason ?? "a step before it failed", .stepFailed,
        "Mend what is said; the next run tries it again.")
    case .showing:
      let words = "is stored, and waits to be shown"
      if let pause = sender.standing(of: situation.album).showing {
        self = WaitingWords(pause, prefix: words + ": ", now: now)
      } else {
        say(words, .showing, "It goes on by itself.")
      }
    }
  }

  private mutating func goes(
    _ situation: DeliverySituation, _ putOffUntil: Date?, _ sender: Sender, frame: String, now: Date
  ) {
    let standing = sender.standing(of: situation.album)
    if let rest = standing.rest {
      self = WaitingWords(rest, prefix: "the destination rests: ", now: now)
      nextTryAt = max(nextTryAt ?? now, putOffUntil ?? now)
      // What failed by itself is its own reason.
      let code = situation.reasonCode.flatMap(DeliveryReason.Code.init(rawValue:))
      if let text = situation.reason, let code, DeliveryReason(code, text).scope == .delivery {
        failed(text, code)
      }
    } else if let held = standing.heldOriginals, situation.kind == .original, !situation.isPushed {
      reason = held.text
      code = held.code.rawValue
      remedy = held.code.remedy
    } else if let text = situation.reason {
      failed(text, situation.reasonCode.flatMap(DeliveryReason.Code.init(rawValue:)))
      nextTryAt = putOffUntil.map { max($0, now) }
    } else if sender.note == nil {
      say("which albums the pixcheese at work sends to is not known yet", nil, "Look again in a moment.")
    } else if situation.state == .sending {
      say("is being sent", nil, "It goes on by itself.")
    } else {
      say("waits for its turn", nil, "To send it before others: pixcheese queue first \(frame)")
    }
  }

  private mutating func failed(_ text: String, _ code: DeliveryReason.Code?) {
    reason = text
    self.code = code?.rawValue
    remedy = code?.remedy ?? "It goes on by itself."
  }

  private static func remedy(_ code: String?) -> String? {
    code.flatMap(DeliveryReason.Code.init(rawValue:))?.remedy
  }

  /// What goes on with an album when nobody is at work.
  private static func goingOn(to album: String, _ sender: Sender) -> String {
    guard !sender.remembers(album) else {
      return "pixcheese tether, or pixcheese upload, goes on with it."
    }
    return
      "pixcheese tether, or pixcheese upload, with --album \(Text.harmless(album)) goes on with it\(key(album))."
  }

  /// What makes the run at work send to an album too.
  private static func startingAgain(for album: String, _ sender: Sender) -> String {
    sender.remembers(album)
      ? "Stop it and start it again: it then goes on with this album too."
      : "Stop it and start it again with --album \(Text.harmless(album)) too\(key(album))."
  }

  /// What a run must be given besides an album's name.
  private static func key(_ album: String) -> String {
    switch try? Destination(parsing: album) {
    case .bucket: ", with the bucket's keys (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
    case .albumServer, .tus: ", with its token in PIXCHEESE_TOKEN"
    default: ""
    }
  }

  /// The reason in one line, with that of the last try.
  var text: String {
    Text.harmless(reason) + (lastReason.map { " (at the last try: \(Text.harmless($0)))" } ?? "")
  }
}

extension WaitingWords: Encodable {
  enum CodingKeys: String, CodingKey {
    case reason, code, remedy
    case lastReason = "last_reason"
    case nextTryAt = "next_try_at"
  }

  /// With `null` where there is nothing to say.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(reason, forKey: .reason)
    try container.encode(code, forKey: .code)
    try container.encode(lastReason, forKey: .lastReason)
    try container.encode(nextTryAt.map { Text.time($0) }, forKey: .nextTryAt)
    try container.encode(remedy, forKey: .remedy)
  }
}
