import Delivery
import Foundation
import Journal
import Model

/// Who sends from a journal now, as it is seen from outside the run: what `queue list` and `status` judge by.
struct Sender: Sendable {
  /// Whether a pixcheese is at work with the journal.
  let isRunning: Bool
  /// What it tells; `nil` where none is at work, and while it has told nothing yet.
  let note: RunNote?
  /// Whether any run goes on with what waits for an album, named or not.
  let remembers: @Sendable (String) -> Bool

  init(isRunning: Bool, note: RunNote?, remembers: @escaping @Sendable (String) -> Bool) {
    self.isRunning = isRunning
    self.note = note
    self.remembers = remembers
  }

  /// Looks who is at work with a journal.
  /// - Throws: `Complaint` (78) where the credentials cannot be read.
  init(of journal: Journal, in context: Context) throws(Complaint) {
    isRunning = JournalLock.isHeld(beside: journal.path)
    note = isRunning ? RunNote.read(beside: journal.path) : nil
    let credentials = try Credentials(
      file: context.home.credentials, environment: context.settings.environment)
    let accounts = BucketAccounts(context.settings)
    remembers = { album in
      guard let destination = try? Destination(parsing: album) else { return false }
      return AlbumChoice.isRemembered(destination, credentials: credentials, accounts: accounts)
    }
  }

  /// Whether it sends to an album; `nil` where that is not known.
  func sends(to album: String) -> Bool? {
    guard isRunning else { return false }
    return note.map { $0.albums.contains { $0.album == album } }
  }

  /// What holds up an album's deliveries, as the run tells it.
  func standing(of album: String) -> DestinationStanding {
    note?.albums.first { $0.album == album }?.standing ?? DestinationStanding()
  }
}
