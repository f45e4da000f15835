import Delivery
import Ingest
import SystemPackage
import Testing

@testable import Commands

@Suite("Where everything lies")
struct HomeTests {
  @Test("Without anything said: XDG's folders below HOME")
  func defaults() throws {
    let home = try Home(option: nil, environment: ["HOME": "/home/anna"])
    #expect(home.configuration == "/home/anna/.config/pixcheese/config.toml")
    #expect(home.credentials == "/home/anna/.config/pixcheese/credentials.toml")
    #expect(home.journal == "/home/anna/.local/state/pixcheese/journal.sqlite")
    #expect(home.spool == "/home/anna/.local/share/pixcheese/spool")
    #expect(home.albums == "/home/anna/.local/share/pixcheese/albums")
  }

  @Test("XDG's variables move them; relative ones are not obeyed, as their specification says")
  func xdg() throws {
    let home = try Home(
      option: nil,
      environment: [
        "HOME": "/home/anna", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative", "XDG_DATA_HOME": "/d",
      ])
    #expect(home.configuration == "/c/pixcheese/config.toml")
    #expect(home.journal == "/home/anna/.local/state/pixcheese/journal.sqlite")
    #expect(home.spool == "/d/pixcheese/spool")
  }

  @Test("--home has everything in one folder, and is nearer than PIXCHEESE_HOME")
  func oneFolder() throws {
    let environment = ["HOME": "/home/anna", "PIXCHEESE_HOME": "/v", "STATE_DIRECTORY": "/s", "PWD": "/work"]
    let variable = try Home(option: nil, environment: environment)
    #expect(variable.configuration == "/v/config.toml" && variable.journal == "/v/journal.sqlite")
    let option = try Home(option: "../event", environment: environment)
    #expect(option.configuration == "/event/config.toml")
    #expect(option.spool == "/event/spool" && option.albums == "/event/albums")
  }

  @Test("A service has the folders that systemd gives it")
  func service() throws {
    let given = try Home(option: nil, environment: ["STATE_DIRECTORY": "/var/lib/pixcheese"])
    #expect(given.configuration == "/etc/pixcheese/config.toml")
    #expect(given.journal == "/var/lib/pixcheese/journal.sqlite")
    let both = try Home(
      option: nil,
      environment: ["STATE_DIRECTORY": "/a:/b", "CONFIGURATION_DIRECTORY": "/etc/other:/x", "HOME": "/root"])
    #expect(both.spool == "/a/spool" && both.credentials == "/etc/other/credentials.toml")
  }

  @Test("Without even a HOME there is nowhere to be: 78")
  func nowhere() throws {
    let complaint = try #require(throws: Complaint.self) { try Home(option: nil, environment: [:]) }
    #expect(complaint.status == .configuration && complaint.message.contains("--home"))
  }
}
