import Curl
import Delivery
import Foundation
import Model

/// Whether the albums that are configured or named answer as they should.
struct AlbumDoctor: Sendable {
  let network: NetworkSettings
  private let destinations: [DeliveryDestination]
  private let others: [DoctorFinding]
  private let probe: DestinationProbe

  /// - Throws: `Complaint` for a setting that is wrong.
  init(context: Context, albums: [String], trust: TrustOptions) throws {
    network = try NetworkSettings(context.settings, trust: trust)
    let credentials = try Credentials(
      file: context.home.credentials, environment: context.settings.environment)
    var destinations: [DeliveryDestination] = []
    var others: [DoctorFinding] = []
    for album in try AlbumOptions.albums(albums, in: context.settings) {
      switch try AlbumChoice.destination(album) {
      case .embedded: others.append(.good("album", "\(album): on this machine."))
      case .albumServer(let page):
        let token = credentials.token(for: page)
        if token == nil {
          others.append(
            .problem(
              "token", "\(album): no token is known.",
              "Give it in PIXCHEESE_TOKEN, or under [tokens] in \(context.home.credentials)."))
        }
        destinations.append(
          DeliveryDestination(album: album, creationURL: AlbumServerAddress(page: page).uploads, token: token)
        )
      case .tus(let url):
        destinations.append(
          DeliveryDestination(album: album, creationURL: url, token: credentials.token(for: url)))
      case .bucket(let bucket, let prefix):
        do {
          let place = try BucketAccounts(context.settings).destination(bucket: bucket, prefix: prefix)
          destinations.append(DeliveryDestination(album: album, place: .bucket(place)))
        } catch {
          others.append(
            .problem(
              "token", "\(album): the bucket cannot be opened.",
              error.message.split(separator: "\n").joined(separator: " ")))
        }
      }
    }
    self.destinations = destinations
    self.others = others
    probe = DestinationProbe(curl: try network.client())
  }

  func findings() async -> [DoctorFinding] {
    guard !destinations.isEmpty || !others.isEmpty else {
      return [.good("album", "None is configured: this machine's own album is fed, named by the date.")]
    }
    return await withTaskGroup(of: (Int, [DoctorFinding]).self) { group in
      for (index, destination) in destinations.enumerated() {
        group.addTask { (index, await findings(of: destination)) }
      }
      var found: [Int: [DoctorFinding]] = [:]
      for await (index, findings) in group { found[index] = findings }
      return others + destinations.indices.flatMap { found[$0] ?? [] }
    }
  }

  private func findings(of destination: DeliveryDestination) async -> [DoctorFinding] {
    let found = await probe.ask(destination)
    var findings: [DoctorFinding] = []
    if let reason = found.reason {
      findings.append(
        .problem("album", "\(destination.album): \(reason.text)", Self.remedy(reason.code, destination)))
    } else {
      findings.append(.good("album", "\(destination.album) answers."))
    }
    if let seconds = found.clockError {
      findings.append(
        .problem(
          "clock",
          "This machine's clock is \(Int(abs(seconds))) seconds \(seconds > 0 ? "ahead of" : "behind") the album's.",
          "Set it right: timedatectl set-ntp true"))
    }
    return findings
  }

  private static func remedy(_ code: DeliveryReason.Code, _ destination: DeliveryDestination) -> String {
    if case .bucket = destination.place {
      switch code {
      case .noSuchAlbum: return "Make it: pixcheese album create NAME --bucket \(destination.album)"
      case .notAllowed:
        return "Look at the keys, and at what they may do (docs/configuration.md, \"Buckets\")."
      default: break
      }
    }
    return switch code {
    case .loginPage: "Open a web browser on this machine and log in to the network."
    case .certificate: "Look at the address, at this machine's clock, and for a CA of your own at --ca-file."
    case .offline: "Look at the network, and whether the server runs. Photos are kept meanwhile."
    case .noSuchAlbum, .intercepted: "Look at the album's address."
    case .notAllowed: "Look at the token."
    default: "Photos are kept, and sent when it answers again."
    }
  }
}
