/// What is wrong with a server's certificate.
public enum CertificateFault: String, CaseIterable, Sendable {
  /// Its time is over, by this machine's clock.
  case expired
  /// Its time has not come yet, by this machine's clock.
  case notYetValid
  /// It is another host's.
  case wrongHost
  /// It vouches for itself.
  case selfSigned
  /// Nobody whom this machine trusts has signed it.
  case unknownIssuer
  /// Its issuer has taken it back.
  case revoked
  /// Anything else.
  case other

  /// - Parameters:
  ///   - verifyResult: OpenSSL's number (`X509_V_ERR_…`, x509_vfy.h), as `CURLINFO_SSL_VERIFYRESULT` gives it.
  ///   - text: libcurl's words: it compares the host's name itself, and says so in words only.
  init(verifyResult: Int, text: String) {
    self =
      switch verifyResult {
      case 9: .notYetValid
      case 10: .expired
      case 18, 19: .selfSigned
      case 2, 20, 21: .unknownIssuer
      case 23: .revoked
      case 62: .wrongHost
      default: text.contains("subject name") ? .wrongHost : .other
      }
  }

  /// Whether a clock that is wrong could be the cause.
  public var dependsOnClock: Bool { self == .expired || self == .notYetValid }
}
