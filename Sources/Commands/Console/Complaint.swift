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
    default: return nil
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
    case .io:
      Complaint(.inputOutput, "\(error.message)\nWhat was safe is safe. Look at the disk, then run again.")
    }
  }
}
