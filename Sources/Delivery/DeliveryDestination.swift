public import Foundation
public import Model

/// Where one album's deliveries go.
public struct DeliveryDestination: Hashable, Sendable {
  /// The kinds of destination there are.
  public enum Place: Hashable, Sendable {
    /// A tus 1.0 creation endpoint. The bearer token is sent to its origin and nowhere else.
    case tus(creationURL: URL, token: String?)
    /// A bucket album: renditions and originals as objects, and a feed of them.
    case bucket(BucketDestination)
  }

  /// The album as it is given on the command line, which is how the journal names it.
  public var album: String
  public var place: Place
  /// What of a frame it takes.
  public var takes: [AssetKind]

  public init(album: String, place: Place, takes: [AssetKind] = AssetKind.allCases) {
    self.album = album
    self.place = place
    self.takes = takes
  }

  public init(album: String, creationURL: URL, token: String? = nil, takes: [AssetKind] = AssetKind.allCases)
  {
    self.init(album: album, place: .tus(creationURL: creationURL, token: token), takes: takes)
  }

  /// Whether it is on this machine: then nothing is gained by chunks and checksums.
  var isLoopback: Bool {
    switch place {
    case .tus(let creationURL, _):
      guard let host = creationURL.host?.lowercased() else { return false }
      return host == "localhost" || host == "::1" || host.hasPrefix("127.")
    case .bucket(let bucket):
      return bucket.location.isLoopback
    }
  }
}

/// A bucket album, and the keys to it.
public struct BucketDestination: Hashable, Sendable {
  public var location: S3Location
  public var credentials: S3Credentials
  /// Where in the bucket it is; without slashes at its ends, empty for the bucket's root.
  public var prefix: String

  public init(location: S3Location, credentials: S3Credentials, prefix: String) {
    self.location = location
    self.credentials = credentials
    self.prefix = prefix
  }
}
