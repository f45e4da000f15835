/// Fuji: nothing is announced; the computer lists the handles again and again and finds what is new.
///
/// A release is two InitiateCaptures: property 0xD208 is 0x0200 for focusing and 0x0304 for the shutter.
struct FujiBehaviour: VendorBehaviour {
  static let priorityMode = PropertyCode(0xD207)
  static let releaseMode = PropertyCode(0xD208)
  static let focusStatus = PropertyCode(0xD209)
  static let currentState = PropertyCode(0xD212)
  static let computerMode = PropertyCode(0xD38C)

  let extensionID: UInt32 = 0x0E

  var properties: [PropertyDescription] {
    [
      PropertyDescription(.exposureTime, current: .uint32(4000)),
      PropertyDescription(
        Self.priorityMode, isWritable: true, current: .uint16(1),
        form: .enumeration([.uint16(1), .uint16(2)])),
      PropertyDescription(Self.releaseMode, isWritable: true, current: .uint16(0)),
      // 2: in focus.
      PropertyDescription(Self.focusStatus, current: .uint16(2)),
      // A list of changed properties that begins with its length: always empty here.
      PropertyDescription(Self.currentState, current: .uint16(0)),
      PropertyDescription(Self.computerMode, isWritable: true, current: .uint16(0)),
    ]
  }

  func announce(_ announcement: Announcement, state: inout CameraState) {}

  func answer(_ request: OperationRequest, data: [UInt8], state: inout CameraState) -> Reply? {
    guard request.code == .initiateCapture else { return nil }
    let isShutter = state.property(Self.releaseMode)?.current == .uint16(0x0304)
    return Reply(code: .ok, afterwards: isShutter ? .shoot(.card) : .nothing)
  }
}
