/// What an upload is called in its address: 128 random bits in hexadecimal.
struct UploadID: Hashable, Sendable, CustomStringConvertible {
  let text: String

  init() {
    let digits = Array("0123456789abcdef")
    text = String((0..<32).compactMap { _ in digits.randomElement() })
  }

  /// Reads an address's last part; `nil` for what no upload is called. It is safe as a file name.
  init?(_ text: String) {
    guard text.utf8.count == 32,
      text.utf8.allSatisfy({ byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      })
    else { return nil }
    self.text = text
  }

  var description: String { text }
}
