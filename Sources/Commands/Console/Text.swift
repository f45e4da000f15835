import Foundation

extension Duration {
  /// Whole milliseconds.
  var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}

/// Words and figures for people.
enum Text {
  /// `3.4 MB`: powers of ten, as cameras' makers and networks count.
  static func bytes(_ count: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = Double(count)
    var unit = 0
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit == 0 ? "\(count) B" : String(format: value < 9.95 ? "%.1f %@" : "%.0f %@", value, units[unit])
  }

  /// `1 frame`, `2 frames`.
  static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    number == 1 ? "1 \(noun)" : "\(number) \(plural ?? noun + "s")"
  }

  /// `12 s`, `3 min`, `2 h`: as precise as a guess deserves.
  static func duration(seconds: Int) -> String {
    switch seconds {
    case ..<90: "\(max(1, seconds)) s"
    case ..<5400: "\((seconds + 30) / 60) min"
    default: "\((seconds + 1800) / 3600) h"
    }
  }

  /// `0.8 s`, `12.0 s`.
  static func seconds(_ duration: Duration) -> String {
    String(format: "%.1f s", Double(duration.milliseconds) / 1000)
  }

  /// `in 12 s`, or `now` for a time that has come.
  static func wait(until date: Date, from now: Date = Date()) -> String {
    let seconds = Int(date.timeIntervalSince(now).rounded(.up))
    return seconds <= 0 ? "now" : "in \(duration(seconds: seconds))"
  }

  /// A text with an end, so that another sentence may follow.
  static func sentence(_ text: String) -> String {
    guard let last = text.last, !".!?。！？".contains(last) else { return text }
    return text + "."
  }

  /// A text from outside (a camera, a file, a server) that may be shown on a terminal: no control characters, one line.
  static func harmless(_ text: String) -> String {
    String(
      text.map { character in
        character.unicodeScalars.contains {
          [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        } ? "?" : character
      })
  }

  /// How many columns of a terminal a character takes.
  static func columns(of character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    return switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
      0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      2
    default: 1
    }
  }

  static func columns(of text: String) -> Int {
    text.reduce(0) { $0 + columns(of: $1) }
  }

  /// A table that is no wider than a terminal, if one of its columns may be cut to eight for that.
  /// - Parameter width: the terminal's columns; `nil` where there is none.
  static func table(_ rows: [[String]], cutting column: Int, to width: Int?) -> String {
    let whole = table(rows)
    let needed = whole.split(separator: "\n").map { columns(of: String($0)) }.max() ?? 0
    guard let width, needed > width else { return whole }
    let room = max(8, (rows.map { columns(of: $0[column]) }.max() ?? 0) - (needed - width))
    return table(
      rows.map { row in
        var row = row
        row[column] = Console.cut(row[column], to: room)
        return row
      })
  }

  /// A table with its columns side by side, the first row being its head.
  static func table(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { columns(of: $0[column]) }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - columns(of: cell)) }
        .joined(separator: "  ").replacing(#/\s+$/#, with: "")
    }.joined(separator: "\n")
  }

  /// A text in lines of so many columns, broken at spaces, the further ones indented by two; in one line for `nil`.
  static func wrapped(_ text: String, to width: Int?) -> [String] {
    guard let width else { return [text] }
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if line.isEmpty {
        line = String(word)
      } else if columns(of: line) + 1 + columns(of: String(word)) <= width {
        line += " " + word
      } else {
        lines.append(line)
        line = "  " + word
      }
    }
    return lines + [line]
  }

  /// RFC 3339 in UTC with milliseconds, as events carry it.
  static func time(_ date: Date) -> String {
    date.formatted(
      .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true))
  }
}
