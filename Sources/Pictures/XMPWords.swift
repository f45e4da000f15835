import Foundation

/// Dublin Core's properties in an XMP packet.
enum XMPWords {
  /// - Parameter packet: what is there; `nil` for a new one.
  /// - Returns: the packet with the words, those that they replace taken out; `nil` where `packet` is not understood.
  static func packet(_ packet: String?, with words: PictureWords) -> String? {
    guard let packet else {
      return """
        <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF \
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\(description(of: words, about: "", keywords: []))\
        </rdf:RDF></x:xmpmeta><?xpacket end="w"?>
        """
    }
    var text = packet
    var keywords: [String] = []
    if words.creator != nil { text = without("dc:creator", in: text)?.text ?? text }
    if words.copyright != nil { text = without("dc:rights", in: text)?.text ?? text }
    if words.caption != nil { text = without("dc:description", in: text)?.text ?? text }
    if !words.keywords.isEmpty, let (rest, element) = without("dc:subject", in: text) {
      text = rest
      keywords = element.components(separatedBy: "<rdf:li>").dropFirst().compactMap {
        $0.components(separatedBy: "</rdf:li>").first
      }
    }
    guard let end = text.range(of: "</rdf:RDF>", options: .backwards) else { return nil }
    // Every description of a packet is about the same thing.
    let about = text.range(of: "rdf:about=\"").flatMap { start in
      text[start.upperBound...].firstIndex(of: "\"").map { String(text[start.upperBound..<$0]) }
    }
    text.insert(
      contentsOf: description(of: words, about: about ?? "", keywords: keywords), at: end.lowerBound)
    return text
  }

  /// A text without the first element of a name, and that element.
  private static func without(_ name: String, in text: String) -> (text: String, element: String)? {
    guard let start = text.range(of: "<\(name)>"),
      let end = text.range(of: "</\(name)>", range: start.upperBound..<text.endIndex)
    else { return nil }
    let element = start.lowerBound..<end.upperBound
    return (text.replacingCharacters(in: element, with: ""), String(text[element]))
  }

  /// - Parameters:
  ///   - about: as it stands in the packet.
  ///   - keywords: those that are there, as they stand in the packet.
  private static func description(of words: PictureWords, about: String, keywords: [String]) -> String {
    func list(_ name: String, _ kind: String, _ texts: [String], _ attribute: String = "") -> String {
      let lines = texts.map { "<rdf:li\(attribute)>\($0)</rdf:li>" }.joined()
      return "<dc:\(name)><rdf:\(kind)>\(lines)</rdf:\(kind)></dc:\(name)>"
    }
    let language = " xml:lang=\"x-default\""
    var properties = ""
    if let creator = words.creator { properties += list("creator", "Seq", [escaped(creator)]) }
    if let copyright = words.copyright { properties += list("rights", "Alt", [escaped(copyright)], language) }
    if let caption = words.caption { properties += list("description", "Alt", [escaped(caption)], language) }
    let added = words.keywords.map(escaped).filter { !keywords.contains($0) }
    if !words.keywords.isEmpty { properties += list("subject", "Bag", keywords + added) }
    return """
      <rdf:Description rdf:about="\(about)" xmlns:dc="http://purl.org/dc/elements/1.1/">\(properties)\
      </rdf:Description>
      """
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }
}
