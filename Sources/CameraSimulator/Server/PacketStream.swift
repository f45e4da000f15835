/// PTP/IP packets on a socket.
struct PacketStream: Sendable {
  let socket: Socket

  /// What a packet from an initiator may have at most: no initiator sends files here.
  static let longestPacket = 16 << 20

  /// The next packet; `nil` if the connection ends or what comes is no packet.
  func read() -> Packet? {
    guard let head = socket.receive(Packet.headLength) else { return nil }
    var reader = ByteReader(head)
    guard let length = reader.read(UInt32.self).map(Int.init), let type = reader.read(UInt32.self),
      (Packet.headLength...Self.longestPacket).contains(length),
      let payload = socket.receive(length - Packet.headLength)
    else { return nil }
    return Packet(type: type, payload: payload)
  }

  /// - Returns: whether the connection still stands.
  func write(_ packet: Packet, isFollowed: Bool = false) -> Bool {
    socket.send(packet.encoded, isFollowed: isFollowed)
  }

  /// The data phase of an operation from the initiator; `nil` if it is not one.
  func readData() -> [UInt8]? {
    guard case .startData = read() else { return nil }
    var data: [UInt8] = []
    while data.count <= Self.longestPacket {
      switch read() {
      case .data(_, let payload): data += payload
      case .endData(_, let payload): return data + payload
      default: return nil
      }
    }
    return nil
  }
}
