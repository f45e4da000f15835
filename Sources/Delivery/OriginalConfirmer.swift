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
  private static let rest = Duration.seconds(30)

  public init(journal: Journal, destinations: [DeliveryDestination], curl: CurlClient, logger: Logger) {
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
        while !Task.isCancelled {
          let hashes = try await journal.toConfirm(by: destination.album, limit: Self.batch)
          guard !hashes.isEmpty else { break }
          for hash in hashes {
            if let refusal = await refusal(of: hash, at: destination) {
              logger.notice(
                "An original is not confirmed.",
                metadata: ["album": "\(destination.album)", "sha256": "\(hash)", "reason": "\(refusal)"])
              // It may be fetched again, or the server be back: its frame stays on the card until then.
              try await Task.sleep(for: Self.rest)
            } else {
              try await journal.confirm(hash, by: destination.album)
            }
          }
        }
      } catch is CancellationError {
        return
      } catch {
        // Without the journal nothing is confirmed, and nothing deleted; whoever delivers says that it fails.
        logger.error("The journal failed.", metadata: ["error": "\(error)"])
      }
    }
  }

  /// - Returns: `nil` if the destination holds exactly these bytes, else what is in the way.
  private func refusal(of hash: ContentHash, at destination: DeliveryDestination) async -> String? {
    struct Held: Decodable {
      let sha256: ContentHash
    }
    guard let url = Self.address(of: hash, at: destination) else { return "it cannot say" }
    var headers = [HeaderFields.Field(name: "Accept", value: "application/json")]
    if case .tus(_, let token?) = destination.place {
      headers.append(HeaderFields.Field(name: "Authorization", value: "Bearer \(token)"))
    }
    do {
      let response = try await curl.perform(
        Request(
          .get, url, headers: headers, timeouts: Timeouts(connect: .seconds(5), total: .seconds(60))))
      guard response.status == 200 else { return "it answers \(response.status)" }
      let held = try JSONDecoder().decode(Held.self, from: Data(response.body))
      return held.sha256 == hash ? nil : "it names another hash"
    } catch {
      return String(describing: error)
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
