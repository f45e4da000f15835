import Foundation
import Glibc
import Model
import TestServers
import Testing

extension EndToEndTests {
  @Suite("Networks of all kinds")
  struct NetworkTests {
    struct Doctor: Decodable {
      struct Check: Decodable { let check: String, state: String, finding: String, remedy: String? }
      let healthy: Bool
      let checks: [Check]
    }

    @Test(
      "doctor looks at everything; a good album is good, one that does not answer is a problem and says what to do"
    )
    func doctor() async throws {
      let home = try Home()
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let good: Doctor = try await home.answer("doctor", "--album", album.url)
      #expect(good.healthy)
      let names = Set(good.checks.map(\.check))
      #expect(
        names.isSuperset(of: [
          "home", "journal", "room", "service", "libgphoto2", "udev", "plugdev", "camera", "network",
          "congestion", "proxy", "album",
        ]))
      #expect(
        good.checks.contains { $0.check == "album" && $0.state == "good" && $0.finding.contains(album.url) })
      #expect(good.checks.allSatisfy { $0.state == "good" || $0.state == "note" })
      try await expectCleanEnd(of: server.program)
      let bad = try await home.run("doctor", "--album", album.url)
      #expect(bad.status == .exit(69) && bad.isBrief, "\(bad.words)")
      let answer = try JSONDecoder().decode(Doctor.self, from: Data(try #require(bad.lines.first).text.utf8))
      #expect(!answer.healthy)
      #expect(answer.checks.contains { $0.check == "album" && $0.state == "problem" && $0.remedy != nil })
    }

    @Test(
      "A proxy of the environment is used for albums elsewhere, and never for this machine's own",
      .enabled(if: Proxy.isPossible, "no tinyproxy, or no network besides loopback"))
    func proxy() async throws {
      let home = try Home()
      let address = try #require(Proxy.ownAddress)
      let server = try await AlbumServerProgram.start(in: home, at: address)
      let album = try await server.album("Party", from: home)
      let files = try await Pictures.make(1, in: home, as: "photos")
      let proxy = try await Proxy(in: home)
      let environment = album.environment.merging(["http_proxy": proxy.url]) { $1 }
      let upload = try await home.run(
        "upload", files[0].path, "--album", album.url, "--album", "Here", "--listen", "127.0.0.1:0",
        environment: environment)
      #expect(upload.status == .exit(0), "\(upload.words)")
      let log = try proxy.log()
      #expect(log.contains(address) && !log.contains("127.0.0.1:"), "\(log)")
      #expect(try await server.reader(of: album).frames().count == 1)
      let dead = ["http_proxy": "http://127.0.0.1:1"]
      let refused = try await home.run(
        "upload", try await Pictures.make(1, in: home, as: "others")[0].path, "--album", album.url,
        "--patience", "1", environment: album.environment.merging(dead) { $1 })
      #expect(refused.status == .exit(75), "\(refused.words)")
    }

    @Test(
      "An album behind nginx with HTTP/2 and a CA of one's own: refused by name without the CA, fed with it",
      .enabled(if: TLSProxy.isPossible, "no nginx or no openssl"))
    func privateAuthority() async throws {
      let home = try Home()
      let server = try await AlbumServerProgram.start(in: home)
      let album = try await server.album("Party", from: home)
      let nginx = try await TLSProxy(to: server.port, in: home)
      let slug = URL(filePath: album.url).lastPathComponent
      let files = try await Pictures.make(3, in: home, as: "photos", megabytes: 2)
      let page = "https://localhost:\(nginx.port)/a/\(slug)"
      let folder = home.folder.appending(path: "photos").path
      let refused = try await home.run(
        "upload", folder, "--album", page, "--patience", "1", environment: album.environment)
      #expect(refused.status == .exit(75))
      #expect(refused.words.contains("signed by nobody whom this machine trusts"), "\(refused.words)")
      let trusted = try await home.run(
        "upload", folder, "--album", page, "--ca-file", nginx.authority, environment: album.environment)
      #expect(trusted.status == .exit(0), "\(trusted.words)")
      let frames = try await server.reader(of: album).frames(whole: 3)
      #expect(Set(frames.map(\.frame)) == Set(try files.map { ContentHash(of: try Data(contentsOf: $0)) }))
      let verified = try await home.run(
        "queue", "verify",
        environment: album.environment.merging(["PIXCHEESE_CA_FILE": nginx.authority]) { $1 })
      #expect(verified.status == .exit(0), "\(verified.words)")
      let log = try nginx.log()
      #expect(log.contains("POST HTTP/2.0") && log.contains("PATCH HTTP/1.1"), "\(log)")
    }
  }
}

