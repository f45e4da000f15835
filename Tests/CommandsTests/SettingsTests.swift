import Delivery
import Foundation
import Ingest
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite("Settings: option, variable, file")
struct SettingsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(_ text: String, _ environment: [String: String] = [:]) throws -> Settings {
    try Settings(file: folder.file("config.toml", text), environment: environment)
  }

  @Test("The nearer wins: option, then variable, then file")
  func precedence() throws {
    let settings = try settings(
      "[tether]\nlisten = \"127.0.0.1:1\"\nframes = 1\nlan = false\n",
      ["PIXCHEESE_LISTEN": "127.0.0.1:2", "PIXCHEESE_FRAMES": "2", "PIXCHEESE_LAN": "yes"])
    #expect(try settings.text("tether.listen", option: "127.0.0.1:3") == "127.0.0.1:3")
    #expect(try settings.text("tether.listen") == "127.0.0.1:2")
    #expect(try settings.number("tether.frames", option: 3) == 3)
    #expect(try settings.number("tether.frames") == 2)
    #expect(try settings.flag("tether.lan"))
    #expect(try !settings.flag("tether.lan", option: false))
    let file = try self.settings("[tether]\nlisten = \"127.0.0.1:1\"\nframes = 1\n", ["PIXCHEESE_LISTEN": ""])
    #expect(try file.text("tether.listen") == "127.0.0.1:1", "an empty variable says nothing")
    #expect(try file.number("tether.frames") == 1)
  }

  @Test("What a camera's process may cost can be said in the file and by variables")
  func workerLimits() throws {
    let options = CameraOptions()
    let usual = try options.limits(in: try settings(""))
    #expect(usual == WorkerLimits())
    let limits = try options.limits(
      in: try settings(
        "[tether]\nworker_memory = \"1GB\"\nworker_silence = 90\n", ["PIXCHEESE_WORKER_SILENCE": "900"]))
    #expect(limits.memory == 1_000_000_000 && limits.silence == .seconds(900))
    for wrong in [
      "worker_memory = \"5MB\"", "worker_memory = \"much\"", "worker_silence = 59", "worker_silence = 3601",
    ] {
      let complaint = try #require(throws: Complaint.self) {
        try options.limits(in: try settings("[tether]\n\(wrong)\n"))
      }
      #expect(
        complaint.status == .configuration && complaint.message.contains("config.toml:2:"),
        "\(complaint.message)")
    }
  }

  @Test("Without a file nothing is set")
  func noFile() throws {
    let settings = try Settings(file: folder.filePath.appending("none.toml"), environment: [:])
    #expect(try settings.text("album") == nil)
    #expect(try settings.texts("album").isEmpty)
    #expect(try settings.number("tether.frames") == nil)
    #expect(try !settings.flag("quiet"))
  }

  @Test("Several texts: a list or one text in the file, commas in the variable")
  func texts() throws {
    #expect(try settings("album = \"Anna\"\n").texts("album") == ["Anna"])
    #expect(try settings("album = [\"Anna\", \"Ben\"]\n").texts("album") == ["Anna", "Ben"])
    let variable = try settings("album = \"Anna\"\n", ["PIXCHEESE_ALBUM": "小明, 小红,"])
    #expect(try variable.texts("album") == ["小明", "小红"])
    #expect(try variable.texts("album", options: ["Clara"]) == ["Clara"])
  }

  @Test("A dash in a key of the file is an underscore")
  func dashes() throws {
    #expect(try settings("[tether]\ncatch-up = \"all\"\n").text("tether.catch_up") == "all")
    #expect(Settings.variableName("tether.catch_up") == "PIXCHEESE_CATCH_UP")
  }

  @Test(
    "A file that is wrong is 78, with its line",
    arguments: [
      ("album = \"x\"\n[tether\n", 2, "config.toml:2:"),
      ("album = \"x\"\n\n[tether]\nfoo = 1\n", 4, "tether.foo is no setting"),
      ("# comment\nquiet = 1.5\n", 2, "neither text"),
      ("albums = \"x\"\n", 1, "albums is no setting"),
      ("album = [1, 2]\n", 1, "neither text"),
    ])
  func wrongFile(text: String, line: Int, words: String) throws {
    let complaint = try #require(throws: Complaint.self) { try settings(text) }
    #expect(complaint.status == .configuration)
    #expect(complaint.message.contains("config.toml:\(line):"), "\(complaint.message)")
    #expect(complaint.message.contains(words), "\(complaint.message)")
  }

  @Test("A value of the wrong kind is 78, with the line of that very key")
  func wrongKind() throws {
    let settings = try settings(
      "[upload]\nlisten = \"x\"\n[tether]\nlisten = true\nframes = \"many\"\nlan = 1\n")
    let listen = try #require(throws: Complaint.self) { try settings.text("tether.listen") }
    #expect(listen.status == .configuration && listen.message.contains("config.toml:4:"), "\(listen.message)")
    let frames = try #require(throws: Complaint.self) { try settings.number("tether.frames") }
    #expect(frames.message.contains("config.toml:5:"))
    let lan = try #require(throws: Complaint.self) { try settings.flag("tether.lan") }
    #expect(lan.message.contains("config.toml:6:"))
  }

  @Test("A variable of the wrong kind is 78, with its name and value")
  func wrongVariable() throws {
    let settings = try settings("", ["PIXCHEESE_FRAMES": "x", "PIXCHEESE_LAN": "maybe"])
    let frames = try #require(throws: Complaint.self) { try settings.number("tether.frames") }
    #expect(frames.status == .configuration && frames.message.contains("PIXCHEESE_FRAMES=x"))
    let lan = try #require(throws: Complaint.self) { try settings.flag("tether.lan") }
    #expect(lan.status == .configuration && lan.message.contains("PIXCHEESE_LAN=maybe"))
  }

  @Test("A text that means nothing is 64 as an option and 78 elsewhere, and is quoted with its place")
  func refusals() throws {
    func read(_ settings: Settings, option: String? = nil) -> Complaint? {
      do {
        _ = try settings.value(
          "tether.listen", option: option, needed: ListenAddress.needed, ListenAddress.init)
        return nil
      } catch {
        return error
      }
    }
    let option = try #require(read(try settings(""), option: "nowhere"))
    #expect(option.status == .usage && option.message.hasPrefix("--listen nowhere: HOST:PORT"))
    let variable = try #require(read(try settings("", ["PIXCHEESE_LISTEN": "nowhere"])))
    #expect(variable.status == .configuration && variable.message.hasPrefix("PIXCHEESE_LISTEN=nowhere: "))
    let file = try #require(read(try settings("[tether]\nlisten = \"nowhere\"\n")))
    #expect(file.status == .configuration)
    #expect(file.message.contains("config.toml:2: tether.listen = nowhere: "), "\(file.message)")
    #expect(read(try settings(""), option: "127.0.0.1:0") == nil)
  }

  @Test(
    "An album, or a server, that is none is told with where it stands",
    arguments: [
      ("album", "http://h/b", "an album's address ends in /a/SLUG, as its live page's does."),
      ("server", "nonsense", "an address is needed, https://photos.example."),
      ("public_url", "ftp://h", "an address is needed, https://photos.example."),
    ])
  func places(key: String, text: String, needed: String) throws {
    func read(_ settings: Settings, option: String? = nil) throws -> Complaint {
      try #require(throws: Complaint.self) {
        if key == "album" {
          _ = try AlbumOptions.albums(option.map { [$0] } ?? [], in: settings)
        } else {
          _ = try settings.webAddress(key, option: option)
        }
      }
    }
    let option = try read(try settings(""), option: text)
    #expect(option.status == .usage)
    #expect(option.message == "--\(key.replacing("_", with: "-")) \(text): \(needed)")
    let variable = try read(try settings("", [Settings.variableName(key): text]))
    #expect(variable.status == .configuration)
    #expect(variable.message == "\(Settings.variableName(key))=\(text): \(needed)")
    let file = try read(try settings("# a comment\n\(key) = \"\(text)\"\n"))
    #expect(file.status == .configuration)
    #expect(file.message.hasSuffix("config.toml:2: \(key) = \(text): \(needed)"), "\(file.message)")
  }

  @Test("A password in an album's address is not repeated, wherever it stands")
  func password() throws {
    let text = "tus+https://anna:secret@up.example/files/"
    for (options, variables, file, status) in [
      ([text], [:], "", ExitStatus.usage), ([], ["PIXCHEESE_ALBUM": text], "", .configuration),
      ([], [:], "album = \"\(text)\"\n", .configuration),
    ] {
      let settings = try settings(file, variables)
      let complaint = try #require(throws: Complaint.self) {
        try AlbumOptions.albums(options, in: settings)
      }
      #expect(complaint.status == status)
      #expect(
        complaint.message.contains("tus+https://…@up.example/files/: a name and a password"),
        "\(complaint.message)")
      #expect(!complaint.message.contains("secret"))
    }
  }

  @Test("Neither is one in another address")
  func passwordElsewhere() throws {
    let complaint = try #require(throws: Complaint.self) {
      try settings("").webAddress("server", option: "https://anna:secret@h.example")
    }
    #expect(
      complaint.message == "--server https://…@h.example: an address is needed, https://photos.example.")
  }

  @Test("Of several albums the one that is wrong is named; all that are right stay as they are given")
  func severalAlbums() throws {
    let settings = try settings("", ["PIXCHEESE_ALBUM": "Anna, ftp://h/x"])
    let complaint = try #require(throws: Complaint.self) { try AlbumOptions.albums([], in: settings) }
    #expect(complaint.message.hasPrefix("PIXCHEESE_ALBUM=ftp://h/x: "), "\(complaint.message)")
    #expect(try AlbumOptions.albums(["Anna", "s3://b/p"], in: settings) == ["Anna", "s3://b/p"])
  }

  @Test("A camera that is none is told with where it stands")
  func cameras() throws {
    let option = try #require(throws: Complaint.self) {
      try CameraOptions.selections(["bogus"], in: settings(""))
    }
    #expect(
      option.status == .usage && option.message.contains("--camera") && option.message.contains("bogus"))
    let file = try settings("[tether]\ncamera = \"bogus\"\n")
    let complaint = try #require(throws: Complaint.self) { try CameraOptions.selections([], in: file) }
    #expect(complaint.status == .configuration && complaint.message.contains("config.toml:2:"))
    #expect(try CameraOptions.selections([], in: settings("")) == [.auto])
  }
}
