import Curl

/// What a server says of itself to `OPTIONS` (tus 1.0, "OPTIONS").
struct TusFeatures: Hashable, Sendable {
  /// The creation request may carry the upload's first bytes.
  var takesBytesAtCreation = false
  /// Parts of a file can be sent in parallel and joined ("concatenation"), and asking for that twice makes one file:
  /// the server is an album server, which knows content. At others a lost answer to the joining would leave no way to
  /// learn whether the file is there.
  var joinsParts = false
  /// Uploads can be thrown away ("termination").
  var terminates = false
  /// The best checksum that both sides know; `nil` if there is none.
  var checksum: TusChecksum?
  /// The longest upload that it takes, in bytes; `nil` if it does not say.
  var maximumLength: Int64?

  init(
    takesBytesAtCreation: Bool = false, joinsParts: Bool = false, checksum: TusChecksum? = nil,
    maximumLength: Int64? = nil
  ) {
    self.takesBytesAtCreation = takesBytesAtCreation
    self.joinsParts = joinsParts
    self.checksum = checksum
    self.maximumLength = maximumLength
  }

  /// `nil` if the response is not that of a tus 1.0 server.
  init?(_ response: Response) {
    let headers = response.headers
    let versions = headers.values("Tus-Version").flatMap(Self.words)
    guard (200..<300).contains(response.status), versions.contains("1.0.0") else { return nil }
    let extensions = headers.values("Tus-Extension").flatMap(Self.words)
    takesBytesAtCreation = extensions.contains("creation-with-upload")
    joinsParts = extensions.contains("concatenation") && extensions.contains("pixcheese-known-content")
    terminates = extensions.contains("termination")
    if extensions.contains("checksum") {
      let offered = headers.values("Tus-Checksum-Algorithm").flatMap(Self.words)
      checksum = [.sha256, .sha1].first { offered.contains($0.rawValue) }
    }
    maximumLength = headers["Tus-Max-Size"].flatMap { Int64($0) }
  }

  private static func words(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.filter { !$0.isWhitespace }.lowercased() }
  }
}

/// The checksums of a chunk that are used here (tus 1.0, "Checksum").
enum TusChecksum: String, Sendable {
  case sha1
  case sha256
}