/// tinyproxy, running.
private struct Proxy {
  private static let executable = "/usr/bin/tinyproxy"
  private let program: Program
  private let logFile: URL
  let url: String

  static var isPossible: Bool {
    FileManager.default.isExecutableFile(atPath: executable) && ownAddress != nil
  }

  /// An IPv4 address of this machine that is not loopback's.
  static let ownAddress: String? = {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return nil }
    defer { freeifaddrs(first) }
    var entry = first
    while let interface = entry?.pointee {
      defer { entry = interface.ifa_next }
      guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      let bytes = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
      return withUnsafeBytes(of: bytes) { $0.map(String.init).joined(separator: ".") }
    }
    return nil
  }()

  init(in home: Home) async throws {
    let port = try LoopbackPort.free()
    let logFile = home.folder.appending(path: "proxy.log")
    let configuration = try home.write(
      "proxy.conf",
      Data(
        "Port \(port)\nListen 127.0.0.1\nLogFile \"\(logFile.path)\"\nLogLevel Info\nMaxClients 20\n".utf8))
    program = try Program(URL(filePath: Self.executable), ["-d", "-c", configuration])
    url = "http://127.0.0.1:\(port)"
    self.logFile = logFile
    try await LoopbackPort.wait(for: port, of: program)
  }

  func log() throws -> String { try String(contentsOf: logFile, encoding: .utf8) }
}

/// nginx with TLS and HTTP/2 before a server of this machine, its certificate signed by an authority of its own.
private struct TLSProxy {
  private static let executables = ["/usr/sbin/nginx", "/usr/bin/openssl"]
  private let program: Program
  private let folder: URL
  let port: UInt16
  /// The authority's certificate.
  var authority: String { folder.appending(path: "ca.pem").path }

  static var isPossible: Bool {
    executables.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
  }

  init(to server: UInt16, in home: Home) async throws {
    folder = home.folder.appending(path: "nginx")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let openssl = try Program(
      URL(filePath: "/bin/sh"),
      [
        "-euc",
        """
        cd "$0"
        for name in ca leaf; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $name.key; done
        openssl req -x509 -new -key ca.key -out ca.pem -subj "/CN=pixcheese tests" -days 30
        openssl req -new -key leaf.key -out leaf.csr -subj "/CN=localhost"
        echo subjectAltName=DNS:localhost > names
        openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile names -out leaf.pem
        """, folder.path,
      ])
    guard try await openssl.end() == .exit(0) else { throw openssl.failure("no certificates") }
    port = try LoopbackPort.free()
    let configuration = try home.write(
      "nginx/nginx.conf",
      Data(
        """
        daemon off;
        master_process off;
        pid \(folder.path)/pid;
        error_log \(folder.path)/error.log;
        events {}
        http {
          client_body_temp_path \(folder.path)/body;
          proxy_temp_path \(folder.path)/proxy;
          fastcgi_temp_path \(folder.path)/fastcgi;
          uwsgi_temp_path \(folder.path)/uwsgi;
          scgi_temp_path \(folder.path)/scgi;
          log_format short "$request_method $server_protocol $status";
          access_log \(folder.path)/access.log short;
          server {
            listen 127.0.0.1:\(port) ssl http2;
            ssl_certificate leaf.pem;
            ssl_certificate_key leaf.key;
            client_max_body_size 0;
            location / {
              proxy_pass http://127.0.0.1:\(server);
              proxy_http_version 1.1;
              proxy_request_buffering off;
              proxy_set_header Host $http_host;
            }
          }
        }
        """.utf8))
    program = try Program(
      URL(filePath: Self.executables[0]),
      ["-p", folder.path, "-c", configuration, "-e", folder.path + "/error.log"])
    try await LoopbackPort.wait(for: port, of: program)
  }

  func log() throws -> String {
    try String(contentsOf: folder.appending(path: "access.log"), encoding: .utf8)
  }
}
