import Foundation
import Model
import Programs
import SystemPackage
import TOMLKit

/// What is not on the command line: `PIXCHEESE_…` variables, then `config.toml`. The nearer wins.
struct Settings: Sendable {
  let environment: [String: String]
  /// Dotted keys (`tether.catch_up`) and their values.
  private let values: [String: Value]
  private let file: FilePath

  enum Value: Hashable, Sendable {
    case text(String)
    case number(Int)
    case flag(Bool)
    case list([String])
  }

  /// Reads `config.toml` if it is there.
  /// - Throws: `Complaint` (78) for a file that cannot be read or is not right, with its line.
  init(file: FilePath, environment: [String: String]) throws(Complaint) {
    self.environment = environment
    self.file = file
    var values: [String: Value] = [:]
    if FileManager.default.fileExists(atPath: file.string) {
      let text: String
      do {
        text = try String(contentsOfFile: file.string, encoding: .utf8)
      } catch {
        throw Complaint(.configuration, "\(file) cannot be read as UTF-8 text. Nothing was changed.")
      }
      do {
        try Self.flatten(try TOMLTable(string: text), prefix: "", into: &values)
      } catch let error as TOMLParseError {
        throw Complaint(
          .configuration,
          "\(file):\(error.source.begin.line): \(Text.harmless(error.description)). Nothing was changed.")
      } catch let error as UnknownValue {
        throw Self.complaint(
          file, text, key: error.key, "is neither text, number, true or false, nor a list of texts")
      } catch {
        throw Complaint(.configuration, "\(file): \(error)")
      }
      for key in values.keys.sorted() where !Self.known.contains(key) && !BucketAccounts.knows(key) {
        throw Self.complaint(file, text, key: key, "is no setting; docs/configuration.md lists them")
      }
    }
    self.values = values
  }

  /// A text: from the option, else the variable, else the file.
  func text(_ key: String, option: String? = nil) throws(Complaint) -> String? {
    if let option { return option }
    if let text = variable(key) { return text }
    switch values[key] {
    case nil: return nil
    case .text(let text): return text
    case .number(let number): return String(number)
    default: throw wrong(key, "is a text")
    }
  }

