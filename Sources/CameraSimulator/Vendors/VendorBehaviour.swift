/// What is different about a vendor's cameras. Everything that is not answered here is the standard's.
///
/// The ways are those that the ptp2 driver of libgphoto2 2.5.30 expects; each type says which.
protocol VendorBehaviour: Sendable {
  /// VendorExtensionID of DeviceInfo: what a driver recognises the vendor by.
  var extensionID: UInt32 { get }
  /// Operations beyond the standard's.
  var operations: [OperationCode] { get }
  /// Whether the standard's InitiateCapture is offered.
  var offersInitiateCapture: Bool { get }
  /// Properties beyond the clock, as they are when the camera is switched on.
  var properties: [PropertyDescription] { get }
  /// The properties that DeviceInfo lists; some vendors hide theirs.
  var listsProperties: Bool { get }
  /// Whether the clock is the standard's DateTime (0x5011); some vendors have one of their own, or none.
  var hasStandardClock: Bool { get }
  /// The handle of the first frame in RAM, if frames in RAM have one fixed handle.
  var memoryHandle: UInt32? { get }

  /// Whether a new frame shows only in RAM, from where the computer takes it.
  var tellsByMemory: Bool { get }

  /// A property whose value depends on the camera's state; `nil`: the stored one counts.
  func property(_ code: PropertyCode, of state: CameraState) -> PropertyDescription?
  /// Where a frame goes when the photographer presses the button.
  func target(in state: CameraState) -> FrameTarget
  /// Answers an operation; `nil`: the standard's answer.
  func answer(_ request: OperationRequest, data: [UInt8], state: inout CameraState) -> Reply?
  /// Tells what happened, by the event connection or by keeping it until it is asked for.
  func announce(_ announcement: Announcement, state: inout CameraState)
  /// A session begins.
  func sessionOpened(_ state: inout CameraState)
}

extension VendorBehaviour {
  var operations: [OperationCode] { [] }
  var offersInitiateCapture: Bool { true }
  var properties: [PropertyDescription] { [] }
  var listsProperties: Bool { true }
  var memoryHandle: UInt32? { nil }
  var tellsByMemory: Bool { false }
  var hasStandardClock: Bool { true }

  func property(_ code: PropertyCode, of state: CameraState) -> PropertyDescription? { nil }
  func target(in state: CameraState) -> FrameTarget { .card }
  func answer(_ request: OperationRequest, data: [UInt8], state: inout CameraState) -> Reply? { nil }
  func sessionOpened(_ state: inout CameraState) {}

  func announce(_ announcement: Announcement, state: inout CameraState) {
    state.sendEvent(announcement)
  }
}
