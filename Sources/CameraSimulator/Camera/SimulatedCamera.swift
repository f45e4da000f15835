import Dispatch
public import Foundation
import Model
import Synchronization

/// A PTP camera in software: a server for PTP/IP on 127.0.0.1 that libgphoto2's ptp2 driver takes for a camera.
///
///     let camera = try SimulatedCamera(CameraConfiguration())
///     let shot = try await camera.shoot()
///     // gphoto2 --camera "PTP/IP Camera" --port ptpip:127.0.0.1:PORT:PORT
///
/// The driver needs the port twice: with one it looks for events at 15740. All methods may be called from
/// anywhere; sockets and drawing have threads of their own.
public final class SimulatedCamera: Sendable {
  /// The TCP port on 127.0.0.1, for commands and events.
  public let port: UInt16
  public let configuration: CameraConfiguration

  private let state: Mutex<CameraState>
  private let source: Mutex<FrameSource>
  private let connections = Mutex(Connections())
  private let taken = Mutex<[Shot]>([])
  private let listener: Socket
  private let onShot: @Sendable (Shot) -> Void
  /// Signalled when the port is free again.
  private let isPortFree = DispatchSemaphore(value: 0)
  private let guid: [UInt8]

  /// Switches a camera on.
  /// - Parameter onShot: called for every frame after it was announced, whoever asked for it, on a thread of
  ///   the camera's.
  /// - Throws: `CameraSimulatorError` with code `socket` if the port cannot be had, `file` if the card or the
  ///   shots cannot be read.
  public init(
    _ configuration: CameraConfiguration, onShot: @escaping @Sendable (Shot) -> Void = { _ in }
  ) throws(CameraSimulatorError) {
    self.configuration = configuration
    self.onShot = onShot
    state = Mutex(try CameraState(configuration))
    source = Mutex(try FrameSource(configuration))
    let listener = try Socket.listening(on: configuration.port)
    self.listener = listener
    port = listener.port
    var generator = SplitMix(
      seed: configuration.serialNumber.utf8.reduce(configuration.seed) { $0 &* 31 &+ UInt64($1) })
    guid = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    Thread.detachNewThread { [self] in
      acceptConnections()
      isPortFree.signal()
    }
  }

  /// The port as libgphoto2 wants it: `ptpip:127.0.0.1:PORT:PORT`.
  public var gphotoPort: String { "ptpip:127.0.0.1:\(port):\(port)" }

  /// All frames since the camera was switched on.
  public var shots: [Shot] { taken.withLock { $0 } }

  /// Takes a frame as if the photographer had pressed the button; returns when it is announced.
  /// - Throws: `CameraSimulatorError` with code `picture`, `file` or `cardFull`.
  public func shoot() async throws(CameraSimulatorError) -> Shot {
    let result: Result<Shot, CameraSimulatorError> = await withCheckedContinuation { continuation in
      Thread.detachNewThread { [self] in
        continuation.resume(returning: Result { () throws(CameraSimulatorError) in try takeFrame(nil) })
      }
    }
    return try result.get()
  }

  /// Turns a fault on.
  public func inject(_ fault: Fault) {
    switch fault {
    case .drop:
      dropConnections()
    case .stall(let seconds):
      connections.withLock {
        $0.stalledUntil = seconds.map { Date().addingTimeInterval($0) } ?? .distantFuture
      }
    default:
      withState { $0.inject(fault) }
    }
  }

  /// Turns all faults off.
  public func clearFaults() {
    connections.withLock { $0.stalledUntil = nil }
    withState { $0.faults = ActiveFaults() }
  }

  /// Sets the battery's level in percent and tells of it.
  public func setBattery(_ percent: Int) {
    withState {
      $0.batteryLevel = max(0, min(100, percent))
      $0.announce(.propertyChanged(.batteryLevel))
    }
  }

  /// Sets the camera's clock to this machine's plus some seconds.
  public func setClock(offset: TimeInterval) {
    withState { $0.clockOffset = offset }
  }

  /// Turns the cards' locks on or off.
  public func setReadOnly(_ isReadOnly: Bool) {
    withState { $0.isReadOnly = isReadOnly }
  }

  /// The names of the files on the cards, in the order in which they came.
  public var fileNames: [String] {
    state.withLock { state in
      state.cards.flatMap { card in
        card.handles.compactMap { card.object($0) }.filter { !$0.isFolder }.map(\.name)
      }
    }
  }

  /// What the camera's clock is ahead of this machine's, in seconds.
  public var clockOffset: TimeInterval { state.withLock { $0.clockOffset } }

  /// Formats the cards silently; the next frames have the first numbers again and handles that are new.
  /// - Throws: `CameraSimulatorError` with code `file`.
  public func format() throws(CameraSimulatorError) {
    try state.withLock { state throws(CameraSimulatorError) in
      for card in state.cards { try state.format(storage: card.storage) }
    }
  }

  /// The cards are taken out and put in again, which the camera announces.
  public func reinsertCards() {
    withState { $0.reinsertCards() }
  }

  /// Deletes the files of a name on the camera, and announces it.
  /// - Returns: how many there were.
  /// - Throws: `CameraSimulatorError` with code `file`.
  public func delete(_ name: String) throws(CameraSimulatorError) -> Int {
    let count = try state.withLock { state throws(CameraSimulatorError) in
      try state.deleteFiles(named: name)
    }
    sendEvents()
    return count
  }

  /// Protects the files of a name on the camera, or lifts that, and announces it.
  /// - Returns: how many there were.
  public func protect(_ name: String, _ isProtected: Bool = true) -> Int {
    withState { $0.protectFiles(named: name, isProtected) }
  }

