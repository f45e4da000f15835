/// What happened in a camera, before a vendor's way of telling it.
enum Announcement: Sendable, Hashable {
  case objectAdded(UInt32)
  /// A frame in RAM.
  case memoryObjectAdded(UInt32)
  case objectRemoved(UInt32)
  case objectChanged(UInt32)
  case storeAdded(UInt32)
  case storeRemoved(UInt32)
  case propertyChanged(PropertyCode)
  case captureComplete

  /// Whether it is of a card or of a file that went away, and not of a new file.
  var isOfStore: Bool {
    switch self {
    case .storeAdded, .storeRemoved, .objectRemoved: true
    default: false
    }
  }

  /// The standard's event (PIMA 15740:2000, clause 12.4); `nil` where it has none.
  var standardEvent: (code: EventCode, parameter: UInt32)? {
    switch self {
    case .objectAdded(let handle): (.objectAdded, handle)
    case .memoryObjectAdded: nil
    case .objectRemoved(let handle): (.objectRemoved, handle)
    case .objectChanged(let handle): (.objectInfoChanged, handle)
    case .storeAdded(let storage): (.storeAdded, storage)
    case .storeRemoved(let storage): (.storeRemoved, storage)
    case .propertyChanged(let code): (.devicePropChanged, UInt32(code.rawValue))
    case .captureComplete: (.captureComplete, 0)
    }
  }
}
