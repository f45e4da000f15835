import Foundation

/// Canon EOS: events and the values of properties are kept until 0x9116 asks for them, as records of 32-bit
/// length and type. A computer first sets remote mode (0x9114) and event mode (0x9115).
///
/// Where frames go is property 0xD11C: 2 is the card, 4 the computer. With 4 a frame is offered by a transfer
/// request from RAM and forgotten at 0x9117.
///
/// The clock is property 0xD113: the digits that the camera shows as if they were UTC, in seconds since 1970.
struct CanonBehaviour: VendorBehaviour {
  static let getStorageIDs = OperationCode(0x9101)
  static let getStorageInfo = OperationCode(0x9102)
  static let setProperty = OperationCode(0x9110)
  static let setRemoteMode = OperationCode(0x9114)
  static let setEventMode = OperationCode(0x9115)
  static let getEvent = OperationCode(0x9116)
  static let transferComplete = OperationCode(0x9117)
  static let setComputerCapacity = OperationCode(0x911A)
  static let lockControls = OperationCode(0x911B)
  static let unlockControls = OperationCode(0x911C)
  static let keepDeviceOn = OperationCode(0x911D)
  static let requestProperty = OperationCode(0x9127)
  static let pressRelease = OperationCode(0x9128)
  static let letGoRelease = OperationCode(0x9129)

  static let focusMode = PropertyCode(0xD108)
  static let batteryPower = PropertyCode(0xD111)
  static let cameraTime = PropertyCode(0xD113)
  static let owner = PropertyCode(0xD115)
  static let availableShots = PropertyCode(0xD11B)
  static let captureDestination = PropertyCode(0xD11C)
  static let serialNumber = PropertyCode(0xD1AF)
  static let viewfinderOutput = PropertyCode(0xD1B0)
  static let artist = PropertyCode(0xD1D0)
  static let copyright = PropertyCode(0xD1D1)
  static let lensName = PropertyCode(0xD1D8)

  static let toCard: UInt32 = 2
  static let toComputer: UInt32 = 4

  let extensionID: UInt32 = 0x0B
  let offersInitiateCapture = false
  let listsProperties = false
  let hasStandardClock = false

  var operations: [OperationCode] {
    [
      Self.getStorageIDs, Self.getStorageInfo, Self.setProperty, Self.setRemoteMode, Self.setEventMode,
      Self.getEvent, Self.transferComplete, Self.setComputerCapacity, Self.lockControls, Self.unlockControls,
      Self.keepDeviceOn, Self.requestProperty, Self.pressRelease, Self.letGoRelease,
    ]
  }

  var properties: [PropertyDescription] {
    [
      // 3 is manual focus: a press of the release need not wait for focus.
      PropertyDescription(Self.focusMode, current: .uint16(3)),
      PropertyDescription(Self.batteryPower, current: .uint16(2)),
      PropertyDescription(Self.cameraTime, isWritable: true, current: .uint32(0)),
      PropertyDescription(Self.owner, isWritable: true, current: .string("")),
      PropertyDescription(Self.availableShots, current: .uint32(0)),
      PropertyDescription(
        Self.captureDestination, isWritable: true, current: .uint32(Self.toCard),
        form: .enumeration([.uint32(Self.toCard), .uint32(Self.toComputer)])),
      PropertyDescription(Self.serialNumber, current: .string("")),
      PropertyDescription(Self.viewfinderOutput, isWritable: true, current: .uint16(0)),
      PropertyDescription(Self.artist, isWritable: true, current: .string("")),
      PropertyDescription(Self.copyright, isWritable: true, current: .string("")),
      PropertyDescription(Self.lensName, current: .string(FrameFacts.lens)),
    ]
  }

