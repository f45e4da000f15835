import Foundation
import Model
import Testing

@Suite("What bytes are known by")
struct ContentHashTests {
  @Test("It is read as it was written: as digits of either case, as bytes, as JSON")
  func readAgain() throws {
    let hash = ContentHash(of: Data("abc".utf8))
    // The example of FIPS 180-2, B.1.
    #expect(hash.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(ContentHash(hex: hash.hex.uppercased()) == hash)
    #expect(ContentHash(bytes: Data(hash.bytes)) == hash)
    #expect(try JSONDecoder().decode([ContentHash].self, from: try JSONEncoder().encode([hash])) == [hash])
  }

  @Test("What is too short, too long or no digit is none")
  func strangers() {
    for count in [0, 31, 33] { #expect(ContentHash(bytes: [UInt8](repeating: 0, count: count)) == nil) }
    for text in ["", "ab", String(repeating: "g", count: 64), String(repeating: "0", count: 65)] {
      #expect(ContentHash(hex: text) == nil)
    }
  }
}
