/// Whose ways a simulated camera has.
public enum Vendor: String, CaseIterable, Codable, Sendable {
  /// Nothing but the standard: events come by the event connection.
  case generic
  /// Events are polled with 0x90C7.
  case nikon
  /// Canon EOS: events and properties are polled with 0x9116.
  case canon
  /// A frame shows as a count in property 0xD215 and is fetched from handle 0xFFFFC001.
  case sony
  /// No events: a new frame shows only in the list of handles.
  case fuji

  /// The model's name where none is asked for.
  public var defaultModel: String {
    switch self {
    case .generic: "PixCheese Simulator"
    case .nikon: "Z 8"
    case .canon: "Canon EOS R5"
    case .sony: "ILCE-7M4"
    case .fuji: "X-T5"
    }
  }

  var manufacturer: String {
    switch self {
    case .generic: "pixcheese"
    case .nikon: "Nikon Corporation"
    case .canon: "Canon.Inc"
    case .sony: "Sony Corporation"
    case .fuji: "FUJIFILM"
    }
  }

  var behaviour: any VendorBehaviour {
    switch self {
    case .generic: GenericBehaviour()
    case .nikon: NikonBehaviour()
    case .canon: CanonBehaviour()
    case .sony: SonyBehaviour()
    case .fuji: FujiBehaviour()
    }
  }
}
