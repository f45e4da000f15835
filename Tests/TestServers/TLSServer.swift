import Foundation
import Programs

/// A real HTTPS server (Python's, with OpenSSL) on loopback, with certificates that openssl makes for it; it ends with its owner.
public final class TLSServer: Sendable {
  /// What it shows.
  public enum Certificate: String, Sendable {
    /// Signed by the authority, for `localhost` and 127.0.0.1.
    case good
    case expired
    case future
    /// For another host.
    case stranger
    /// Signed by itself.
    case selfSigned
  }

  public let port: UInt16
  private let process: ServerProcess

  /// Whether openssl and python3 are there.
  public static let isPossible = ["/usr/bin/openssl", "/usr/bin/python3"].allSatisfy {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// - Parameters:
  ///   - host: where it listens.
  ///   - version: the newest TLS that it speaks, as Python names it.
  /// - Throws: if it does not start.
  public init(
    _ certificate: Certificate?, of authority: TestAuthority, host: String = "127.0.0.1",
    version: String = "TLSv1_3"
  ) async throws {
    process = try ServerProcess(
      [
        "/usr/bin/python3", "-c", Self.script, host,
        certificate.map { authority.path("\($0.rawValue).pem") } ?? "", authority.path("leaf.key"), version,
      ], in: try TemporaryFolder())
    let line = try await process.firstLine()
    guard let port = UInt16(line) else { throw Failure(text: "the server's port is \(line)") }
    self.port = port
  }

  struct Failure: Error {
    let text: String
  }

  /// Answers every request with 200.
  private static let script = """
    import http.server, socket, ssl, sys
    host, certificate, key, version = sys.argv[1:5]
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
        def log_message(self, *_): pass
    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        def handle_error(self, *_): pass
    server = Server((host, 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[version]
        if version < "TLSv1_2":
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(server.server_port, flush=True)
    server.serve_forever()
    """
}

/// An authority of a test's own, with certificates good and bad, in a folder that goes with it.
public final class TestAuthority: Sendable {
  private let folder: TemporaryFolder

  /// Its own certificate's file.
  public var certificate: String { path("ca.pem") }

  /// - Throws: if openssl cannot make the certificates.
  public init() async throws {
    folder = try TemporaryFolder()
    let ending = await ProgramRun(
      ["/bin/sh", "-euc", "cd '\(folder.path)'\n" + Self.script], timeLimit: .seconds(300)
    ).perform()
    guard ending.isSuccess else {
      throw TLSServer.Failure(text: "openssl could not make the certificates: \(ending.lastLines)")
    }
  }

  public func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  private static let script = """
    key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1"; }
    key ca.key
    key leaf.key
    openssl req -x509 -new -key ca.key -out ca.pem -subj "/CN=pixcheese tests" -days 30
    openssl req -x509 -new -key leaf.key -out selfSigned.pem -subj "/CN=localhost" -days 30 \
      -addext "subjectAltName=DNS:localhost,IP:127.0.0.1"
    openssl req -new -key leaf.key -out leaf.csr -subj "/CN=localhost"
    cat > ca.conf <<END
    [ca]
    default_ca = tests
    [tests]
    database = index
    serial = serial
    new_certs_dir = .
    default_md = sha256
    policy = any
    unique_subject = no
    [any]
    commonName = supplied
    END
    : > index
    echo 10 > serial
    sign() {
      echo "subjectAltName=$2" > names
      openssl ca -batch -config ca.conf -in leaf.csr -cert ca.pem -keyfile ca.key -extfile names \
        -startdate "$3" -enddate "$4" -out "$1"
    }
    sign good.pem DNS:localhost,IP:127.0.0.1 20200101000000Z 20491231000000Z
    sign expired.pem DNS:localhost,IP:127.0.0.1 20200101000000Z 20210101000000Z
    sign future.pem DNS:localhost,IP:127.0.0.1 20480101000000Z 20491231000000Z
    sign stranger.pem DNS:stranger.example 20200101000000Z 20491231000000Z
    """
}
