import Foundation

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
    /// This machine has no open file, or no memory, left to read what is to be sent.
    case exhausted

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
      .conflict, .corrupted, .forgotten, .exhausted:
      false
    case .notAllowed, .noSuchAlbum, .tooLarge, .refused, .fileMissing, .fileUnreadable, .fileChanged:
      true
    }
  }

  /// What else it holds up.
  public var scope: Scope {
    switch code {
    case .offline, .intercepted, .loginPage, .certificate, .busy, .failing, .metered, .noRoom, .exhausted:
      .destination
    case .locked, .conflict, .corrupted, .forgotten, .notAllowed, .noSuchAlbum, .tooLarge, .refused,
      .fileMissing,
      .fileUnreadable, .fileChanged:
      .delivery
    }
  }
}

extension DeliveryReason {
  /// Somebody else answered in the destination's place.
  ///
  /// A network that wants a log-in page says so with 511 (RFC 6585, 6), points to another host, or answers everything with the page.
  /// - Parameters:
  ///   - server: what does not answer, `tus server` say.
  ///   - isPage: whether the answer is a page for people to read.
  ///   - location: where it points, as it came.
  ///   - asked: the address that was asked for.
  static func intercepted(
    insteadOf server: String, status: Int, isPage: Bool, location: String?, asked: URL?
  ) -> DeliveryReason {
    let target = location.flatMap(ServerWords.line).map { " It points to \($0)." } ?? ""
    let pointsElsewhere =
      location.flatMap { URL(string: $0, relativeTo: asked) }.map {
        $0.host?.lowercased() != asked?.host?.lowercased()
      } ?? false
    let isLoginPage =
      status == 511 || (300..<400).contains(status) && pointsElsewhere
      || (200..<300).contains(status) && isPage
    return isLoginPage
      ? DeliveryReason(
        .loginPage,
        "The network wants a log-in page (\(status)): open a web browser on this machine and log in.\(target)"
      )
      : DeliveryReason(
        .intercepted,
        "Something that is no \(server) answers \(status): a network that wants a sign-in, a proxy, or a wrong address.\(target)"
      )
  }
}

extension DeliveryReason: CustomStringConvertible {
  public var description: String { text }
}