  func property(_ code: PropertyCode, of state: CameraState) -> PropertyDescription? {
    switch code {
    case Self.serialNumber:
      return PropertyDescription(code, current: .string(state.configuration.serialNumber))
    case Self.cameraTime:
      let seconds = state.now.timeIntervalSince1970 + Double(Self.secondsFromGMT(state))
      return PropertyDescription(code, isWritable: true, current: .uint32(UInt32(clamping: Int(seconds))))
    case Self.availableShots:
      return PropertyDescription(code, current: .uint32(state.framesLeft))
    case Self.batteryPower:
      // The camera knows five steps; the numbers are Canon's.
      let step: UInt16 =
        switch state.batteryLevel {
        case ..<13: 0
        case ..<38: 5
        case ..<63: 1
        case ..<88: 4
        default: 2
        }
      return PropertyDescription(code, current: .uint16(step))
    default:
      return nil
    }
  }

  private static func secondsFromGMT(_ state: CameraState) -> Int {
    state.configuration.timeZone.secondsFromGMT(for: state.now)
  }

  func target(in state: CameraState) -> FrameTarget {
    state.property(Self.captureDestination)?.current == .uint32(Self.toComputer) ? .memory : .card
  }

  func announce(_ announcement: Announcement, state: inout CameraState) {
    state.polled.append(announcement)
  }

  /// The cable was out in between: the camera saves to its card again.
  func sessionOpened(_ state: inout CameraState) {
    let target = state.configuration.isMemoryOnly ? Self.toComputer : Self.toCard
    state.store(.uint32(target), in: Self.captureDestination)
  }

  func answer(_ request: OperationRequest, data: [UInt8], state: inout CameraState) -> Reply? {
    switch request.code {
    case Self.getStorageIDs:
      return state.storageIDs()
    case Self.getStorageInfo:
      return state.storageInfo(request[0])
    case Self.setRemoteMode, Self.setComputerCapacity, Self.lockControls, Self.unlockControls,
      Self.keepDeviceOn,
      Self.letGoRelease:
      return .ok
    case Self.setEventMode:
      if request[0] != 0 {
        state.polled.insert(contentsOf: properties.map { .propertyChanged($0.code) }, at: 0)
      }
      return .ok
    case Self.requestProperty:
      let code = PropertyCode(UInt16(truncatingIfNeeded: request[0]))
      guard state.property(code) != nil else { return .failed(.generalError) }
      state.polled.append(.propertyChanged(code))
      return .ok
    case Self.setProperty:
      return setProperty(data, state: &state)
    case Self.getEvent:
      let records = state.polled.flatMap { CanonRecord.encoded($0, state: state) }
      state.polled = []
      return .bytes(records + CanonRecord.end)
    case Self.transferComplete:
      state.releaseMemory(request[0])
      return .ok
    case Self.pressRelease:
      // 1 is half pressed, 2 fully, 3 both at once.
      return request[0] >= 2 ? Reply(code: .ok, afterwards: .shoot(target(in: state))) : .ok
    default:
      return nil
    }
  }

  /// 32-bit length, 32-bit property, value.
  private func setProperty(_ data: [UInt8], state: inout CameraState) -> Reply {
    var reader = ByteReader(data)
    guard reader.read(UInt32.self) != nil, let raw = reader.read(UInt32.self) else {
      return .failed(.invalidParameter)
    }
    let code = PropertyCode(UInt16(truncatingIfNeeded: raw))
    guard let property = state.property(code), property.isWritable else {
      return .failed(.devicePropNotSupported)
    }
    if code == Self.captureDestination, state.configuration.isMemoryOnly { return .failed(.accessDenied) }
    let rest = reader.readRest()
    if code == Self.cameraTime, let value = property.current.decodingSameType(from: rest) {
      let shown = Date(timeIntervalSince1970: Double(value.number - Self.secondsFromGMT(state)))
      state.clockOffset = shown.timeIntervalSinceNow
      state.polled.append(.propertyChanged(code))
      return .ok
    }
    if case .string = property.current {
      // Canon's strings are plain and end with a zero.
      state.store(.string(String(decoding: rest.prefix { $0 != 0 }, as: UTF8.self)), in: code)
    } else if let value = property.current.decodingSameType(from: rest) {
      state.store(value, in: code)
    } else {
      return .failed(.invalidDevicePropFormat)
    }
    state.polled.append(.propertyChanged(code))
    return .ok
  }
}
