import Foundation
import Glibc
import SystemPackage
import TOMLKit

/// Tokens by address: `credentials.toml` beside the configuration, readable by its owner only.
///
/// A token is never shown, logged or put on a command line. `PIXCHEESE_TOKEN` is nearer than the file.
struct Credentials: Sendable {
  private let file: FilePath
  private let variable: String?
  private var tokens: [String: String]

  /// - Throws: `Complaint` (78) for a file that cannot be read or is not right.
  init(file: FilePath, environment: [String: String]) throws(Complaint) {
    self.file = file
    variable = environment["PIXCHEESE_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
    tokens = [:]
    guard FileManager.default.fileExists(atPath: file.string) else { return }
    do {
      let table = try TOMLTable(string: String(contentsOfFile: file.string, encoding: .utf8))
      for (address, value) in table["tokens"]?.table ?? TOMLTable() {
        tokens[address] = value.string
      }
    } catch let error as TOMLParseError {
      throw Complaint(.configuration, "\(file):\(error.source.begin.line): this line cannot be read as TOML.")
    } catch {
      throw Complaint(.configuration, "\(file) cannot be read: look at its owner and mode.")
    }
  }

  /// The token for an album's page or an album server's address; `nil` where none is known.
  func token(for address: URL) -> String? {
    variable ?? tokens[Self.key(address)]
  }

  /// The token that is written down for an address, whatever the variable says of this run's own albums.
  func rememberedToken(for address: URL) -> String? { tokens[Self.key(address)] }

  /// Writes a token down, durably, for the owner's eyes only.
  /// - Throws: `Complaint` (73) if the file cannot be written.
  mutating func remember(_ token: String, for address: URL) throws(Complaint) {
    tokens[Self.key(address)] = token
    let table = TOMLTable(tokens.mapValues { $0 as any TOMLValueConvertible })
    let text =
      "# Tokens of albums and album servers. Keep this file to yourself.\n[tokens]\n" + table.convert() + "\n"
    let part = FilePath(file.string + ".part")
    do {
      try FileManager.default.createDirectory(
        atPath: file.removingLastComponent().string, withIntermediateDirectories: true)
      let descriptor = try FileDescriptor.open(
        part, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite])
      try descriptor.closeAfter {
        _ = try descriptor.writeAll(text.utf8)
        guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
      guard rename(part.string, file.string) == 0 else { throw Errno(rawValue: errno) }
      let folder = try FileDescriptor.open(
        file.removingLastComponent(), .readOnly, options: [.directory, .closeOnExec])
      try folder.closeAfter {
        guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) }
      }
    } catch {
      throw Complaint(
        .cannotCreate, "\(file) cannot be written (\(error)). The album's token could not be kept there.")
    }
  }

  /// An address without what does not tell one server or album from another.
  private static func key(_ address: URL) -> String {
    var text = address.absoluteString
    while text.hasSuffix("/") { text.removeLast() }
    return text
  }
}
