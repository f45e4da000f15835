/// Nikon: events are kept until 0x90C7 asks for them; the camera's own properties are listed by 0x90CA.
///
/// The reply to 0x90C7 is a 16-bit count, then for each event a 16-bit code and a 32-bit parameter.
struct NikonBehaviour: VendorBehaviour {
  static let initiateCaptureToMemory = OperationCode(0x90C0)
  static let changeCameraMode = OperationCode(0x90C2)
  static let getEvent = OperationCode(0x90C7)
  static let deviceReady = OperationCode(0x90C8)
  static let getVendorPropCodes = OperationCode(0x90CA)
  static let initiateCaptureToMedia = OperationCode(0x9207)

  static let objectAddedInMemory = EventCode(0xC101)

  /// 0: the card; 1: RAM.
  static let recordingMedia = PropertyCode(0xD10B)

  let extensionID: UInt32 = 0x0A
  let memoryHandle: UInt32? = 0xFFFF_0001

  var operations: [OperationCode] {
    [
      Self.initiateCaptureToMemory, Self.changeCameraMode, Self.getEvent, Self.deviceReady,
      Self.getVendorPropCodes, Self.initiateCaptureToMedia,
    ]
  }

  var properties: [PropertyDescription] {
    [
      PropertyDescription(
        Self.recordingMedia, isWritable: true, current: .uint8(0), form: .enumeration([.uint8(0), .uint8(1)]))
    ]
  }

  func target(in state: CameraState) -> FrameTarget {
    state.property(Self.recordingMedia)?.current.number == 1 ? .memory : .card
  }

  func announce(_ announcement: Announcement, state: inout CameraState) {
    state.polled.append(announcement)
  }

  func answer(_ request: OperationRequest, data: [UInt8], state: inout CameraState) -> Reply? {
    switch request.code {
    case Self.getEvent:
      let events = state.polled.compactMap(Self.event)
      state.polled = []
      var writer = ByteWriter()
      writer.write(UInt16(events.count))
      for event in events {
        writer.write(event.code.rawValue)
        writer.write(event.parameter)
      }
      return .bytes(writer.bytes)
    case Self.getVendorPropCodes:
      var writer = ByteWriter()
      writer.write(array: properties.map(\.code.rawValue))
      return .bytes(writer.bytes)
    case Self.deviceReady, Self.changeCameraMode:
      return .ok
    case Self.initiateCaptureToMemory:
      return Reply(code: .ok, afterwards: .shoot(.memory))
    case Self.initiateCaptureToMedia:
      return Reply(code: .ok, afterwards: .shoot(request[1] == 1 ? .memory : .card))
    default:
      return nil
    }
  }

  private static func event(for announcement: Announcement) -> (code: EventCode, parameter: UInt32)? {
    switch announcement {
    case .memoryObjectAdded(let handle): (objectAddedInMemory, handle)
    default: announcement.standardEvent
    }
  }
}
