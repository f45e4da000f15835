import Delivery
import Foundation
import Ingest
import Model
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite("What scripts rely on")
struct ContractTests {
  @Test("The exit codes are the contract's, and the help text has each")
  func exitCodes() {
    #expect(ExitStatus.allCases.map(\.rawValue) == [0, 64, 65, 66, 69, 70, 73, 74, 75, 77, 78])
    for status in ExitStatus.allCases {
      #expect(ExitStatus.table.contains("\(status.rawValue)"))
      #expect(ExitStatus.table.contains(status.meaning))
    }
    #expect(Set(ExitStatus.allCases.map(\.code)).count == ExitStatus.allCases.count)
  }

  static let hash = ContentHash(of: Data("frame".utf8))

  @Test(
    "An event's keys and values are the contract's",
    arguments: [
      (
        .albumReady(album: "A", url: "http://h/a/s"),
        #"{"album":"A","event":"album.ready","url":"http://h/a/s"}"#
      ),
      (
        .albumReady(album: "tus+http://h/u", url: nil),
        #"{"album":"tus+http://h/u","event":"album.ready","url":null}"#
      ),
      (
        .cameraConnected(
          camera: "c", model: "m", serial: "s", port: "ptpip:1.2.3.4:15740", milliseconds: 80),
        #"{"camera":"c","event":"camera.connected","milliseconds":80,"model":"m","port":"ptpip:1.2.3.4:15740","serial":"s"}"#
      ),
      (.cameraLost(camera: "c", reason: "r"), #"{"camera":"c","event":"camera.lost","reason":"r"}"#),
      (
        .frameCaptured(frame: "c-1", camera: "c", name: "a.jpg"),
        #"{"camera":"c","event":"frame.captured","frame":"c-1","name":"a.jpg"}"#
      ),
      (
        .frameSafe(frame: ContractTests.hash, name: "一.jpg", bytes: 7, sha256: ContractTests.hash),
        #"{"bytes":7,"event":"frame.safe","frame":"HASH","name":"一.jpg","sha256":"HASH"}"#
      ),
      (
        .frameViewable(frame: ContractTests.hash, album: "A", milliseconds: 231),
        #"{"album":"A","event":"frame.viewable","frame":"HASH","milliseconds":231}"#
      ),
      (
        .frameViewable(frame: ContractTests.hash, album: "A", milliseconds: nil),
        #"{"album":"A","event":"frame.viewable","frame":"HASH","milliseconds":null}"#
      ),
      (
        .frameDelivered(frame: ContractTests.hash, album: "A", bytes: 7),
        #"{"album":"A","bytes":7,"event":"frame.delivered","frame":"HASH"}"#
      ),
      (
        .deliveryWaiting(album: "A", count: 3, bytes: 9, reason: "r"),
        #"{"album":"A","bytes":9,"count":3,"event":"delivery.waiting","reason":"r"}"#
      ),
      (.warning(code: "c", message: "m"), #"{"code":"c","event":"warning","message":"m"}"#),
      (.error(code: "c", message: "m"), #"{"code":"c","event":"error","message":"m"}"#),
    ] as [(LiveEvent, String)])
  func events(event: LiveEvent, json: String) throws {
    let line = LiveEvent.Line(event: event, time: Date(timeIntervalSince1970: 1_763_913_600.25))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(line), as: UTF8.self)
    // "time" sorts before "url" only; it is taken out wherever it stands.
    let time = #""time":"2025-11-23T16:00:00.250Z""#
    #expect(text.contains(time))
    #expect(
      text.replacing("," + time, with: "") == json.replacing("HASH", with: Self.hash.hex), "\(text)")
  }

  @Test(
    "An address to listen at",
    arguments: [
      ("127.0.0.1:7420", "127.0.0.1", 7420), ("0.0.0.0:0", "0.0.0.0", 0), (":8080", "127.0.0.1", 8080),
      ("8080", "127.0.0.1", 8080), ("[::1]:7420", "::1", 7420), ("albums.example:80", "albums.example", 80),
    ])
  func listenAddress(text: String, host: String, port: Int) {
    #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
  }

  @Test(
    "What is no address to listen at",
    arguments: ["", "host", "host:", "1.2.3.4:65536", "::1:80", "[::1]80", "h:-1"])
  func noListenAddress(text: String) {
    #expect(ListenAddress(text) == nil)
  }

  @Test("A server on all interfaces is reached from here over loopback")
  func addresses() {
    #expect(
      ListenAddress(host: "0.0.0.0", port: 1).local(port: 7420).absoluteString == "http://127.0.0.1:7420")
    #expect(ListenAddress(host: "::", port: 1).local(port: 7420).absoluteString == "http://[::1]:7420")
    #expect(ListenAddress.embedded.shown(port: 7420).absoluteString == "http://127.0.0.1:7420")
  }
}

