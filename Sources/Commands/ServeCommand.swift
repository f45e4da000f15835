import AlbumServer
import ArgumentParser
import Foundation
import ServiceLifecycle
import SystemPackage
import UnixSignals

/// `pixcheese serve`: the album server.
struct ServeCommand: LastingCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "The album server, for many photographers and albums.",
    discussion: """
      Keeps its albums in one folder. The first administrator token is written to admin-token there; with it albums \
      are made from any machine: pixcheese album create NAME --server URL

      It speaks plain HTTP: put a proxy with TLS before it and say how it is reached with --public-url.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Option(help: ArgumentHelp("Where to listen (127.0.0.1:7420).", valueName: "host:port"))
  var listen: String?

  @Option(help: ArgumentHelp("The folder with everything of the server.", valueName: "dir"))
  var data: String?

  @Option(help: ArgumentHelp("How guests reach it, https://albums.example.", valueName: "url"))
  var publicUrl: String?

  func run() async throws {
    try await options.run { try await run(in: $0) }
  }

  /// What `--json` says when the server listens.
  struct Ready: Encodable, Sendable {
    let event = "server.ready"
    let time: String
    let url: String
    let data: String
  }

  func run(in context: Context) async throws {
    let settings = context.settings
    let address =
      try settings.value("serve.listen", option: listen, needed: ListenAddress.needed, ListenAddress.init)
      ?? .embedded
    let folder = try settings.text("serve.data", option: data) ?? context.home.albums.string
    let publicURL = try settings.value(
      "serve.public_url", option: publicUrl,
      needed: "an address without a path is needed, https://albums.example."
    ) { text in
      URL(web: text).flatMap { ["", "/"].contains($0.path) && $0.query == nil ? $0 : nil }
    }
    let store = try await AlbumStore.open(folder)
    let console = context.console
    let shown = publicURL
    let configuration = try AlbumServerConfiguration(
      host: address.host, port: address.port, publicURL: publicURL
    ) { port in
      let url = (shown ?? address.shown(port: port)).absoluteString
      console.emit(Ready(time: Text.time(Date()), url: url, data: folder))
      console.say("The album server listens at \(url), its albums are in \(folder).")
      console.say(
        "Make an album: pixcheese album create NAME --server \(url) (with the token in \(folder)/admin-token)"
      )
      ServiceNotice.send("READY=1")
    }
    var group = ServiceGroupConfiguration(
      services: [
        .init(service: AlbumServer(store: store, configuration: configuration, logger: context.logger))
      ],
      gracefulShutdownSignals: [.sigint, .sigterm], logger: context.logger)
    group.maximumGracefulShutdownDuration = LiveRun.grace
    do {
      try await ServiceGroup(configuration: group).run()
    } catch is CancellationError {
      // Downloads that outlived the grace were cut off; nothing else was under way.
    }
  }
}
