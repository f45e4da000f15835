import Foundation

/// Answers the operations of one initiator, on a thread of its own.
struct CommandConnection {
  let camera: SimulatedCamera
  let stream: PacketStream

  /// How much of an object goes into one packet. Bigger packets cost the driver fewer system calls.
  static let packetLength = 1 << 20

  /// Runs until the connection ends.
  func serve() {
    while let packet = stream.read() {
      guard case .operationRequest(let request) = packet else {
        // A cancelled transaction has been answered already.
        if case .cancel = packet { continue }
        return
      }
      var data: [UInt8] = []
      if request.sendsData {
        guard let received = stream.readData() else { return }
        data = received
      }
      camera.waitWhileStalled()
      let reply = camera.withState { $0.answer(request, data: data) }
      let latency = camera.withState { $0.faults.milliseconds }
      if latency > 0 { Thread.sleep(forTimeInterval: Double(latency) / 1000) }
      guard send(reply, transaction: request.transaction) else { return }
      camera.finish(reply.afterwards)
    }
  }

  private func send(_ reply: Reply, transaction: UInt32) -> Bool {
    if let payload = reply.payload {
      guard
        stream.write(.startData(transaction: transaction, length: UInt64(payload.length)), isFollowed: true)
      else { return false }
      switch payload {
      case .bytes(let bytes):
        let head = Packet.dataHead(transaction: transaction, payloadLength: bytes.count, isLast: true)
        guard stream.socket.send(head + bytes) else { return false }
      case .content(let content, let range):
        guard send(content, range, transaction: transaction) else { return false }
      }
    }
    return stream.write(
      .operationResponse(code: reply.code, transaction: transaction, parameters: reply.parameters))
  }

  /// Sends a part of an object, with the faults that concern downloads.
  private func send(_ content: ObjectContent, _ range: Range<Int>, transaction: UInt32) -> Bool {
    var range = range
    if let missing = camera.withState({ state in
      defer { state.faults.truncate = nil }
      return state.faults.truncate
    }) {
      range = range.lowerBound..<max(range.lowerBound, range.upperBound - missing)
    }
    var position = range.lowerBound
    repeat {
      camera.waitWhileStalled()
      let faults = camera.withState { $0.faults }
      let pace = faults.bytesPerSecond
      let count = min(
        range.upperBound - position,
        pace > 0 ? max(1024, min(Self.packetLength, pace / 20)) : Self.packetLength)
      let head = Packet.dataHead(
        transaction: transaction, payloadLength: count, isLast: position + count == range.upperBound)
      let allowed = min(count, faults.dropAfter ?? count)
      guard stream.socket.send(head, isFollowed: count > 0),
        stream.socket.send(content, position..<position + allowed)
      else { return false }
      camera.withState { $0.served += allowed }
      if faults.dropAfter != nil, !countDown(by: allowed, isSpent: allowed < count) { return false }
      if pace > 0 { Thread.sleep(forTimeInterval: Double(count) / Double(pace)) }
      position += count
    } while position < range.upperBound
    return true
  }

  /// Counts the bytes of the fault `dropAfter`.
  /// - Returns: `false` if it has struck and the connections are gone.
  private func countDown(by bytes: Int, isSpent: Bool) -> Bool {
    camera.withState { $0.faults.dropAfter = isSpent ? nil : $0.faults.dropAfter.map { max(0, $0 - bytes) } }
    guard isSpent else { return true }
    camera.dropConnections()
    return false
  }
}
