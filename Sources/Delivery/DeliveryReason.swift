/// Why a delivery waits or is parked: a kind that a program can tell apart, and a sentence for people.
public struct DeliveryReason: Codable, Hashable, Sendable {
  /// What stands in the way.
  public enum Code: String, CaseIterable, Codable, Sendable {
    /// The destination cannot be reached.
    case offline
    /// Somebody else answers in its place: a proxy, a server of another kind.
    case intercepted
    /// The network answers in its place, with a page to log in (a captive portal).
    case loginPage
    /// Its certificate is not trusted.
    case certificate
    /// It asks for patience (429, 503).
    case busy
    /// It fails (5xx).
    case failing
    /// The network costs by the byte, and originals wait for another.
    case metered
    /// Its disk is full (507).
    case noRoom
    /// Another request still holds the upload (423).
    case locked
    /// It does not agree with itself on how much it has (409 again and again).
    case conflict
    /// What arrives is not what was sent (460 again and again).
    case corrupted
    /// It forgets uploads faster than they can be made.
    case forgotten

    /// The token is missing, wrong or not enough (401, 403).
    case notAllowed
    /// There is no such album (404 where uploads are made).
    case noSuchAlbum
    /// The file is larger than the destination takes (413).
    case tooLarge
    /// It refuses the upload for a reason of its own.
    case refused
    /// The file is not where it was.
    case fileMissing
    /// The file is there and cannot be read.
    case fileUnreadable
    /// The file is not the one that was taken: its length or modification time differs.
    case fileChanged
  }

  /// What a reason holds up.
  public enum Scope: Sendable {
    /// Everything for this destination: trying the next delivery would meet the same.
    case destination
    /// This delivery alone.
    case delivery
  }

  public let code: Code
  public let text: String

  public init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }

  /// Whether nothing changes until a person acts: the delivery is parked then; otherwise it is tried again.
  public var needsPerson: Bool {
    switch code {
    case .offline, .intercepted, .loginPage, .certificate, .busy, .failing, .metered, .noRoom, .locked,
      .conflict,
      .corrupted,
      .forgotten:
      false
    case .notAllowed, .noSuchAlbum, .tooLarge, .refused, .fileMissing, .fileUnreadable, .fileChanged:
      true
    }
  }

  /// What else it holds up.
  public var scope: Scope {
    switch code {
    case .offline, .intercepted, .loginPage, .certificate, .busy, .failing, .metered, .noRoom: .destination
    case .locked, .conflict, .corrupted, .forgotten, .notAllowed, .noSuchAlbum, .tooLarge, .refused,
      .fileMissing,
      .fileUnreadable, .fileChanged:
      .delivery
    }
  }
}

extension DeliveryReason: CustomStringConvertible {
  public var description: String { text }
}
