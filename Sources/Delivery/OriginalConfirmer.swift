public import Curl
import Foundation
public import Journal
public import Logging
import Model
public import ServiceLifecycle

/// Asks destinations whether they really hold the originals that shall be deleted on their cards, and writes down when
/// they say so.
///
/// Only an answer that names the SHA-256 and the length, and that the destination gives after it has read the bytes
/// again, counts. Album servers have an address for that (docs/http-api.md, "Whether an original is held"); a plain tus
/// endpoint and a bucket have no way to say it, so that what goes there is never confirmed, and stays on its card.
public struct OriginalConfirmer: Service {
  private let journal: Journal
  private let destinations: [DeliveryDestination]
  private let curl: CurlClient
  private let logger: Logger

  /// How many originals are asked about before the journal is read again.
  private static let batch = 20
  /// How long a destination that does not confirm is left alone.
  private let rest: Duration
  /// What the slowest disk of a server reads and hashes in a second, in bytes.
  private static let slowest: Int64 = 4 << 20

  public init(
    journal: Journal, destinations: [DeliveryDestination], curl: CurlClient, rest: Duration = .seconds(30),
    logger: Logger
  ) {
    self.rest = rest
    self.journal = journal
    self.destinations = destinations
    self.curl = curl
    self.logger = logger
  }

  /// Whether a destination can say that it holds an original.
  public static func canConfirm(_ destination: DeliveryDestination) -> Bool {
    address(of: ContentHash(of: Data()), at: destination) != nil
  }

  /// Asks until the task is cancelled or the service group shuts down.
  public func run() async {
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        for destination in destinations where Self.canConfirm(destination) {
          group.addTask { await ask(destination) }
        }
      }
    }
  }

  private func ask(_ destination: DeliveryDestination) async {
    for await _ in journal.ticks() {
      do {
        // It may be sent again, or the server be back: until then its frame stays on the card, and holds up no other.
        while try await !askForAll(at: destination) { try await Task.sleep(for: rest) }
      } catch is CancellationError {
        return
      } catch {
        // Without the journal nothing is confirmed, and nothing deleted; whoever delivers says that it fails.
        logger.error("The journal failed.", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Asks about each original once.
  /// - Returns: whether all of them are confirmed.
  private func askForAll(at destination: DeliveryDestination) async throws -> Bool {
    var position: Int64 = 0
    var isConfirmed = true
    while true {
      try Task.checkCancellation()
      let originals = try await journal.toConfirm(
        by: destination.album, after: position, limit: Self.batch)
      guard let last = originals.last else { return isConfirmed }
      position = last.position
      for original in originals {
        guard let refusal = await refusal(of: original, at: destination) else {
          try await journal.confirm(original.hash, by: destination.album)
          continue
        }
        isConfirmed = false
        logger.notice(
          "An original is not confirmed.",
          metadata: [
            "album": "\(destination.album)", "sha256": "\(original.hash)", "reason": "\(refusal.words)",
          ])
        if !refusal.isAnswer { try await Task.sleep(for: rest) }
      }
    }
  }

  /// Why an original is not confirmed.
  private struct Refusal {
    let words: String
    /// Whether the destination said so; else it is not there, or too slow.
    var isAnswer = true
  }

  /// - Returns: `nil` if the destination holds exactly these bytes, else what is in the way.
  private func refusal(
    of original: UnconfirmedOriginal, at destination: DeliveryDestination
  ) async -> Refusal? {
    struct Held: Decodable {
      let sha256: ContentHash
    }
    guard let url = Self.address(of: original.hash, at: destination) else {
      return Refusal(words: "it cannot say")
    }
    var headers = [HeaderFields.Field(name: "Accept", value: "application/json")]
    if case .tus(_, let token?) = destination.place {
      headers.append(HeaderFields.Field(name: "Authorization", value: "Bearer \(token)"))
    }
    do {
      var timeouts = Timeouts(connect: .seconds(5)).patient(forFileOf: original.bytes, at: Self.slowest)
      timeouts.total = timeouts.stall + .seconds(30)
      let response = try await curl.perform(Request(.get, url, headers: headers, timeouts: timeouts))
      guard response.status == 200 else {
        return Refusal(words: "it answers \(response.status)", isAnswer: response.status < 500)
      }
      let held = try JSONDecoder().decode(Held.self, from: Data(response.body))
      return held.sha256 == original.hash ? nil : Refusal(words: "it names another hash")
    } catch {
      return Refusal(words: String(describing: error), isAnswer: false)
    }
  }

  /// Where an album server says whether it holds an original; `nil` for another kind of destination.
  private static func address(of hash: ContentHash, at destination: DeliveryDestination) -> URL? {
    guard case .tus(let creationURL, _) = destination.place, destination.takes.contains(.preview),
      creationURL.lastPathComponent == "uploads"
    else { return nil }
    return creationURL.deletingLastPathComponent().appending(path: "originals/\(hash.hex)")
  }
}
