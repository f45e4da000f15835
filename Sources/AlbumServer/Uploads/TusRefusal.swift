import HTTPTypes

/// Why a tus request is not done: the status of the protocol, words for people, and the headers that say the rest.
struct TusRefusal: Error, Equatable, Sendable {
  var status: HTTPResponse.Status
  var detail: String
  var headers: HTTPFields = [:]

  init(_ status: HTTPResponse.Status, _ detail: String, headers: HTTPFields = [:]) {
    self.status = status
    self.detail = detail
    self.headers = headers
  }
}

extension Problem {
  init(_ refusal: TusRefusal) {
    var headers = refusal.headers
    headers[.tusResumable] = Tus.version
    self.init(refusal.status, refusal.detail, headers: headers)
  }
}

extension HTTPField.Name {
  static let tusResumable = HTTPField.Name("Tus-Resumable")!
  static let tusVersion = HTTPField.Name("Tus-Version")!
  static let tusExtension = HTTPField.Name("Tus-Extension")!
  static let tusMaxSize = HTTPField.Name("Tus-Max-Size")!
  static let tusChecksumAlgorithm = HTTPField.Name("Tus-Checksum-Algorithm")!
  static let uploadOffset = HTTPField.Name("Upload-Offset")!
  static let uploadLength = HTTPField.Name("Upload-Length")!
  static let uploadDeferLength = HTTPField.Name("Upload-Defer-Length")!
  static let uploadMetadata = HTTPField.Name("Upload-Metadata")!
  static let uploadChecksum = HTTPField.Name("Upload-Checksum")!
  static let uploadExpires = HTTPField.Name("Upload-Expires")!
  static let uploadConcat = HTTPField.Name("Upload-Concat")!
  static let methodOverride = HTTPField.Name("X-HTTP-Method-Override")!
}
