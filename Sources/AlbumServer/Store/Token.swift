import Crypto
import Foundation
import Model

/// A bearer token: 256 random bits, written in base64url. A store keeps only its SHA-256.
struct Token: Sendable {
  let text: String

  init() {
    text = Self.base64URL(SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) })
  }

  init(text: String) {
    self.text = text
  }

  /// The token of an embedded album: the same in every run on one machine, without being written down anywhere.
  init(ofAlbum slug: String, key: String) {
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(slug.utf8), using: SymmetricKey(data: Data(key.utf8)))
    text = Self.base64URL(Array(code))
  }

  var hash: ContentHash { ContentHash(of: Data(text.utf8)) }

  /// What a request's `Authorization: Bearer …` carries (RFC 6750, section 2.1).
  init?(authorization: String?) {
    guard let authorization else { return nil }
    let words = authorization.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    text = String(words[1])
  }

  private static func base64URL(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString()
      .replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
  }
}

extension ContentHash {
  /// Compares without telling by its duration where the first difference is.
  func isEqualInConstantTime(to other: ContentHash) -> Bool {
    var difference: UInt8 = 0
    for (left, right) in zip(bytes, other.bytes) { difference |= left ^ right }
    return difference == 0
  }
}
