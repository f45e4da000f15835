import Foundation

/// Who is connected to a camera.
struct Connections: Sendable {
  /// The command connection of the present initiator.
  struct Command: Sendable {
    let number: UInt32
    let guid: [UInt8]
    let socket: Socket
  }

  private(set) var command: Command?
  private(set) var event: Socket?
  /// All sockets, known or not yet greeted, so that they can be ended together.
  private var open: [ObjectIdentifier: Socket] = [:]
  private var lastNumber: UInt32 = 0
  private(set) var isStopped = false
  /// Until when operations are not answered.
  var stalledUntil: Date?

  /// - Returns: `false` if the camera is stopped.
  mutating func add(_ socket: Socket) -> Bool {
    guard !isStopped else { return false }
    open[ObjectIdentifier(socket)] = socket
    return true
  }

  /// Takes an initiator, unless another one is there: one that is alive and is not the same program again.
  mutating func takeCommand(_ socket: Socket, guid: [UInt8], isSessionOpen: Bool) -> UInt32? {
    if let present = command {
      guard present.guid == guid || !isSessionOpen || present.socket.isAbandoned else { return nil }
      present.socket.shutDown()
      event?.shutDown()
      event = nil
    }
    lastNumber += 1
    command = Command(number: lastNumber, guid: guid, socket: socket)
    return lastNumber
  }

  /// Takes the event connection that belongs to a command connection.
  mutating func takeEvent(_ socket: Socket, number: UInt32) -> Bool {
    guard command?.number == number else { return false }
    event = socket
    return true
  }

  /// A connection has ended.
  /// - Returns: whether it was the present initiator's command connection.
  mutating func remove(_ socket: Socket) -> Bool {
    open[ObjectIdentifier(socket)] = nil
    if event === socket { event = nil }
    guard command?.socket === socket else { return false }
    command = nil
    event?.shutDown()
    event = nil
    return true
  }

  /// Ends all connections.
  mutating func drop() {
    for socket in open.values { socket.shutDown() }
  }

  mutating func stop() {
    isStopped = true
    drop()
  }
}
