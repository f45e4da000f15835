import Foundation
import Journal

/// Deliveries to one album that wait for the same, as `status` tells of them.
struct StatusWait: Encodable, Sendable {
  private(set) var count: Int
  /// Their bytes that are not acknowledged yet.
  private(set) var bytes: Int64
  /// Since when the oldest of them waits; `nil` where an older version wrote it down.
  private(set) var since: Date?
  /// The words for the one that failed last, and when the first of them is tried next.
  private(set) var words: WaitingWords

  private init(_ waiting: WaitingDeliveries, _ words: WaitingWords) {
    count = waiting.count
    bytes = waiting.bytes
    since = waiting.since
    self.words = words
  }

  private mutating func take(_ other: StatusWait) {
    count += other.count
    bytes += other.bytes
    since = [since, other.since].compactMap(\.self).min()
    words.nextTryAt = [words.nextTryAt, other.words.nextTryAt].compactMap(\.self).min()
    words.lastReason = words.lastReason ?? other.words.lastReason
  }

  /// One for each kind of reason: files have reasons of their own, and thousands of those say no more than the last one.
  /// - Parameter waiting: of each album what failed last is first.
  static func byAlbum(
    _ waiting: [WaitingDeliveries], sender: Sender, now: Date = Date()
  ) -> [String: [StatusWait]] {
    var albums: [String: [StatusWait]] = [:]
    for waiting in waiting {
      let album = waiting.situation.album
      let wait = StatusWait(
        waiting, WaitingWords(waiting.situation, nextTryAt: waiting.nextTryAt, sender: sender, now: now))
      let same = albums[album]?.firstIndex { $0.kind == wait.kind }
      if let same {
        albums[album]?[same].take(wait)
      } else {
        albums[album, default: []].append(wait)
      }
    }
    return albums
  }

  private var kind: [String] { [words.code ?? words.reason, words.remedy] }

  /// `4 deliveries (33 MB) for 3 min, next try in 12 s: …`
  func text(now: Date) -> String {
    var text = "\(Text.count(count, "delivery", "deliveries")) (\(Text.bytes(bytes)))"
    if let since { text += " for \(Text.duration(seconds: Int(max(0, now.timeIntervalSince(since)))))" }
    if let next = words.nextTryAt { text += ", next try \(Text.wait(until: next, from: now))" }
    return "\(text): \(Text.sentence(words.text)) \(words.remedy)"
  }

  enum CodingKeys: String, CodingKey {
    case count, bytes, since
  }

  /// With `null` where there is nothing to say.
  func encode(to encoder: any Encoder) throws {
    try words.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(count, forKey: .count)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(since.map { Text.time($0) }, forKey: .since)
  }
}
