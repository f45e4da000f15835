import SystemPackage

/// Where everything lies (contract.md, "Options that every command understands").
struct Home: Sendable {
  /// `config.toml`'s path.
  let configuration: FilePath
  /// `credentials.toml`'s path, beside it.
  var credentials: FilePath { configuration.removingLastComponent().appending("credentials.toml") }
  let journal: FilePath
  let spool: FilePath
  /// The embedded album server's folder.
  let albums: FilePath

  /// One folder for everything (`--home`, `PIXCHEESE_HOME`), else the folders that systemd gives a service, else XDG's.
  /// - Throws: `Complaint` where not even a home folder is known.
  init(option: String?, environment: [String: String]) throws(Complaint) {
    func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    if let folder = option ?? variable("PIXCHEESE_HOME") {
      let root = Self.absolute(folder, environment: environment)
      self.init(configuration: root, state: root, shared: root)
    } else if let state = variable("STATE_DIRECTORY") {
      let root = FilePath(String(state.prefix { $0 != ":" }))
      let configuration = variable("CONFIGURATION_DIRECTORY").map {
        FilePath(String($0.prefix { $0 != ":" }))
      }
      self.init(configuration: configuration ?? "/etc/pixcheese", state: root, shared: root)
    } else {
      guard let home = variable("HOME") else {
        throw Complaint(.configuration, "HOME is not set. Say where everything shall lie: --home DIR.")
      }
      func folder(_ name: String, _ fallback: String) -> FilePath {
        let base = variable(name).flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
        return (base ?? FilePath(home).pushing(FilePath(fallback))).appending("pixcheese")
      }
      self.init(
        configuration: folder("XDG_CONFIG_HOME", ".config"), state: folder("XDG_STATE_HOME", ".local/state"),
        shared: folder("XDG_DATA_HOME", ".local/share"))
    }
  }

  private init(configuration: FilePath, state: FilePath, shared: FilePath) {
    self.configuration = configuration.appending("config.toml")
    journal = state.appending("journal.sqlite")
    spool = shared.appending("spool")
    albums = shared.appending("albums")
  }

  private static func absolute(_ path: String, environment: [String: String]) -> FilePath {
    let given = FilePath(path)
    if given.isAbsolute { return given.lexicallyNormalized() }
    let current = FilePath(environment["PWD"] ?? "/")
    return current.pushing(given).lexicallyNormalized()
  }
}
