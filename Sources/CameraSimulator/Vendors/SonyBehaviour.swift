/// Sony, remote ("PC Remote"): after 0x9201 and 0x9202 all properties come in one answer to 0x9209, and a
/// frame shows as a count in property 0xD215: 0x8000 and the number of frames in RAM. The first of them is
/// always object 0xFFFFC001.
///
/// Where frames go is property 0xD222: 1 the computer, 0x10 the card, 0x11 both. With the card alone nothing
/// is announced, as on the real cameras.
struct SonyBehaviour: VendorBehaviour {
  static let connect = OperationCode(0x9201)
  static let getExtendedInfo = OperationCode(0x9202)
  static let setControlA = OperationCode(0x9205)
  static let setControlB = OperationCode(0x9207)
  static let getAllProperties = OperationCode(0x9209)

  static let focusFound = PropertyCode(0xD213)
  static let objectInMemory = PropertyCode(0xD215)
  static let batteryLevel = PropertyCode(0xD218)
  static let storeDestination = PropertyCode(0xD222)
  static let priorityMode = PropertyCode(0xD25A)
  static let fullPress = PropertyCode(0xD2C2)

  let extensionID: UInt32 = 0x11
  let offersInitiateCapture = false
  let listsProperties = false
  let hasStandardClock = false
  let memoryHandle: UInt32? = 0xFFFF_C001
  let tellsByMemory = true

  /// The others are listed by 0x9202.
  var operations: [OperationCode] { [Self.connect, Self.getExtendedInfo] }

  var properties: [PropertyDescription] {
    [
      PropertyDescription(.compressionSetting, isWritable: true, current: .uint8(2)),
      // 1 is manual focus: a press of the release need not wait for focus.
      PropertyDescription(.focusMode, isWritable: true, current: .uint16(1)),
      PropertyDescription(Self.focusFound, current: .uint8(2)),
      PropertyDescription(Self.objectInMemory, current: .uint16(0)),
      PropertyDescription(Self.batteryLevel, current: .int8(0)),
      PropertyDescription(
        Self.storeDestination, isWritable: true, current: .uint16(0x11),
        form: .enumeration([.uint16(1), .uint16(0x10), .uint16(0x11)])),
    ]
  }

  func property(_ code: PropertyCode, of state: CameraState) -> PropertyDescription? {
    switch code {
    case Self.objectInMemory:
      let count = UInt16(clamping: state.memory.count)
      return PropertyDescription(code, current: .uint16(count == 0 ? 0 : 0x8000 | count))
    case Self.batteryLevel:
      return PropertyDescription(code, current: .int8(Int8(clamping: state.batteryLevel)))
    default:
      return nil
    }
  }

  func target(in state: CameraState) -> FrameTarget {
    switch state.property(Self.storeDestination)?.current.number {
    case 1: .memory
    case 0x10: .card
    default: .both
    }
  }

  /// Only what concerns the stores is told by an event.
  func announce(_ announcement: Announcement, state: inout CameraState) {
    state.sendEvent(announcement)
  }

  func answer(_ request: OperationRequest, data: [UInt8], state: inout CameraState) -> Reply? {
    switch request.code {
    case Self.connect:
      return .bytes([UInt8](repeating: 0, count: 8))
    case Self.getExtendedInfo:
      var writer = ByteWriter()
      writer.write(UInt16(200))
      writer.write(array: properties.map(\.code.rawValue))
      writer.write(array: [Self.setControlA, Self.setControlB, Self.getAllProperties].map(\.rawValue))
      return .bytes(writer.bytes)
    case Self.getAllProperties:
      let described = properties.compactMap { state.property($0.code) }
      var writer = ByteWriter()
      writer.write(UInt32(described.count))
      writer.write(UInt32(0))
      for property in described { Self.write(property, to: &writer) }
      return .bytes(writer.bytes)
    case Self.setControlA:
      let code = PropertyCode(UInt16(truncatingIfNeeded: request[0]))
      guard code != Self.priorityMode else { return .ok }
      return state.setProperty(code, to: data)
    case Self.setControlB:
      let code = PropertyCode(UInt16(truncatingIfNeeded: request[0]))
      let isPressed = PropertyValue.uint16(0).decodingSameType(from: data) == .uint16(2)
      return code == Self.fullPress && isPressed
        ? Reply(code: .ok, afterwards: .shoot(target(in: state))) : .ok
    default:
      return nil
    }
  }

  /// Sony's dataset: code, data type, how it changes, whether it can be set, and the rest as in the standard.
  static func write(_ property: PropertyDescription, to writer: inout ByteWriter) {
    writer.write(property.code.rawValue)
    writer.write(property.current.dataType)
    writer.write(UInt8(property.isWritable ? 1 : 0))
    writer.write(UInt8(property.isWritable ? 1 : 0))
    property.writeValues(to: &writer)
  }
}
