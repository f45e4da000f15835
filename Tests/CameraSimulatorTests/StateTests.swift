import Foundation
import Testing

@testable import CameraSimulator

/// What a camera answers, without a connection.
@Suite("A camera answers operations by the standard")
struct StateTests {
  /// A camera with an open session.
  private func camera(_ vendor: Vendor = .generic, slots: Int = 1) throws -> CameraState {
    var configuration = configuration(vendor)
    configuration.slots = slots
    var state = try CameraState(configuration)
    #expect(ask(.openSession, [1], of: &state).code == .ok)
    return state
  }

  @discardableResult
  private func ask(
    _ code: OperationCode, _ parameters: [UInt32] = [], data: [UInt8] = [], of state: inout CameraState
  ) -> Reply {
    state.answer(OperationRequest(code: code, transaction: 1, parameters: parameters), data: data)
  }

  /// A frame of those bytes.
  @discardableResult
  private func shoot(
    _ bytes: [UInt8] = [1, 2, 3, 4], on state: inout CameraState, target: FrameTarget = .card
  ) throws -> CardObject {
    try state.add(
      FramePicture(content: ObjectContent([.bytes(bytes)]), head: JPEGHead(), fileExtension: "JPG"),
      facts: state.nextFacts, target: target)
  }

  private func bytes(_ reply: Reply) throws -> [UInt8] {
    switch try #require(reply.payload) {
    case .bytes(let bytes): return bytes
    case .content(let content, let range): return Array(try content.prefix(range.upperBound)[range])
    }
  }

  private func handles(_ parameters: [UInt32], _ state: inout CameraState) throws -> [UInt32] {
    var reader = ByteReader(try bytes(ask(.getObjectHandles, parameters, of: &state)))
    let found = reader.readArray(of: UInt32.self)
    return try #require(found)
  }

  @Test("Without a session only DeviceInfo is given")
  func noSession() throws {
    var state = try CameraState(configuration(.generic))
    #expect(ask(.getDeviceInfo, of: &state).code == .ok)
    #expect(ask(.getStorageIDs, of: &state).code == .sessionNotOpen)
    #expect(ask(.openSession, [1], of: &state).code == .ok)
    #expect(ask(.openSession, [1], of: &state).code == .sessionAlreadyOpen)
  }

  @Test("Handles are listed for everything, for the root and for a folder")
  func listsHandles() throws {
    var state = try camera()
    let frame = try shoot(on: &state)
    #expect(try handles([0xFFFF_FFFF, 0, 0], &state) == [1, 2, 3])
    #expect(try handles([0x0001_0001, 0, 0xFFFF_FFFF], &state) == [1])
    #expect(try handles([0x0001_0001, 0, frame.parent], &state) == [frame.handle])
    #expect(try handles([0xFFFF_FFFF, 0x3801, 0], &state) == [frame.handle])
    #expect(ask(.getObjectHandles, [0x0009_0001, 0, 0], of: &state).code == .invalidStorageID)
  }

  @Test("An object comes whole, or in the part that was asked for, which may end early")
  func downloads() throws {
    var state = try camera()
    let handle = try shoot([1, 2, 3, 4, 5], on: &state).handle
    #expect(try bytes(ask(.getObject, [handle], of: &state)) == [1, 2, 3, 4, 5])
    let part = ask(.getPartialObject, [handle, 1, 3], of: &state)
    #expect(try bytes(part) == [2, 3, 4])
    #expect(part.parameters == [3])
    #expect(try bytes(ask(.getPartialObject, [handle, 3, 100], of: &state)) == [4, 5])
    #expect(ask(.getPartialObject, [handle, 6, 1], of: &state).code == .invalidParameter)
    #expect(ask(.getObject, [99], of: &state).code == .invalidObjectHandle)
  }

  @Test("Without GetPartialObject the operation is neither listed nor answered")
  func noPartialObject() throws {
    var configuration = configuration(.generic)
    configuration.offersPartialObject = false
    var state = try CameraState(configuration)
    ask(.openSession, [1], of: &state)
    #expect(!state.deviceInfo.operations.contains(.getPartialObject))
    #expect(ask(.getPartialObject, [1, 0, 1], of: &state).code == .operationNotSupported)
  }

  @Test("A protected object is not deleted until the protection is lifted")
  func protection() throws {
    var state = try camera()
    let handle = try shoot(on: &state).handle
    #expect(state.protectFiles(named: "IMG_0001.JPG", true) == 1)
    #expect(ask(.deleteObject, [handle], of: &state).code == .objectWriteProtected)
    #expect(ask(.setObjectProtection, [handle, 0], of: &state).code == .ok)
    #expect(ask(.deleteObject, [handle], of: &state).code == .ok)
    #expect(ask(.getObjectInfo, [handle], of: &state).code == .invalidObjectHandle)
  }

  @Test("Setting the clock moves what the camera says and the dates of its frames")
  func clock() throws {
    var state = try camera()
    var writer = ByteWriter()
    writer.write(string: "20300101T000000")
    #expect(ask(.setDevicePropValue, [0x5011], data: writer.bytes, of: &state).code == .ok)
    #expect(state.now.timeIntervalSinceNow > 86_400)
    #expect(PTPDate.text(try shoot(on: &state).captured, in: state.configuration.timeZone).hasPrefix("2030"))
    #expect(ask(.setDevicePropValue, [0x5001], data: [5], of: &state).code == .accessDenied)
  }

  @Test("A busy camera answers so as often as asked, then works")
  func busy() throws {
    var state = try camera()
    state.inject(.busy(operations: 2))
    #expect(ask(.getStorageIDs, of: &state).code == .deviceBusy)
    #expect(ask(.getStorageIDs, of: &state).code == .deviceBusy)
    #expect(ask(.getStorageIDs, of: &state).code == .ok)
  }

  @Test("A short answer lacks the end, also when the object is read in parts")
  func short() throws {
    var state = try camera()
    let handle = try shoot([1, 2, 3, 4, 5], on: &state).handle
    state.inject(.short(bytes: 2, downloads: 1))
    #expect(try bytes(ask(.getPartialObject, [handle, 0, 2], of: &state)) == [1, 2])
    #expect(try bytes(ask(.getPartialObject, [handle, 2, 3], of: &state)) == [3])
    #expect(try bytes(ask(.getObject, [handle], of: &state)).count == 5)
  }

  @Test("The generic camera sends its events, the others keep them", arguments: Vendor.allCases)
  func events(_ vendor: Vendor) throws {
    var state = try camera(vendor)
    try shoot(on: &state)
    #expect(state.outbox.count == (vendor == .generic ? 3 : 0))
    #expect(
      state.polled.count { if case .objectAdded = $0 { true } else { false } }
        == ([.nikon, .canon].contains(vendor) ? 3 : 0))
  }

  @Test("Nikon's events are a count, codes and parameters, and are told once")
  func nikonEvents() throws {
    var state = try camera(.nikon)
    let frame = try shoot(on: &state)
    let events = try bytes(ask(NikonBehaviour.getEvent, of: &state))
    #expect(events.prefix(2) == [3, 0])
    #expect(events.suffix(6) == [0x02, 0x40, UInt8(frame.handle), 0, 0, 0])
    #expect(try bytes(ask(NikonBehaviour.getEvent, of: &state)) == [0, 0])
  }

  @Test("Sony counts the frames in RAM and gives the oldest first")
  func sonyMemory() throws {
    var state = try camera(.sony)
    try shoot([1], on: &state, target: .memory)
    try shoot([2], on: &state, target: .memory)
    #expect(state.property(SonyBehaviour.objectInMemory)?.current == .uint16(0x8002))
    let reply = ask(.getObject, [0xFFFF_C001], of: &state)
    #expect(try bytes(reply) == [1])
    #expect(reply.afterwards == .release(0xFFFF_C001))
    state.releaseMemory(0xFFFF_C001)
    #expect(try bytes(ask(.getObject, [0xFFFF_C001], of: &state)) == [2])
  }

  @Test("A Canon saves to the card again when a new session begins")
  func canonTarget() throws {
    var state = try camera(.canon)
    let set: [UInt8] = [12, 0, 0, 0, 0x1C, 0xD1, 0, 0, 4, 0, 0, 0]
    #expect(ask(CanonBehaviour.setProperty, data: set, of: &state).code == .ok)
    #expect(state.buttonTarget == .memory)
    ask(.closeSession, of: &state)
    ask(.openSession, [1], of: &state)
    #expect(state.buttonTarget == .card)
  }

  @Test("With two cards a frame is on both and is announced twice")
  func twoSlots() throws {
    var state = try camera(slots: 2)
    try shoot(on: &state)
    #expect(state.cards.map { $0.files(named: "IMG_0001.JPG").count } == [1, 1])
    #expect(state.outbox.count == 6)
  }

  @Test("A full card takes no frame")
  func fullCard() throws {
    var configuration = configuration(.generic)
    configuration.capacity = 3
    var state = try CameraState(configuration)
    #expect(throws: CameraSimulatorError.self) { try shoot([1, 2, 3, 4], on: &state) }
    #expect(state.cards[0].files(named: "IMG_0001.JPG").isEmpty)
  }

  @Test("Events are lost or doubled as asked")
  func eventFaults() throws {
    var state = try camera()
    try shoot(on: &state)
    state.outbox = []
    state.inject(.missingEvents(1))
    try shoot(on: &state)
    #expect(state.outbox.isEmpty)
    state.inject(.duplicateEvents(1))
    try shoot(on: &state)
    #expect(state.outbox.count == 2)
  }
}
