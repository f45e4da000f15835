import Foundation
import Journal
import Model
import SystemPackage
import TestServers

/// A journal in a folder of its own, which goes when the test is over.
final class TemporaryJournal: Sendable {
  private let temporary: TemporaryFolder
  var folder: FilePath { temporary.filePath }

  init() throws { temporary = try TemporaryFolder() }

  var path: FilePath { folder.appending("journal.sqlite") }
  var spool: FilePath { folder.appending("spool") }

  func open() async throws -> Journal {
    try await Journal.open(at: path, spool: spool)
  }

  /// Puts an original into the spool as a source does: reserve, write, sync, publish.
  func spooled(_ name: String, _ text: String, in journal: Journal, day: String = "2026-11-23") throws
    -> Original
  {
    let path = try journal.spool.reserve(name, day: day)
    try Data(text.utf8).write(to: URL(fileURLWithPath: Spool.partPath(for: path).string))
    try Spool.publish(path)
    return Original(
      hash: ContentHash(of: Data(text.utf8)), name: name, mediaType: MediaType.forFile(named: name),
      bytes: Int64(text.utf8.count), path: path, isInPlace: false)
  }

  func rendition(_ kind: AssetKind, _ text: String, in journal: Journal) throws -> StoredRendition {
    let bytes = Array(text.utf8)
    let hash = ContentHash(of: bytes)
    let path = try journal.spool.store(rendition: bytes, hash: hash, extension: "jpg")
    return StoredRendition(
      kind: kind, hash: hash, mediaType: "image/jpeg", bytes: Int64(bytes.count), path: path)
  }
}
