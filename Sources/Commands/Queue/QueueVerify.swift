import AlbumServer
import ArgumentParser
import Curl
import Delivery
import Foundation
import Journal
import Model
import SystemPackage

/// `pixcheese queue verify`
struct QueueVerify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Compare what was delivered with what the albums really have.",
    discussion: """
      Asks each album for every frame and file that the journal calls delivered. With --repair what is missing is \
      queued again. A plain tus endpoint can be sent to and not looked into: it is passed over, and that is said. Of a \
      bucket each object is asked for, and whether the feeds show it.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Option(help: ArgumentHelp("Only this album; may be given several times.", valueName: "album"))
  var album: [String] = []

  @Flag(help: "Queue again what is missing.")
  var repair = false

  func run() async throws {
    try await run(in: try options.context())
  }

  struct Answer: Encodable, Sendable {
    struct Missing: Encodable, Sendable {
      let frame: String
      let name: String
      let kind: String
      let reason: String
    }
    struct Album: Encodable, Sendable {
      let album: String
      /// Deliveries that were compared.
      var compared = 0
      var missing: [Missing] = []
      /// Why it could not be looked into; `nil` where it could.
      var problem: String?
    }
    var albums: [Album] = []
    /// Deliveries that are queued again.
    var repaired = 0

    var missing: Int { albums.reduce(0) { $0 + $1.missing.count } }
  }

  /// Deliveries compared at once.
  private static let step = 500

  func run(in context: Context) async throws {
    // A look needs no lock: a run may begin while a server is waited for.
    guard
      let journal = try await Journal.openForReading(at: context.home.journal, spool: context.home.spool)
    else {
      throw Complaint(.noInput, "There is no journal at \(context.home.journal) yet: nothing waits.")
    }
    let known = try await journal.backlogs().map(\.album)
    for name in album where !known.contains(name) {
      throw Complaint(.noInput, "\(Text.harmless(name)): nothing was ever sent there from here.")
    }
    let curl = try NetworkSettings(context.settings).client()
    var answer = Answer()
    var status: ExitStatus?
    for name in album.isEmpty ? known : album {
      var row = Answer.Album(album: name)
      do {
        if let verifier = try await Self.verifier(for: name, curl: curl, context: context) {
          let missing = try await compare(&row, in: journal, with: verifier)
          if repair, !missing.isEmpty {
            answer.repaired += try await QueueCommand.open(context).journal.requeue(missing)
          }
        } else {
          row.problem = "It takes uploads and cannot be looked into."
        }
      } catch let error as VerificationError {
        row.problem = error.description
        status = error.code == .notAllowed ? .notAllowed : .unavailable
      } catch let complaint as Complaint where complaint.status == .notAllowed {
        // Keys that are not known for one bucket are no reason to leave the other albums out.
        row.problem = complaint.message
        status = complaint.status
      }
      answer.albums.append(row)
    }
    context.console.emit(answer)
    context.console.answer(Self.text(answer))
    if answer.repaired > 0 {
      context.console.say(
        QueueAnswer(
          frames: nil, deliveries: answer.repaired, running: JournalLock.isHeld(beside: journal.path)
        ).next)
    }
    if let status { throw Complaint(status, "Not every album could be looked into, as said above.") }
    if answer.missing > answer.repaired {
      throw Complaint(
        .notAllDelivered,
        "\(Text.count(answer.missing, "delivery", "deliveries")) missing. All originals that the journal has are "
          + "kept.\nQueue them again: pixcheese queue verify --repair")
    }
  }

  /// What can look into an album; `nil` for a kind that cannot be looked into.
  private static func verifier(
    for album: String, curl: CurlClient, context: Context
  ) async throws -> (any DestinationVerifier)? {
    switch try AlbumChoice.destination(album) {
    case .embedded(let name):
      return EmbeddedVerifier(store: try await AlbumStore.open(context.home.albums.string), name: name)
    case .albumServer(let page):
      return try await AlbumServerVerifier(
        AlbumServerAddress(page: page), client: AlbumServerClient(curl: curl))
    case .bucket(let bucket, let prefix):
      return try await BucketVerifier(
        BucketAccounts(context.settings).destination(bucket: bucket, prefix: prefix), curl: curl)
    case .tus:
      return nil
    }
  }

  /// - Returns: the deliveries that the album has not got.
  private func compare(
    _ row: inout Answer.Album, in journal: Journal, with verifier: any DestinationVerifier
  ) async throws -> [Delivery] {
    var lost: [Delivery] = []
    var last: Int64 = 0
    while true {
      let deliveries = try await journal.sentDeliveries(to: row.album, after: last, limit: Self.step)
      guard let end = deliveries.last else { return lost }
      last = end.id
      let missing = try await verifier.missing(of: deliveries)
      row.compared += deliveries.count
      row.missing += missing.map {
        Answer.Missing(
          frame: $0.delivery.frame.hex, name: $0.delivery.name, kind: $0.delivery.kind.rawValue,
          reason: $0.reason)
      }
      lost += missing.map(\.delivery)
    }
  }

  static func text(_ answer: Answer) -> String {
    guard !answer.albums.isEmpty else { return "Nothing was ever sent from here." }
    var lines: [String] = []
    for album in answer.albums {
      let name = Text.harmless(album.album)
      if let problem = album.problem {
        lines.append("\(name): \(Text.harmless(problem))")
      } else if album.missing.isEmpty {
        lines.append("\(name): has all of \(Text.count(album.compared, "delivery", "deliveries")).")
      } else {
        lines.append(
          "\(name): \(album.missing.count) of \(Text.count(album.compared, "delivery", "deliveries")) missing."
        )
        lines.append(
          Text.table(
            album.missing.map {
              [String($0.frame.prefix(8)), Text.harmless($0.name), $0.kind, Text.harmless($0.reason)]
            }))
      }
    }
    if answer.repaired > 0 {
      lines.append("\(Text.count(answer.repaired, "delivery", "deliveries")) queued again.")
    }
    return lines.joined(separator: "\n")
  }
}