  /// How many bytes of objects were sent since the camera was switched on.
  public var servedBytes: Int { state.withLock { $0.served } }

  /// The GUIDs of all who connected (CIPA DC-005, Init Command Request): what a body that pairs knows a computer by.
  public var initiators: Set<[UInt8]> { state.withLock { $0.initiators } }

  /// Gives the files of a name stars, 0 to 5, and announces it.
  /// - Returns: how many there were.
  /// - Throws: `CameraSimulatorError` with code `file` for a file that has no place for them.
  public func rate(_ name: String, stars: Int) throws(CameraSimulatorError) -> Int {
    let count = try state.withLock { state throws(CameraSimulatorError) in
      try state.rateFiles(named: name, stars)
    }
    sendEvents()
    return count
  }

  /// Whether an initiator has a session.
  public var hasSession: Bool { state.withLock { $0.isSessionOpen } }

  /// Switches the camera off: the port is free when this returns, all connections are ended.
  public func stop() {
    let wasStopped = connections.withLock { connections in
      defer { connections.stop() }
      return connections.isStopped
    }
    guard !wasStopped else { return }
    listener.shutDown()
    isPortFree.wait()
  }

  // MARK: For the connections' threads

  /// Works on the state and sends the events that come of it.
  func withState<Result: Sendable>(_ body: (inout CameraState) -> Result) -> Result {
    let result = state.withLock { body(&$0) }
    sendEvents()
    return result
  }

  /// Takes a frame on the calling thread.
  /// - Parameter target: where it goes; `nil`: where the camera is set to.
  func takeFrame(_ target: FrameTarget?) throws(CameraSimulatorError) -> Shot {
    let shot = try source.withLock { source throws(CameraSimulatorError) in
      let facts = state.withLock { $0.nextFacts }
      let frame = try source.next(facts)
      let sha256 = try frame.content.sha256()
      return try state.withLock { state throws(CameraSimulatorError) in
        let object = try state.add(frame, facts: facts, target: target ?? state.buttonTarget)
        let card = state.cards.first { $0.storage == object.storage }
        return Shot(
          name: object.name, path: card?.path(of: object) ?? object.name, bytes: object.length,
          sha256: sha256,
          handle: object.handle, time: Date())
      }
    }
    sendEvents()
    taken.withLock { $0.append(shot) }
    onShot(shot)
    return shot
  }

  /// What follows after a reply has been sent.
  func finish(_ afterwards: Reply.Afterwards) {
    switch afterwards {
    case .nothing:
      break
    case .shoot(let target):
      do {
        _ = try takeFrame(target)
        withState { $0.announce(.captureComplete) }
      } catch {
        // As a camera does whose card is full or whose shutter jams: an event, and no frame.
        withState { $0.outbox.append(.event(code: .storeFull, transaction: 0xFFFF_FFFF, parameters: [])) }
      }
    case .release(let handle):
      withState { $0.releaseMemory(handle) }
    }
  }

  func waitWhileStalled() {
    while connections.withLock({ !$0.isStopped && ($0.stalledUntil ?? .distantPast) > Date() }) {
      Thread.sleep(forTimeInterval: 0.01)
    }
  }

  func dropConnections() {
    connections.withLock { $0.drop() }
  }

  // MARK: Connections

  /// Sends the events that wait; a computer that does not read them loses the connection.
  private func sendEvents() {
    state.withLock { state in
      guard !state.outbox.isEmpty else { return }
      let events = state.outbox
      state.outbox = []
      guard let socket = connections.withLock({ $0.event }) else { return }
      for event in events where !socket.sendAtOnce(event.encoded) {
        socket.shutDown()
        return
      }
    }
  }

  private func acceptConnections() {
    while let socket = listener.accept() {
      if state.withLock({ ActiveFaults.strike(&$0.faults.refusals) }) { continue }
      guard connections.withLock({ $0.add(socket) }) else { return }
      Thread.detachNewThread { [self] in
        serve(PacketStream(socket: socket))
        if connections.withLock({ $0.remove(socket) }) { state.withLock { $0.isSessionOpen = false } }
        socket.shutDown()
      }
    }
  }

  private func serve(_ stream: PacketStream) {
    switch stream.read() {
    case .initCommandRequest(let guid, _, _):
      greet(stream, guid: guid)
    case .initEventRequest(let number):
      guard connections.withLock({ $0.takeEvent(stream.socket, number: number) }) else {
        _ = stream.write(.initFail(.rejected))
        return
      }
      guard stream.write(.initEventAck) else { return }
      while let packet = stream.read() {
        // A probe asks whether the camera is alive (CIPA DC-005, clause 2.3.13).
        if packet == .probeRequest, !stream.write(.probeResponse) { return }
      }
    default:
      break
    }
  }

  private func greet(_ stream: PacketStream, guid initiator: [UInt8]) {
    let refusal = state.withLock { state in
      state.initiators.insert(initiator)
      return ActiveFaults.strike(&state.faults.initFail.times) ? state.faults.initFail.reason : nil
    }
    if let refusal {
      _ = stream.write(.initFail(refusal))
      return
    }
    let isSessionOpen = state.withLock { $0.isSessionOpen }
    guard
      let number = connections.withLock({
        $0.takeCommand(stream.socket, guid: initiator, isSessionOpen: isSessionOpen)
      })
    else {
      _ = stream.write(.initFail(.busy))
      return
    }
    state.withLock { $0.isSessionOpen = false }
    let name = configuration.model ?? configuration.vendor.defaultModel
    guard
      stream.write(.initCommandAck(connection: number, guid: guid, name: name, version: Packet.version))
    else { return }
    CommandConnection(camera: self, stream: stream).serve()
  }
}
