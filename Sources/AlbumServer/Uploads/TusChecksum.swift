import Crypto
import Foundation

/// What `Upload-Checksum` says of one request's bytes (tus 1.0, "Checksum").
struct TusChecksum: Hashable, Sendable {
  enum Algorithm: String, CaseIterable, Sendable {
    // sha1 is the one that every server has to offer; here it finds accidents, it does not keep secrets.
    case sha1
    case sha256

    /// For `Tus-Checksum-Algorithm`.
    static let list = allCases.map(\.rawValue).joined(separator: ",")
  }

  let algorithm: Algorithm
  let digest: [UInt8]

  /// Reads `ALGORITHM BASE64`; `nil` for anything else.
  init?(header: String) {
    let words = header.split(separator: " ")
    guard words.count == 2, let algorithm = Algorithm(rawValue: words[0].lowercased()),
      let digest = Data(base64Encoded: String(words[1]))
    else { return nil }
    self.algorithm = algorithm
    self.digest = Array(digest)
  }

  /// A digest in the making.
  enum Running: Sendable {
    case sha1(Insecure.SHA1)
    case sha256(SHA256)

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
      switch self {
      case .sha1(var hasher):
        hasher.update(bufferPointer: bytes)
        self = .sha1(hasher)
      case .sha256(var hasher):
        hasher.update(bufferPointer: bytes)
        self = .sha256(hasher)
      }
    }

    var digest: [UInt8] {
      switch self {
      case .sha1(let hasher): Array(hasher.finalize())
      case .sha256(let hasher): Array(hasher.finalize())
      }
    }
  }

  var running: Running {
    switch algorithm {
    case .sha1: .sha1(Insecure.SHA1())
    case .sha256: .sha256(SHA256())
    }
  }
}
