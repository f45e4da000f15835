public import Foundation
public import Model

/// Where one album's deliveries go.
public struct DeliveryDestination: Hashable, Sendable {
  /// The album as it is given on the command line, which is how the journal names it.
  public var album: String
  /// The tus 1.0 creation endpoint.
  public var creationURL: URL
  /// The bearer token; it is sent to the creation endpoint's origin and nowhere else.
  public var token: String?
  /// What of a frame it takes.
  public var takes: [AssetKind]

  public init(album: String, creationURL: URL, token: String? = nil, takes: [AssetKind] = AssetKind.allCases)
  {
    self.album = album
    self.creationURL = creationURL
    self.token = token
    self.takes = takes
  }

  /// Whether it is on this machine: then nothing is gained by chunks and checksums.
  var isLoopback: Bool {
    guard let host = creationURL.host?.lowercased() else { return false }
    return host == "localhost" || host == "::1" || host.hasPrefix("127.")
  }
}
