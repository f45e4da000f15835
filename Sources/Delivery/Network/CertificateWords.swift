import Curl
import Foundation

extension CurlError {
  /// The same error in words for a person: what is wrong with whose certificate, and what to do. Other errors stay as they are.
  /// - Parameter clock: seconds by which this machine's clock is ahead, if that is known and too much.
  func explained(for url: URL, clock: TimeInterval?) -> CurlError {
    guard let certificateFault, let host = url.host else { return self }
    var words =
      switch certificateFault {
      case .expired: "The certificate of \(host) has expired."
      case .notYetValid: "The certificate of \(host) is not valid yet."
      case .wrongHost:
        "The certificate that answers for \(host) is another host's: a wrong address, or a network that wants a log-in page."
      case .selfSigned:
        "The certificate of \(host) is self-signed. If it is yours, name its file with --ca-file."
      case .unknownIssuer:
        "The certificate of \(host) is signed by nobody whom this machine trusts. For a CA of your own, name its file with --ca-file."
      case .revoked: "The certificate of \(host) was revoked by its issuer."
      case .other: "The certificate of \(host) is not accepted: \(text)."
      }
    if certificateFault.dependsOnClock {
      words +=
        clock.map { " This machine's clock is \(ServerClock.words(for: $0)): set it right." }
        ?? " Is this machine's clock right?"
    }
    return CurlError(code, curlCode: curlCode, text: words, certificateFault: certificateFault)
  }
}

extension CurlClient {
  /// Explains an error; where the clock may be to blame, the same host is asked for the time without TLS. Whoever answers that
  /// is not known for sure, and so its answer is for words only.
  func explain(_ error: CurlError, for url: URL, clock: ServerClock) async -> CurlError {
    if error.certificateFault?.dependsOnClock == true, clock.error == nil, let host = url.host,
      let plain = URL(string: "http://\(host.contains(":") ? "[\(host)]" : host)/")
    {
      let timeouts = Timeouts(connect: .seconds(3), stall: .seconds(3), total: .seconds(3))
      // Nobody there, and nothing is known of the time: that is no failure of its own.
      if let response = try? await perform(Request(.head, plain, timeouts: timeouts)) { clock.take(response) }
    }
    return error.explained(for: url, clock: clock.error)
  }
}