@Suite("Albums and their tokens")
struct AlbumTests {
  private let folder: TemporaryFolder
  private let credentials: Credentials
  private let accounts: BucketAccounts

  init() throws {
    accounts = BucketAccounts(try Settings(file: "/nonexistent/config.toml", environment: [:]))
    folder = try TemporaryFolder()
    credentials = try Credentials(file: folder.filePath.appending("credentials.toml"), environment: [:])
  }

  @Test("With none named: this machine's album of today")
  func today() throws {
    let choice = try AlbumChoice([], credentials: credentials, accounts: accounts, today: Date())
    #expect(choice.albums == [AlbumChoice.name(of: Date())] && choice.needsEmbedded)
    #expect(AlbumChoice.name(of: Date()).wholeMatch(of: #/\d{4}-\d{2}-\d{2}/#) != nil)
  }

  @Test("Each album once, in the order given, with what stands behind it")
  func targets() async throws {
    let local = try #require(URL(string: "http://127.0.0.1:7420"))
    var credentials = credentials
    try credentials.remember("secret", for: #require(URL(string: "https://h.example/a/party")))
    let choice = try AlbumChoice(
      ["https://h.example/a/party", "tus+http://t.example/files", "https://h.example/a/party"],
      credentials: credentials, accounts: accounts)
    #expect(choice.albums == ["https://h.example/a/party", "tus+http://t.example/files"])
    #expect(!choice.needsEmbedded)
    let targets = try await choice.targets(store: nil, local: local, shown: local)
    #expect(targets.map(\.page?.absoluteString) == ["https://h.example/a/party", nil])
    #expect(
      targets.map(\.destination.place) == [
        .tus(
          creationURL: try #require(URL(string: "https://h.example/api/v1/albums/party/uploads")),
          token: "secret"),
        .tus(creationURL: try #require(URL(string: "http://t.example/files")), token: nil),
      ], "a token goes to its own album only")
  }

  @Test("What names no album is 64, and a bucket without keys 77")
  func refused() throws {
    let usage = try #require(throws: Complaint.self) {
      try AlbumChoice(["ftp://h/x"], credentials: credentials, accounts: accounts)
    }
    #expect(usage.status == .usage && usage.message.contains("ftp://h/x"))
    let bucket = try #require(throws: Complaint.self) {
      try AlbumChoice(["s3://b/p"], credentials: credentials, accounts: accounts)
    }
    #expect(bucket.status == .notAllowed && bucket.message.contains("bucket b"))
  }

  @Test("A token is kept for its owner's eyes, and found again under the same address")
  func tokens() throws {
    let file = folder.filePath.appending("new").appending("credentials.toml")
    let party = try #require(URL(string: "https://h.example/a/party"))
    let other = try #require(URL(string: "https://h.example/a/other"))
    var first = try Credentials(file: file, environment: [:])
    #expect(first.token(for: party) == nil)
    try first.remember("to\"k\\en", for: party)
    try first.remember("other", for: #require(URL(string: "https://h.example/a/other/")))
    let mode = try FileManager.default.attributesOfItem(atPath: file.string)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    let again = try Credentials(file: file, environment: [:])
    #expect(again.token(for: party) == "to\"k\\en")
    #expect(again.token(for: other) == "other", "a slash at the end is no other address")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: file.removingLastComponent().string).count == 1)
    let variable = try Credentials(file: file, environment: ["PIXCHEESE_TOKEN": "nearer"])
    #expect(variable.token(for: party) == "nearer")
  }

  @Test("A damaged credentials file is 78, and no token is in the words")
  func damaged() throws {
    let file = try folder.file("credentials.toml", "[tokens]\n\"https://h.example\" = secret\n")
    let complaint = try #require(throws: Complaint.self) { try Credentials(file: file, environment: [:]) }
    #expect(complaint.status == .configuration && complaint.message.contains("credentials.toml:2:"))
    #expect(!complaint.message.contains("secret"))
  }
}
