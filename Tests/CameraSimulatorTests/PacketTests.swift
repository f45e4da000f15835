import Testing

@testable import CameraSimulator

/// PTP/IP's packets against bytes written out by hand from CIPA DC-005-2005, clause 2.3.
@Suite("PTP/IP's packets are as the specification writes them")
struct PacketTests {
  static let guid = [UInt8](1...16)

  static let examples: [(packet: Packet, bytes: [UInt8])] = [
    (
      .initCommandRequest(guid: guid, name: "PC", version: 0x0001_0000),
      [34, 0, 0, 0, 1, 0, 0, 0] + guid + [0x50, 0, 0x43, 0, 0, 0, 0, 0, 1, 0]
    ),
    (
      .initCommandAck(connection: 7, guid: guid, name: "C", version: 0x0001_0000),
      [36, 0, 0, 0, 2, 0, 0, 0, 7, 0, 0, 0] + guid + [0x43, 0, 0, 0, 0, 0, 1, 0]
    ),
    (.initEventRequest(connection: 7), [12, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0]),
    (.initEventAck, [8, 0, 0, 0, 4, 0, 0, 0]),
    (.initFail(.busy), [12, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0]),
    (
      .operationRequest(OperationRequest(code: .openSession, transaction: 9, parameters: [1])),
      [22, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 0, 0x02, 0x10, 9, 0, 0, 0, 1, 0, 0, 0]
    ),
    (
      .operationRequest(
        OperationRequest(code: .setDevicePropValue, transaction: 9, parameters: [0x5011], sendsData: true)),
      [22, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 0x16, 0x10, 9, 0, 0, 0, 0x11, 0x50, 0, 0]
    ),
    (
      .operationResponse(code: .ok, transaction: 9, parameters: [5]),
      [18, 0, 0, 0, 7, 0, 0, 0, 0x01, 0x20, 9, 0, 0, 0, 5, 0, 0, 0]
    ),
    (
      .event(code: .objectAdded, transaction: 0xFFFF_FFFF, parameters: [3]),
      [18, 0, 0, 0, 8, 0, 0, 0, 0x02, 0x40, 255, 255, 255, 255, 3, 0, 0, 0]
    ),
    (
      .startData(transaction: 9, length: 0x0102_0304_05),
      [20, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 5, 4, 3, 2, 1, 0, 0, 0]
    ),
    (.data(transaction: 9, payload: [1, 2]), [14, 0, 0, 0, 10, 0, 0, 0, 9, 0, 0, 0, 1, 2]),
    (.cancel(transaction: 9), [12, 0, 0, 0, 11, 0, 0, 0, 9, 0, 0, 0]),
    (.endData(transaction: 9, payload: []), [12, 0, 0, 0, 12, 0, 0, 0, 9, 0, 0, 0]),
    (.probeRequest, [8, 0, 0, 0, 13, 0, 0, 0]),
    (.probeResponse, [8, 0, 0, 0, 14, 0, 0, 0]),
  ]

  @Test("Every packet is written as in the specification and read back", arguments: 0..<examples.count)
  func roundTrip(_ index: Int) throws {
    let (packet, bytes) = Self.examples[index]
    #expect(packet.encoded == bytes)
    #expect(Packet(type: UInt32(bytes[4]), payload: Array(bytes.dropFirst(8))) == packet)
  }

  @Test("What is too short or of no known type is no packet")
  func malformed() {
    #expect(Packet(type: 1, payload: [1, 2, 3]) == nil)
    #expect(Packet(type: 1, payload: Self.guid + [0x50, 0]) == nil)
    #expect(Packet(type: 5, payload: [9, 0, 0, 0]) == nil)
    #expect(Packet(type: 6, payload: []) == nil)
    #expect(Packet(type: 99, payload: []) == nil)
  }

  @Test("The head of a data packet counts itself, the transaction and the payload")
  func dataHead() {
    #expect(
      Packet.dataHead(transaction: 9, payloadLength: 300, isLast: false) == [
        0x38, 1, 0, 0, 10, 0, 0, 0, 9, 0, 0, 0,
      ])
    #expect(
      Packet.dataHead(transaction: 9, payloadLength: 0, isLast: true) == [
        12, 0, 0, 0, 12, 0, 0, 0, 9, 0, 0, 0,
      ])
  }
}
