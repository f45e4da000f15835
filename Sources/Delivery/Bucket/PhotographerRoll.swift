import Curl
import Foundation
import Model

/// Keeps one photographer on the list of those whose feeds an album has.
///
/// The list is one object that several laptops write. A conditional write makes that safe where the store honours it. Where
/// it does not, a writer can drop another's entry; so an entry is read back after it was written, looked for again and again
/// while the laptop works, and whoever writes the list writes all that it ever saw there: what was dropped returns, and
/// nothing is ever lost for good.
actor PhotographerRoll {
  private let client: S3Client
  private let key: String
  /// Everybody who was ever seen on the list.
  private var seen = PhotographerList()
  /// Whether the list was seen with us on it.
  private(set) var isCalled = false
  /// When to look again; laptops that began together do not look together, or one would write over the other each time.
  private(set) var next = ContinuousClock.now
  /// What was read ahead of the first call, and when.
  private var ahead: (list: PhotographerList, condition: WriteCondition, at: ContinuousClock.Instant)?
  private var wait = Duration.seconds(2)

  private static let longestWait = Duration.seconds(60)
  /// Longer ago, and where a store knows no conditions others may have written since.
  private static let freshness = Duration.seconds(3)
  private static let tries = 6
  private static let headers = ObjectHeaders(
    contentType: "application/json", cacheControl: "public, max-age=2, must-revalidate")

  init(client: S3Client, key: String) {
    self.client = client
    self.key = key
  }

  /// Whether it is time to look again: soon after the first time, when others may be at it too, and then ever more rarely.
  var isDue: Bool { ContinuousClock.now >= next }

  /// Reads the list before it is needed; a failure is met again by `call`.
  func lookAhead() async {
    guard !isCalled, let (list, condition) = try? await read() else { return }
    ahead = (list, condition, .now)
  }

  /// The list as it was read ahead, once and not long ago; else as it is.
  private func look() async throws(FeedFailure) -> (PhotographerList, WriteCondition) {
    defer { ahead = nil }
    if let ahead, ahead.at.duration(to: .now) < Self.freshness { return (ahead.list, ahead.condition) }
    return try await read()
  }

  /// Sees to it that the list has us and all whom we ever saw.
  /// - Throws: `FeedFailure`.
  func call(_ photographer: String) async throws(FeedFailure) {
    for _ in 0..<Self.tries {
      let (list, condition) = try await look()
      seen = seen.union(list)
      let wanted = seen.union(PhotographerList([photographer]))
      if list == wanted {
        isCalled = true
        next = .now + wait * Double.random(in: 0.75...1.25)
        wait = min(wait * 2, Self.longestWait)
        return
      }
      let answer: S3Answer
      do {
        answer = try await client.put(
          Array(try encode(wanted)), at: key, headers: Self.headers, condition: condition)
      } catch let error as CurlError {
        throw FeedFailure(error)
      } catch {
        throw FeedFailure(.stopped(DeliveryReason(.refused, "The list of photographers cannot be written.")))
      }
      wait = .seconds(2)
      // Somebody else was quicker: what they wrote is read, and joined.
      let isRace = answer.status == 412 || answer.code == "ConditionalRequestConflict"
      guard isRace || (answer.isSuccess && answer.tag != nil) else { throw FeedFailure(answer) }
    }
    throw FeedFailure(
      .stopped(DeliveryReason(.busy, "Others write the list of photographers all the time.")))
  }

  private func read() async throws(FeedFailure) -> (PhotographerList, WriteCondition) {
    let answer: S3Answer
    do {
      answer = try await client.get(key, limit: 1 << 20)
    } catch {
      throw FeedFailure(error)
    }
    if answer.isSuccess, let tag = answer.tag {
      // A list that cannot be read is written anew from what is known.
      let list =
        (try? JSONDecoder().decode(PhotographerList.self, from: Data(answer.body))) ?? PhotographerList()
      return (PhotographerList(list.photographers.filter(PhotographerList.isID)), .unchanged(tag: tag))
    }
    guard answer.status == 404, answer.speaksS3 else { throw FeedFailure(answer) }
    return (PhotographerList(), .absent)
  }

  private func encode(_ list: PhotographerList) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return try encoder.encode(list)
  }
}
