/// A PTP/IP packet (CIPA DC-005-2005, clause 2.3): 32-bit length, 32-bit type, payload, little endian.
public enum Packet: Hashable, Sendable {
  case initCommandRequest(guid: [UInt8], name: String, version: UInt32)
  case initCommandAck(connection: UInt32, guid: [UInt8], name: String, version: UInt32)
  case initEventRequest(connection: UInt32)
  case initEventAck
  case initFail(FailReason)
  case operationRequest(OperationRequest)
  case operationResponse(code: ResponseCode, transaction: UInt32, parameters: [UInt32])
  case event(code: EventCode, transaction: UInt32, parameters: [UInt32])
  /// `length` is the data phase's length in bytes.
  case startData(transaction: UInt32, length: UInt64)
  case data(transaction: UInt32, payload: [UInt8])
  case cancel(transaction: UInt32)
  case endData(transaction: UInt32, payload: [UInt8])
  case probeRequest
  case probeResponse

  /// Why an initiator is turned away (clause 2.3.5).
  public enum FailReason: UInt32, Sendable {
    case rejected = 1
    case busy = 2
    case unspecified = 3
  }

  /// The version of the protocol that is spoken here: 1.0.
  public static let version: UInt32 = 0x0001_0000

  /// The head of every packet: length and type.
  public static let headLength = 8

  /// The packet's type.
  public var type: UInt32 {
    switch self {
    case .initCommandRequest: 1
    case .initCommandAck: 2
    case .initEventRequest: 3
    case .initEventAck: 4
    case .initFail: 5
    case .operationRequest: 6
    case .operationResponse: 7
    case .event: 8
    case .startData: 9
    case .data: 10
    case .cancel: 11
    case .endData: 12
    case .probeRequest: 13
    case .probeResponse: 14
    }
  }

  /// The packet with its head.
  public var encoded: [UInt8] {
    var body = ByteWriter()
    switch self {
    case .initCommandRequest(let guid, let name, let version):
      body.write(guid)
      body.write(zeroTerminated: name)
      body.write(version)
    case .initCommandAck(let connection, let guid, let name, let version):
      body.write(connection)
      body.write(guid)
      body.write(zeroTerminated: name)
      body.write(version)
    case .initEventRequest(let connection):
      body.write(connection)
    case .initFail(let reason):
      body.write(reason.rawValue)
    case .operationRequest(let request):
      body.write(request.sendsData ? UInt32(2) : UInt32(1))
      body.write(request.code.rawValue)
      body.write(request.transaction)
      for parameter in request.parameters { body.write(parameter) }
    case .operationResponse(let code, let transaction, let parameters):
      body.write(code.rawValue)
      body.write(transaction)
      for parameter in parameters { body.write(parameter) }
    case .event(let code, let transaction, let parameters):
      body.write(code.rawValue)
      body.write(transaction)
      for parameter in parameters { body.write(parameter) }
    case .startData(let transaction, let length):
      body.write(transaction)
      body.write(length)
    case .data(let transaction, let payload), .endData(let transaction, let payload):
      body.write(transaction)
      body.write(payload)
    case .cancel(let transaction):
      body.write(transaction)
    case .initEventAck, .probeRequest, .probeResponse:
      break
    }
    var packet = ByteWriter()
    packet.write(UInt32(Self.headLength + body.bytes.count))
    packet.write(type)
    packet.write(body.bytes)
    return packet.bytes
  }

  /// The head of a Data or End Data packet whose payload is sent from elsewhere.
  static func dataHead(transaction: UInt32, payloadLength: Int, isLast: Bool) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(UInt32(headLength + 4 + payloadLength))
    writer.write(isLast ? UInt32(12) : UInt32(10))
    writer.write(transaction)
    return writer.bytes
  }

  /// Reads a packet's payload; `nil` if the type is unknown or the payload is not what the type asks for.
  public init?(type: UInt32, payload: [UInt8]) {
    var reader = ByteReader(payload)
    func parameters(_ reader: inout ByteReader) -> [UInt32] {
      var found: [UInt32] = []
      while found.count < 5, let parameter = reader.read(UInt32.self) { found.append(parameter) }
      return found
    }
    switch type {
    case 1:
      guard let guid = reader.read(count: 16), let name = reader.readZeroTerminated(),
        let version = reader.read(UInt32.self)
      else { return nil }
      self = .initCommandRequest(guid: guid, name: name, version: version)
    case 2:
      guard let connection = reader.read(UInt32.self), let guid = reader.read(count: 16),
        let name = reader.readZeroTerminated(), let version = reader.read(UInt32.self)
      else { return nil }
      self = .initCommandAck(connection: connection, guid: guid, name: name, version: version)
    case 3:
      guard let connection = reader.read(UInt32.self) else { return nil }
      self = .initEventRequest(connection: connection)
    case 4:
      self = .initEventAck
    case 5:
      guard let reason = reader.read(UInt32.self).flatMap(FailReason.init(rawValue:)) else { return nil }
      self = .initFail(reason)
    case 6:
      guard let phase = reader.read(UInt32.self), let code = reader.read(UInt16.self),
        let transaction = reader.read(UInt32.self)
      else { return nil }
      self = .operationRequest(
        OperationRequest(
          code: OperationCode(rawValue: code), transaction: transaction, parameters: parameters(&reader),
          sendsData: phase == 2))
    case 7:
      guard let code = reader.read(UInt16.self), let transaction = reader.read(UInt32.self) else {
        return nil
      }
      self = .operationResponse(
        code: ResponseCode(rawValue: code), transaction: transaction, parameters: parameters(&reader))
    case 8:
      guard let code = reader.read(UInt16.self), let transaction = reader.read(UInt32.self) else {
        return nil
      }
      self = .event(
        code: EventCode(rawValue: code), transaction: transaction, parameters: parameters(&reader))
    case 9:
      guard let transaction = reader.read(UInt32.self), let length = reader.read(UInt64.self) else {
        return nil
      }
      self = .startData(transaction: transaction, length: length)
    case 10, 12:
      guard let transaction = reader.read(UInt32.self) else { return nil }
      let rest = reader.readRest()
      self =
        type == 10
        ? .data(transaction: transaction, payload: rest) : .endData(transaction: transaction, payload: rest)
    case 11:
      guard let transaction = reader.read(UInt32.self) else { return nil }
      self = .cancel(transaction: transaction)
    case 13:
      self = .probeRequest
    case 14:
      self = .probeResponse
    default:
      return nil
    }
  }
}
