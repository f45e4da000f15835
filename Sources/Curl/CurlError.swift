import CCurl

/// Why a transfer ended without a response.
public struct CurlError: Error, Hashable, Sendable {
  /// What happened, in kinds that a caller can tell apart.
  public enum Code: String, Sendable {
    /// The address is no URL that can be fetched.
    case badURL
    /// The host's name has no address: no network, or no such host.
    case cannotResolve
    /// Nobody answers there, or the connection is refused.
    case cannotConnect
    /// The proxy's name, connection or handshake failed.
    case proxy
    /// The connection or the transfer took longer than allowed, or nothing moved (`Timeouts`).
    case timedOut
    /// TLS could not be agreed on.
    case tls
    /// The server's certificate cannot be trusted: wrong name, expired, unknown issuer, or a captive portal.
    case certificate
    /// The connection broke while it was in use: reset, closed early, or a torn answer.
    case reset
    /// What came back is not HTTP.
    case notHTTP
    /// The body's file cannot be read, or is shorter than it was.
    case unreadableBody
    /// The task was cancelled.
    case cancelled
    /// The client has stopped.
    case stopped
    /// Anything else libcurl reports.
    case other
  }

  public let code: Code
  /// libcurl's own number (`CURLcode`); 0 where libcurl was not asked.
  public let curlCode: Int
  /// libcurl's own text, or ours where libcurl was not asked.
  public let text: String
  /// What is wrong with the certificate, where `code` is `certificate`.
  public let certificateFault: CertificateFault?

  public init(
    _ code: Code, curlCode: Int = 0, text: String, certificateFault: CertificateFault? = nil
  ) {
    self.code = code
    self.curlCode = curlCode
    self.text = text
    self.certificateFault = certificateFault
  }

  /// Whether the same request may succeed later with nothing changed but the network. A certificate that is not trusted
  /// counts: captive portals answer with their own until someone signs in.
  public var isRetryable: Bool {
    switch code {
    case .cannotResolve, .cannotConnect, .proxy, .timedOut, .tls, .certificate, .reset, .notHTTP, .other: true
    case .badURL, .unreadableBody, .cancelled, .stopped: false
    }
  }

  /// - Parameters:
  ///   - detail: what libcurl put into its error buffer; empty where it put nothing.
  ///   - verifyResult: OpenSSL's verdict on the certificate; 0 where there is none.
  init(_ result: CURLcode, detail: String, verifyResult: Int = 0) {
    let text = detail.isEmpty ? String(cString: curl_easy_strerror(result)) : detail
    let code = Self.code(for: result)
    self.init(
      code, curlCode: Int(result.rawValue), text: text,
      certificateFault: code == .certificate
        ? CertificateFault(verifyResult: verifyResult, text: text) : nil)
  }

  private static func code(for result: CURLcode) -> Code {
    switch result {
    case CURLE_URL_MALFORMAT: .badURL
    case CURLE_COULDNT_RESOLVE_HOST: .cannotResolve
    case CURLE_COULDNT_CONNECT, CURLE_INTERFACE_FAILED: .cannotConnect
    case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
    case CURLE_OPERATION_TIMEDOUT: .timedOut
    case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED: .tls
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CRL_BADFILE, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      .certificate
    case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2,
      CURLE_HTTP2_STREAM, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SEND_FAIL_REWIND:
      .reset
    // An answer without a status line is HTTP/0.9 to libcurl, and so an unsupported protocol.
    case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING: .notHTTP
    case CURLE_ABORTED_BY_CALLBACK, CURLE_READ_ERROR: .unreadableBody
    default: .other
    }
  }
}

extension CurlError: CustomStringConvertible {
  public var description: String { text }
}
