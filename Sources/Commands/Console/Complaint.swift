import AlbumServer
import ArgumentParser
import Curl
import Delivery
import Ingest
import Journal

/// Something that ends a command, in words for a person: what is wrong, what is safe, what to do.
struct Complaint: Error, Sendable {
  let status: ExitStatus
  /// One to three lines.
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  /// What an error of the parts below means for a person; `nil` for one that is the argument parser's own.
  init?(_ error: any Error) {
    switch error {
    case let complaint as Complaint: self = complaint
    case let error as JournalError: self = Self.journal(error)
    case let error as TetherError: self = Self.tether(error)
    case let error as AlbumServerError: self = Self.albumServer(error)
    case let error as AlbumServerClient.Failure: self = Self.server(error)
    case let error as BucketAlbums.Failure: self = Self.bucket(error.reason)
    case let error as CurlError: self.init(.ourFault, "libcurl could not be started: \(error.text).")
    default: return nil
    }
  }

  /// What a command ends with: an error that nobody has words for is our own fault; `nil` for one that is the argument
  /// parser's own.
  init?(ending error: any Error) {
    if let known = Complaint(error) {
      self = known
      return
    }
    guard Pixcheese.exitCode(for: error) == .failure, !(error is ExitCode) else { return nil }
    self.init(
      .ourFault,
      """
      Something went wrong that should not: \(Text.harmless(String(describing: error).prefix(300).description))
      What was safe is safe. Run it again; if it comes back, please report it with what --verbose says.
      """)
  }

  private static func tether(_ error: TetherError) -> Complaint {
    switch error.code {
    case .noCamera(.notAllowed): Complaint(.notAllowed, error.message)
    case .noCamera, .noUSB: Complaint(.unavailable, error.message)
    case .journal: (error.underlying as? JournalError).map(journal) ?? Complaint(.inputOutput, error.message)
    }
  }

  private static func albumServer(_ error: AlbumServerError) -> Complaint {
    switch error.code {
    case .dataFolder, .file:
      Complaint(
        error.isNotAllowed ? .notAllowed : error.code == .dataFolder ? .cannotCreate : .inputOutput,
        "\(error.description).\nWhat is in the album is safe. Look at the folder, then run again.")
    case .database:
      Complaint(.badInput, "\(error.description).\nThe photos' files in the same folder were not touched.")
    case .noRoom:
      Complaint(
        .inputOutput,
        "\(error.description).\nThe disk is full. What is in the album is safe. Make room and run again.")
    case .notFound: Complaint(.unavailable, "\(error.description).")
    case .configuration: Complaint(.usage, "\(error.description).")
    case .listen:
      Complaint(
        .unavailable,
        "\(error.description).\nChoose another address with --listen, or stop the program that has it.")
    }
  }

  private static func server(_ failure: AlbumServerClient.Failure) -> Complaint {
    let status: ExitStatus =
      switch failure.code {
      case .notAllowed: .notAllowed
      case .refused: .badInput
      case .unreachable, .notAnAlbumServer, .noSuchAlbum, .failing: .unavailable
      }
    let hint =
      failure.code == .notAllowed
      ? "\nGive the right one in PIXCHEESE_TOKEN, or under [tokens] in credentials.toml." : ""
    return Complaint(status, failure.description + hint)
  }

  private static func bucket(_ reason: DeliveryReason) -> Complaint {
    let text = Text.harmless(reason.text)
    return switch reason.code {
    case .notAllowed:
      Complaint(
        .notAllowed,
        "\(text)\nAWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or [s3] in config.toml, have to name keys that may read, write and list."
      )
    case .noSuchAlbum:
      Complaint(.unavailable, "\(text)\nMake the bucket with the store's own tools first (docs/delivery.md).")
    case .tooLarge, .refused: Complaint(.badInput, text)
    default: Complaint(.unavailable, text)
    }
  }

  private static func journal(_ error: JournalError) -> Complaint {
    switch error.code {
    case .corrupt:
      Complaint(
        .badInput,
        """
        \(error.message)
        The journal is damaged. Every photo in the spool folder beside it is still there.
        Move the journal file away (keep it) and run again: what is in the spool is found and taken up.
        """)
    case .locked:
      Complaint(
        .unavailable, "\(error.message)\nStop that one first, or give this one a home of its own: --home DIR."
      )
    case .full:
      Complaint(
        .inputOutput,
        "\(error.message)\nThe disk is full. What was safe is safe; frames wait on the card. Make room and run again."
      )
    case .newer:
      Complaint(.badInput, "\(error.message)\nNothing was changed. Use that version, or another --home.")
    case .notAllowed:
      Complaint(
        .notAllowed, "\(error.message)\nNothing was changed. Look at the owner and the mode of that folder.")
    case .cannotCreate:
      Complaint(
        .cannotCreate,
        "\(error.message)\nNothing was changed. Choose where everything shall lie with --home DIR.")
    case .io:
      Complaint(.inputOutput, "\(error.message)\nWhat was safe is safe. Look at the disk, then run again.")
    }
  }
}
