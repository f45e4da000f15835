/// IPTC's texts (IIM 4.2, record 2) among the image resources that Photoshop made a custom of (APP13).
enum IPTCWords {
  private struct Dataset {
    let record: UInt8
    let number: UInt8
    let content: [UInt8]
  }

  private static let signature = Array("Photoshop 3.0\u{0}".utf8)
  private static let iptc = 0x0404
  /// A checksum of the texts, which is wrong when they have changed.
  private static let digest = 0x0425
  /// `ESC % G`: all that follows is UTF-8 (record 1, dataset 90).
  private static let utf8: [UInt8] = [0x1B, 0x25, 0x47]

  /// - Parameter content: the segment's; `nil` for a new one.
  /// - Returns: the segment with the words; `nil` where it is not understood, or holds texts of another coding, which
  ///   must not be mixed with UTF-8: EXIF and XMP say the same.
  static func segment(_ content: [UInt8]?, with words: PictureWords) -> [UInt8]? {
    guard var resources = resources(content ?? signature) else { return nil }
    let known = resources.first { $0.identifier == iptc }?.content ?? []
    guard var datasets = datasets(known) else { return nil }
    let isUTF8 = datasets.contains { $0.record == 1 && $0.number == 90 && $0.content == utf8 }
    guard isUTF8 || datasets.allSatisfy({ $0.content.allSatisfy { $0 < 0x80 } }) else { return nil }
    datasets.removeAll { $0.record == 1 && $0.number == 90 }
    datasets.insert(Dataset(record: 1, number: 90, content: utf8), at: 0)
    func set(_ number: UInt8, _ text: String?, _ limit: Int) {
      guard let text else { return }
      datasets.removeAll { $0.record == 2 && $0.number == number }
      datasets.append(Dataset(record: 2, number: number, content: cut(text, limit)))
    }
    set(80, words.creator, 32)
    set(116, words.copyright, 128)
    set(120, words.caption, 2000)
    for keyword in words.keywords.map({ cut($0, 64) })
    where !datasets.contains(where: { $0.record == 2 && $0.number == 25 && $0.content == keyword }) {
      datasets.append(Dataset(record: 2, number: 25, content: keyword))
    }
    resources.removeAll { $0.identifier == iptc || $0.identifier == digest }
    resources.append((iptc, [0, 0], encoded(datasets)))
    return signature
      + resources.flatMap { resource -> [UInt8] in
        let count = resource.content.count
        let size = (0..<4).map { UInt8(count >> (24 - 8 * $0) & 255) }
        return Array("8BIM".utf8) + [UInt8(resource.identifier >> 8), UInt8(resource.identifier & 255)]
          + resource.name + size + resource.content + (count % 2 == 1 ? [0] : [])
      }
  }

  /// At most so many bytes of UTF-8, cut between two characters.
  private static func cut(_ text: String, _ limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for character in text {
      guard bytes.count + character.utf8.count <= limit else { break }
      bytes += Array(character.utf8)
    }
    return bytes
  }

  private static func resources(
    _ content: [UInt8]
  ) -> [(identifier: Int, name: [UInt8], content: [UInt8])]? {
    guard content.starts(with: signature) else { return nil }
    var resources: [(identifier: Int, name: [UInt8], content: [UInt8])] = []
    var offset = signature.count
    while offset + 12 <= content.count {
      guard content[offset..<offset + 4].elementsEqual("8BIM".utf8) else { return nil }
      let identifier = Int(content[offset + 4]) << 8 | Int(content[offset + 5])
      // A text with its length before it, together of an even number of bytes.
      let nameLength = (Int(content[offset + 6]) + 2) / 2 * 2
      let size = offset + 6 + nameLength
      guard size + 4 <= content.count else { return nil }
      let count = content[size..<size + 4].reduce(0) { $0 << 8 | Int($1) }
      guard size + 4 + count <= content.count else { return nil }
      resources.append(
        (identifier, Array(content[offset + 6..<size]), Array(content[size + 4..<size + 4 + count])))
      offset = size + 4 + count + count % 2
    }
    return resources
  }

  private static func datasets(_ bytes: [UInt8]) -> [Dataset]? {
    var datasets: [Dataset] = []
    var offset = 0
    while offset + 5 <= bytes.count, bytes[offset] == 0x1C {
      let length = Int(bytes[offset + 3]) << 8 | Int(bytes[offset + 4])
      // Longer ones have a length of another form; no text has.
      guard length < 0x8000, offset + 5 + length <= bytes.count else { return nil }
      datasets.append(
        Dataset(
          record: bytes[offset + 1], number: bytes[offset + 2],
          content: Array(bytes[offset + 5..<offset + 5 + length])))
      offset += 5 + length
    }
    return datasets
  }

  /// In the order of their records, as the specification demands.
  private static func encoded(_ datasets: [Dataset]) -> [UInt8] {
    let ordered = datasets.enumerated().sorted {
      ($0.element.record, $0.offset) < ($1.element.record, $1.offset)
    }
    return ordered.flatMap { _, dataset -> [UInt8] in
      let count = dataset.content.count
      return [0x1C, dataset.record, dataset.number, UInt8(count >> 8), UInt8(count & 255)] + dataset.content
    }
  }
}