  /// Several texts: from the options if there are any, else the variable (separated by commas), else the file.
  func texts(_ key: String, options: [String] = []) throws(Complaint) -> [String] {
    if !options.isEmpty { return options }
    if let text = variable(key) {
      return text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    switch values[key] {
    case nil: return []
    case .text(let text): return [text]
    case .list(let list): return list
    default: throw wrong(key, "is a text or a list of texts")
    }
  }

  func number(_ key: String, option: Int? = nil) throws(Complaint) -> Int? {
    if let option { return option }
    if let text = variable(key) {
      guard let number = Int(text) else {
        throw Complaint(
          .configuration, "\(Self.variableName(key))=\(Text.harmless(text)): a whole number is needed.")
      }
      return number
    }
    switch values[key] {
    case nil: return nil
    case .number(let number): return number
    default: throw wrong(key, "is a whole number")
    }
  }

  func flag(_ key: String, option: Bool? = nil, otherwise: Bool = false) throws(Complaint) -> Bool {
    if let option { return option }
    if let text = variable(key) {
      switch text.lowercased() {
      case "1", "true", "yes", "on": return true
      case "0", "false", "no", "off": return false
      default:
        throw Complaint(.configuration, "\(Self.variableName(key))=\(Text.harmless(text)): 1 or 0 is needed.")
      }
    }
    switch values[key] {
    case nil: return otherwise
    case .flag(let flag): return flag
    default: throw wrong(key, "is true or false")
    }
  }

  /// A whole number in a range.
  /// - Throws: `Complaint`: 64 for an option, 78 for a variable or the file.
  func number(_ key: String, option: Int?, in range: ClosedRange<Int>) throws(Complaint) -> Int? {
    guard let number = try number(key, option: option) else { return nil }
    guard range.contains(number) else {
      throw refusal(
        of: key, isOption: option != nil, value: String(number),
        "\(range.lowerBound) to \(range.upperBound) is needed.")
    }
    return number
  }

  /// A program and its arguments: a text, which is split into words, or in the file a list of them. An empty text is
  /// no program.
  /// - Throws: `Complaint`: 64 for an option, 78 for a variable or the file.
  func command(_ key: String, option: String?) throws(Complaint) -> [String]? {
    var words: [String]
    if option == nil, variable(key) == nil, case .list(let list)? = values[key] {
      words = list
    } else {
      guard let text = try text(key, option: option), !text.isEmpty else { return nil }
      do {
        words = try CommandWords.split(text)
      } catch {
        throw refusal(of: key, isOption: option != nil, value: text, "\(error).")
      }
    }
    guard let program = words.first, ProgramRun.isThere(program) else {
      throw refusal(
        of: key, isOption: option != nil, value: words.joined(separator: " "),
        "there is no such program, or it may not be run.")
    }
    return words
  }

  /// A value that is read from a text: from the option, else the variable, else the file.
  /// - Parameters:
  ///   - needed: what to write instead of a text that `read` makes nothing of, as a sentence.
  ///   - read: the value, or `nil`.
  /// - Throws: `Complaint`: 64 for an option, 78 for a variable or the file, saying where the text stands.
  func value<Value>(
    _ key: String, option: String?, needed: String, _ read: (String) -> Value?
  ) throws(Complaint) -> Value? {
    guard let text = try text(key, option: option) else { return nil }
    guard let value = read(text) else {
      throw refusal(of: key, isOption: option != nil, value: text, needed)
    }
    return value
  }

  /// What is wrong with a setting's value, and where that stands: on the command line, in a variable, or in the file.
  func refusal(of key: String, isOption: Bool, value: String? = nil, _ words: String) -> Complaint {
    let value = value.map { Text.harmless(Destination.withoutPassword($0)) }
    if isOption {
      let option = "--" + (key.split(separator: ".").last ?? "").replacing("_", with: "-")
      return Complaint(.usage, "\(option)\(value.map { " \($0)" } ?? ""): \(words)")
    }
    if variable(key) != nil {
      return Complaint(.configuration, "\(Self.variableName(key))\(value.map { "=\($0)" } ?? ""): \(words)")
    }
    return Complaint(
      .configuration, "\(place(of: key)): \(Text.harmless(key))\(value.map { " = \($0)" } ?? ""): \(words)")
  }

  /// A text that stands in the file, whatever the variables say.
  func written(_ key: String) throws(Complaint) -> String? {
    switch values[key] {
    case nil: return nil
    case .text(let text): return text.isEmpty ? nil : text
    default: throw wrong(key, "is a text")
    }
  }

  /// The same settings without some variables.
  func without(variables prefix: String) -> Settings {
    Settings(environment: environment.filter { !$0.key.hasPrefix(prefix) }, values: values, file: file)
  }

  private init(environment: [String: String], values: [String: Value], file: FilePath) {
    self.environment = environment
    self.values = values
    self.file = file
  }

  /// The keys that `config.toml` may have, but for those of buckets (`BucketAccounts`).
  static let known: Set<String> = [
    "album", "server", "bucket", "public_url", "quiet", "verbose", "json", "send", "originals", "queue.rows",
    "limit",
    "network.ca_file", "network.congestion_control",
    "tether.camera", "tether.catch_up", "tether.frames", "tether.lan", "tether.listen", "tether.take_over",
    "tether.inhibit_sleep",
    "tether.clock_offset", "tether.set_clock", "tether.delete_after", "tether.delete_pause",
    "tether.clear_buffer",
    "tether.worker_memory", "tether.worker_silence",
    "upload.listen", "upload.patience", "cameras.shutter", "spool.keep", "spool.reserve",
    "demo.every", "demo.frames", "demo.lan", "demo.listen",
    "serve.listen", "serve.data", "serve.public_url",
    "publish.retouch", "publish.retouch_seconds", "publish.retouch_required", "publish.retouch_originals",
    "publish.creator", "publish.copyright", "publish.caption", "publish.keyword", "publish.write_metadata",
    "publish.strip_location", "publish.unstrippable", "publish.watermark", "publish.watermark_picture",
    "publish.watermark_position", "publish.watermark_opacity", "publish.watermark_size",
    "publish.watermark_margin",
    "hooks.on_captured", "hooks.on_safe", "hooks.on_viewable", "hooks.on_delivered", "hooks.hook_seconds",
    "hooks.hook_places",
  ]

  private func variable(_ key: String) -> String? {
    environment[Self.variableName(key)].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// `tether.catch_up` is `PIXCHEESE_CATCH_UP`: the command's name is no part of it.
  static func variableName(_ key: String) -> String {
    "PIXCHEESE_" + (key.split(separator: ".").last ?? "").uppercased()
  }

  private func wrong(_ key: String, _ what: String) -> Complaint {
    Complaint(.configuration, "\(place(of: key)): \(Text.harmless(key)) \(what). Nothing was changed.")
  }

  /// The file and, where the key is found in it, the line.
  func place(of key: String) -> String {
    // A file that has gone since it was read still has its name.
    Self.place(of: key, in: file, text: (try? String(contentsOfFile: file.string, encoding: .utf8)) ?? "")
  }

  private static func complaint(_ file: FilePath, _ text: String, key: String, _ what: String) -> Complaint {
    Complaint(
      .configuration,
      "\(place(of: key, in: file, text: text)): \(Text.harmless(key)) \(what). Nothing was changed.")
  }

  private static func place(of key: String, in file: FilePath, text: String) -> String {
    var table = ""
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.trimmingCharacters(in: .whitespaces).replacing("-", with: "_")
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        table = line[line.index(after: line.startIndex)..<end].trimmingCharacters(in: .whitespaces) + "."
      } else if let sign = line.firstIndex(of: "="),
        table + line[..<sign].trimmingCharacters(in: .whitespaces) == key
      {
        return "\(file):\(index + 1)"
      }
    }
    return "\(file)"
  }

  private struct UnknownValue: Error { let key: String }

  private static func flatten(
    _ table: TOMLTable, prefix: String, into values: inout [String: Value]
  ) throws {
    for (key, value) in table {
      let path = prefix + key.replacing("-", with: "_")
      if let inner = value.table {
        try flatten(inner, prefix: path + ".", into: &values)
      } else if let text = value.string {
        values[path] = .text(text)
      } else if let flag = value.bool {
        values[path] = .flag(flag)
      } else if let number = value.int {
        values[path] = .number(number)
      } else if let list = value.array {
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else { throw UnknownValue(key: path) }
        values[path] = .list(texts)
      } else {
        throw UnknownValue(key: path)
      }
    }
  }
}
