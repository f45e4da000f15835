import Foundation
import Glibc
import Journal
import Model
import SystemPackage

/// Where everything lies: may it be written, is the journal sound, is there room?
struct HomeDoctor: Sendable {
  let home: Home

  /// Less free room than this is soon none: forty frames of 25 MB.
  private static let leastRoom: Int64 = 1_000_000_000
  /// An evening's photos.
  private static let goodRoom: Int64 = 20_000_000_000

  func findings() async -> [DoctorFinding] {
    [folder(), await journal(), room(), service()]
  }

  private func folder() -> DoctorFinding {
    let folders = [home.journal.removingLastComponent(), home.spool.removingLastComponent()]
    for folder in folders {
      let existing = Self.existing(folder)
      guard access(existing.string, W_OK | X_OK) == 0 else {
        return .problem(
          "home", "\(existing) may not be written.",
          "Give it to the user who runs pixcheese, or choose another place with --home DIR.")
      }
    }
    return .good(
      "home",
      folders.map(\.string).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ", ")
    )
  }

  private func journal() async -> DoctorFinding {
    do {
      guard let journal = try await Journal.openForReading(at: home.journal, spool: home.spool) else {
        return .good("journal", "There is none yet; the first run makes it.")
      }
      let backlogs = try await journal.backlogs()
      let waiting = backlogs.reduce(0) { $0 + $1.waiting }
      let parked = backlogs.reduce(0) { $0 + $1.parked }
      guard parked == 0 else {
        return .note(
          "journal", "\(Text.count(parked, "delivery waits", "deliveries wait")) for a person.",
          "pixcheese queue list says why each one waits; pixcheese queue retry tries them again.")
      }
      return .good(
        "journal",
        waiting == 0
          ? "Sound; nothing waits." : "Sound; \(Text.count(waiting, "delivery waits", "deliveries wait")).")
    } catch {
      let words = Complaint(error)?.message.split(separator: "\n").map(String.init) ?? [error.message]
      return .problem("journal", words[0], words.dropFirst().joined(separator: " "))
    }
  }

  private func room() -> DoctorFinding {
    let folder = Self.existing(home.spool)
    var status = statvfs()
    guard statvfs(folder.string, &status) == 0 else {
      return .problem(
        "room", "The free room of \(folder) is not known (\(String(cString: strerror(errno)))).",
        "Look at that disk.")
    }
    let free = DiskRoom(status).free
    let words = "\(Text.bytes(free)) free for photos in \(folder)."
    switch free {
    case ..<Self.leastRoom:
      return .problem(
        "room", words,
        "Make room, or choose another disk with --home DIR: frames wait on the card when it is full.")
    case ..<Self.goodRoom: return .note("room", words, "An evening of photos may take more.")
    default: return .good("room", words)
    }
  }

  private func service() -> DoctorFinding {
    if JournalLock.isHeld(beside: home.journal) {
      return .good("service", "A pixcheese is at work with this home; pixcheese status says how it goes.")
    }
    let units = ["/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"]
      .map { $0 + "/pixcheese.service" }
    guard let unit = units.first(where: { access($0, F_OK) == 0 }) else {
      return .good("service", "Not installed as a service; run it by hand.")
    }
    return .good("service", "Installed (\(unit)) and not at work with this home.")
  }

  /// The folder itself, or the nearest one above it that is there.
  private static func existing(_ folder: FilePath) -> FilePath {
    var folder = folder
    while access(folder.string, F_OK) != 0, folder.removeLastComponent() {}
    return folder.string.isEmpty ? "/" : folder
  }
}
