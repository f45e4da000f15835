import Foundation

/// A camera without its sockets: what it has, what it knows and what it answers. A value, so that its rules
/// can be tested without a connection.
struct CameraState: Sendable {
  let configuration: CameraConfiguration
  let behaviour: any VendorBehaviour
  var cards: [Card]
  /// Frames in RAM, the oldest first.
  private(set) var memory: [MemoryFrame] = []
  var number: FrameNumber
  var clockOffset: TimeInterval
  /// In percent.
  var batteryLevel: Int
  /// Whether the cards' locks are on.
  var isReadOnly = false
  var faults = ActiveFaults()
  var isSessionOpen = false
  /// The frames that the buffer holds, where there is one.
  var buffered: Set<UInt32> = []
  /// How many bytes of objects were sent.
  var served = 0
  /// The GUIDs of who connected.
  var initiators: Set<[UInt8]> = []
  /// Events that go to the event connection next.
  var outbox: [Packet] = []
  /// What happened and was not asked for yet, for vendors whose events are polled.
  var polled: [Announcement] = []
  private var stored: [PropertyCode: PropertyDescription] = [:]
  private var lastHandle: UInt32 = 0

  /// - Throws: `CameraSimulatorError` with code `file` if the card's folder cannot be read.
  init(_ configuration: CameraConfiguration) throws(CameraSimulatorError) {
    self.configuration = configuration
    behaviour = configuration.vendor.behaviour
    clockOffset = configuration.clockOffset
    batteryLevel = configuration.batteryLevel
    cards = []
    number = FrameNumber()
    for slot in 0..<max(1, configuration.slots) {
      var card = Card(
        storage: UInt32(slot + 1) << 16 | 1, capacity: configuration.capacity,
        root: slot == 0 ? configuration.card : nil)
      if let root = card.root { try card.load(root, into: 0, newHandle: { newHandle() }) }
      cards.append(card)
    }
    number = .after(cards[0])
    for property in behaviour.properties { stored[property.code] = property }
  }

  /// The camera's clock.
  var now: Date { Date().addingTimeInterval(clockOffset) }

  /// How many more frames fit, by a frame of 8 MB.
  var framesLeft: UInt32 { UInt32(clamping: (cards.map(\.free).min() ?? 0) / 8_000_000) }

  mutating func newHandle() -> UInt32 {
    lastHandle += 1
    return lastHandle
  }

  /// An object on a card or in RAM.
  func object(_ handle: UInt32) -> CardObject? {
    if let frame = memory.first(where: { $0.handle == handle }) { return frame.object }
    for card in cards {
      if let object = card.object(handle) { return object }
    }
    return nil
  }

  /// All properties that the camera has.
  var propertyCodes: [PropertyCode] {
    (behaviour.hasStandardClock ? [.batteryLevel, .dateTime] : [.batteryLevel])
      + behaviour.properties.map(\.code)
  }

  func property(_ code: PropertyCode) -> PropertyDescription? {
    if let property = behaviour.property(code, of: self) { return property }
    switch code {
    case .batteryLevel:
      return PropertyDescription(
        code, factoryDefault: .uint8(100), current: .uint8(UInt8(clamping: batteryLevel)),
        form: .range(minimum: .uint8(0), maximum: .uint8(100), step: .uint8(1)))
    case .dateTime where behaviour.hasStandardClock:
      return PropertyDescription(
        code, isWritable: true, current: .string(PTPDate.text(now, in: configuration.timeZone)))
    default:
      return stored[code]
    }
  }

  /// Sets a stored property's value.
  mutating func store(_ value: PropertyValue, in code: PropertyCode) {
    stored[code]?.current = value
  }

  /// Tells what happened, with the faults that concern events.
  mutating func announce(_ announcement: Announcement) {
    guard isSessionOpen, !behaviour.tellsByMemory || announcement.isOfStore else { return }
    if ActiveFaults.strike(&faults.missingEvents) { return }
    behaviour.announce(announcement, state: &self)
    if ActiveFaults.strike(&faults.duplicateEvents) { behaviour.announce(announcement, state: &self) }
  }

  /// Puts the standard's event into the outbox.
  mutating func sendEvent(_ announcement: Announcement) {
    guard let event = announcement.standardEvent else { return }
    outbox.append(.event(code: event.code, transaction: 0xFFFF_FFFF, parameters: [event.parameter]))
  }

  mutating func openSession() {
    isSessionOpen = true
    polled = []
    outbox = []
    behaviour.sessionOpened(&self)
  }

  /// Forgets a frame in RAM. Where RAM has one handle, the next frame gets it.
  mutating func releaseMemory(_ handle: UInt32) {
    guard let index = memory.firstIndex(where: { $0.handle == handle }) else { return }
    memory.remove(at: index)
  }

  mutating func keepInMemory(_ object: CardObject) {
    let handle = behaviour.memoryHandle ?? object.handle
    memory.append(MemoryFrame(handle: handle, object: object))
    announce(.memoryObjectAdded(handle))
  }
}
