import AlbumServer
import ArgumentParser
import Delivery
import Foundation
import Model
import SystemPackage

/// `pixcheese album`: make albums and look at them.
struct AlbumCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "album", abstract: "Make albums and look at them.", discussion: ExitStatus.table,
    subcommands: [Create.self, List.self, Show.self])

  /// One album, as every subcommand shows it.
  struct Row: Encodable, Sendable {
    /// How `--album` names it.
    let album: String
    let name: String
    let url: String
    /// `null` where counting them would mean reading all of the album.
    let frames: Int?
  }

  /// `pixcheese album create`
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create", abstract: "Make an album.",
      discussion: """
        On an album server its administrator's token is needed: PIXCHEESE_TOKEN, or under [tokens] in \
        credentials.toml. The new album's own token is written there, so that tether and upload find it.

        With --bucket the album is a bucket's: the live page and all photos are objects, and no server is needed. Keys \
        come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or [s3] in config.toml. Made again, its page and name \
        are brought up to date; its photos stay.

        \(ExitStatus.table)
        """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The album's name, as guests read it.")
    var name: String

    @Option(help: ArgumentHelp("The album server to make it on; without, on this machine.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The place in a bucket to make it at.", valueName: "s3://bucket/prefix"))
    var bucket: String?

    @Option(
      help: ArgumentHelp("Where guests find the bucket, if not at its endpoint: a CDN.", valueName: "url"))
    var publicURL: String?

    struct Answer: Encodable, Sendable {
      let album: String
      let url: String
      let uploadURL: String?
      let token: String?

      enum CodingKeys: String, CodingKey {
        case album, url, token
        case uploadURL = "upload_url"
      }
    }

    func run() async throws {
      try await run(in: try options.context())
    }

    func run(in context: Context) async throws {
      if bucket != nil, server != nil {
        throw Complaint(
          .usage, "An album is on a server or in a bucket: --server and --bucket exclude each other.")
      }
      let bucketOfSettings = server == nil ? try context.settings.text("bucket", option: bucket) : nil
      if let bucketOfSettings { return try await create(inBucket: bucketOfSettings, context) }
      guard let server = try context.settings.webAddress("server", option: server) else {
        return try await createHere(context)
      }
      var credentials = try Credentials(
        file: context.home.credentials, environment: context.settings.environment)
      let created = try await AlbumServerClient(
        curl: NetworkSettings(context.settings).client()
      ).create(
        name, on: server, token: credentials.token(for: server))
      if let page = URL(string: created.url) { try credentials.remember(created.token, for: page) }
      context.console.emit(
        Answer(album: created.url, url: created.url, uploadURL: created.uploadURL, token: created.token))
      context.console.answer(created.url)
      context.console.say(
        "Its token is kept in \(context.home.credentials). Feed it: pixcheese tether --album \(created.url)")
    }

    private func create(inBucket text: String, _ context: Context) async throws {
      let isOption = bucket != nil
      guard case .bucket(let name, let prefix)? = try? Destination(parsing: text) else {
        throw context.settings.refusal(
          of: "bucket", isOption: isOption, value: text, "s3://BUCKET/PREFIX is needed.")
      }
      let accounts = BucketAccounts(context.settings)
      let place = try accounts.destination(bucket: name, prefix: prefix)
      let page = try accounts.page(
        of: place, shownAt: try context.settings.webAddress("public_url", option: publicURL))
      let album = BucketAlbum(name: self.name, url: page.absoluteString, createdAt: Text.time(Date()))
      try await BucketAlbums(place, curl: try NetworkSettings(context.settings).client())
        .create(album, page: BucketPage.files.map(BucketAlbums.PageFile.init))
      let given = "s3://" + ([name] + (prefix.isEmpty ? [] : [prefix])).joined(separator: "/")
      context.console.emit(Answer(album: given, url: album.url, uploadURL: nil, token: nil))
      context.console.answer(album.url)
      context.console.say(
        "Guests need to be allowed to read what is below it (docs/delivery.md). Feed it: pixcheese tether --album \(given)"
      )
    }

    private func createHere(_ context: Context) async throws {
      guard case .embedded(let name) = try AlbumChoice.destination(name) else {
        throw Complaint(
          .usage, "\(Text.harmless(name)): a name is needed here; the server goes after --server.")
      }
      let store = try await AlbumStore.open(context.home.albums.string)
      let access = try await store.findOrCreateAlbum(named: name)
      let url = AlbumLinks(
        slug: access.album.slug, base: ListenAddress.embedded.local(port: ListenAddress.embedded.port)
      )
      .page.absoluteString
      context.console.emit(Answer(album: name, url: url, uploadURL: nil, token: nil))
      context.console.answer(url)
      context.console.say(
        "Feed it: pixcheese tether --album \(name.debugDescription). The link works while that, or pixcheese serve, runs."
      )
    }
  }

  /// `pixcheese album list`
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "The albums of this machine, or of a server.",
      discussion: ExitStatus.table)

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("The album server; without, this machine.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("Those right below a place in a bucket.", valueName: "s3://bucket/prefix"))
    var bucket: String?

    struct Answer: Encodable, Sendable {
      let albums: [Row]
    }

    func run() async throws {
      try await run(in: try options.context())
    }

    func run(in context: Context) async throws {
      let rows: [Row]
      if let bucket = server == nil ? try context.settings.text("bucket", option: bucket) : nil {
        rows = try await inBucket(bucket, context)
      } else if let server = try context.settings.webAddress("server", option: server) {
        rows = try await there(server, context)
      } else {
        rows = try await here(context)
      }
      context.console.emit(Answer(albums: rows))
      guard !rows.isEmpty else { return context.console.answer("There are no albums.") }
      context.console.answer(
        Text.table(
          [["NAME", "FRAMES", "LINK"]]
            + rows.map { [Text.harmless($0.name), $0.frames.map(String.init) ?? "", Text.harmless($0.url)] }))
    }

    /// Counting frames would mean reading every album: `album show` does it for one.
    private func inBucket(_ text: String, _ context: Context) async throws -> [Row] {
      guard case .bucket(let name, let prefix)? = try? Destination(parsing: text) else {
        throw context.settings.refusal(
          of: "bucket", isOption: bucket != nil, value: text, "s3://BUCKET or s3://BUCKET/PREFIX is needed.")
      }
      let place = try BucketAccounts(context.settings).destination(bucket: name, prefix: prefix)
      return try await BucketAlbums(
        place, curl: try NetworkSettings(context.settings).client()
      ).below().map {
        Row(album: "s3://\(name)/\($0.prefix)", name: $0.album.name, url: $0.album.url, frames: nil)
      }
    }

    private func here(_ context: Context) async throws -> [Row] {
      guard FileManager.default.fileExists(atPath: context.home.albums.string) else { return [] }
      let base = ListenAddress.embedded.local(port: ListenAddress.embedded.port)
      return try await AlbumStore.open(context.home.albums.string).albums().map {
        Row(
          album: $0.name, name: $0.name, url: AlbumLinks(slug: $0.slug, base: base).page.absoluteString,
          frames: $0.frames)
      }
    }

    private func there(_ server: URL, _ context: Context) async throws -> [Row] {
      let credentials = try Credentials(
        file: context.home.credentials, environment: context.settings.environment)
      return try await AlbumServerClient(curl: NetworkSettings(context.settings).client())
        .list(on: server, token: credentials.token(for: server))
        .map { Row(album: $0.url, name: $0.name, url: $0.url, frames: $0.frames) }
    }
  }

  /// `pixcheese album show`
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "One album: its link, as a QR code too, and how many frames it has.",
      discussion: ExitStatus.table)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "The album: NAME, http(s)://HOST/a/SLUG, or s3://BUCKET/PREFIX.")
    var album: String

    func run() async throws {
      try await run(in: try options.context())
    }

    func run(in context: Context) async throws {
      let row: Row
      switch try AlbumChoice.destination(album) {
      case .embedded(let name):
        let albums =
          FileManager.default.fileExists(atPath: context.home.albums.string)
          ? try await AlbumStore.open(context.home.albums.string).albums() : []
        guard let found = albums.last(where: { $0.name == name }) else {
          throw Complaint(
            .unavailable,
            "This machine has no album \(name.debugDescription). pixcheese album list shows those it has.")
        }
        let base = ListenAddress.embedded.local(port: ListenAddress.embedded.port)
        row = Row(
          album: name, name: name, url: AlbumLinks(slug: found.slug, base: base).page.absoluteString,
          frames: found.frames)
      case .albumServer(let page):
        let found = try await AlbumServerClient(
          curl: NetworkSettings(context.settings).client()
        ).show(AlbumServerAddress(page: page))
        row = Row(album: page.absoluteString, name: found.name, url: found.url, frames: found.frames)
      case .bucket(let name, let prefix):
        let place = try BucketAccounts(context.settings).destination(bucket: name, prefix: prefix)
        guard
          let found = try await BucketAlbums(
            place, curl: try NetworkSettings(context.settings).client()
          ).show()
        else {
          throw Complaint(
            .unavailable,
            "There is no album at \(Text.harmless(album)). Make it: pixcheese album create NAME --bucket \(Text.harmless(album))"
          )
        }
        row = Row(album: album, name: found.album.name, url: found.album.url, frames: found.frames.count)
      case .tus:
        throw Complaint(
          .usage, "\(Text.harmless(album)): an uploads' endpoint is no album, and has nothing to show.")
      }
      context.console.emit(row)
      context.console.answer(
        "\(Text.harmless(row.name))\n\(Text.harmless(row.url))\n\(Text.count(row.frames ?? 0, "frame"))")
      if let page = URL(string: row.url) { context.console.sayCode(for: page) }
    }
  }
}

extension BucketAlbums.PageFile {
  init(_ file: BucketPage.File) {
    self.init(path: file.path, bytes: file.bytes, mediaType: file.mediaType, isImmutable: file.isImmutable)
  }
}
