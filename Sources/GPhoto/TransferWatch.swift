import Synchronization

/// How many bytes of objects a camera really sends, by what the drivers give to libgphoto2's log. A pure value.
///
/// Of a frame in a camera's memory (Sony, Nikon) ptp2 2.5.30 hands over as many bytes as ObjectInfo announced, whatever
/// the data phase brought (`library.c`: `gp_file_set_data_and_size (file, ximage, oi.ObjectCompressedSize)`): the rest
/// of a short one is whatever lies behind it in this process's memory. But the driver itself reads exactly as many bytes
/// as the head of a data phase says, or fails; and every head passes through `gp_log_data`: PTP/IP's Start Data packets
/// (CIPA DC-005, 2.3.8) and USB's data containers (USB Still Image Capture Device Definition, D.7.1.1).
struct TransferWatch {
  /// Fed by the library. What it logs concerns one camera: a program with several gives each a process of its own.
  static let shared = Mutex(TransferWatch())

  /// A log entry that is of use.
  enum Entry {
    case usbWrite, usbRead, networkRequest, networkHeader, networkContent

    /// - Parameters:
    ///   - function: the function that logs, as `__func__` names it.
    ///   - format: what it says.
    init?(function: String, format: String) {
      switch function {
      case "gp_port_write": self = .usbWrite
      case "gp_port_read": self = .usbRead
      case "ptp_ptpip_sendreq": self = .networkRequest
      case "ptp_ptpip_generic_read": self = format.contains("header") ? .networkHeader : .networkContent
      default: return nil
      }
    }
  }

  /// GetObject, GetPartialObject, GetPartialObject64, and Canon's and Android's own.
  private static let operations: Set<UInt16> = [0x1009, 0x101B, 0x9107, 0x9172, 0x95C1]
  /// A USB container's head: length, type, code and transaction.
  private static let containerHead = 12
  /// A PTP/IP packet's length and type.
  private static let packetHead = 8
  /// That, the transaction, and the length of all the data that follows.
  private static let startData = 16

  /// Whether somebody wants to know.
  private(set) var isOn = false
  /// The operation that was asked for, if it brings an object and its data phase has not begun.
  private var expected: UInt16?
  private var isInPhase = false
  private var packet: [UInt8] = []
  private var bytes: UInt64 = 0
  private var phases = 0
  private var isDoubtful = false

  /// How many bytes of objects came since `begin`; `nil` if none came, or nobody can tell how many.
  var received: UInt64? { phases > 0 && !isDoubtful ? bytes : nil }

  /// Begins to count.
  mutating func begin() {
    self = TransferWatch()
    isOn = true
  }

  /// Stops counting; what was counted stays.
  mutating func end() { isOn = false }

  /// Takes a log entry with what was sent or read.
  mutating func note(_ entry: Entry, _ data: UnsafeRawBufferPointer) {
    switch entry {
    case .usbWrite: request(data, typeAt: 4, type: UInt16(1), codeAt: 6)
    case .usbRead: container(data)
    case .networkRequest: request(data, typeAt: 4, type: UInt32(6), codeAt: 12)
    case .networkHeader:
      if packet.count >= Self.packetHead { packet = [] }
      extend(data)
    case .networkContent: extend(data)
    }
  }

  private mutating func request<Kind: FixedWidthInteger>(
    _ data: UnsafeRawBufferPointer, typeAt: Int, type: Kind, codeAt: Int
  ) {
    guard data.count >= codeAt + 2, Self.number(data, typeAt, as: Kind.self) == type else { return }
    let code = Self.number(data, codeAt, as: UInt16.self)
    expected = Self.operations.contains(code) ? code : nil
    isInPhase = false
    packet = []
  }

  /// What is read after the request: the data phase's head with its first bytes, or a response instead of it.
  private mutating func container(_ data: UnsafeRawBufferPointer) {
    guard let expected, !data.isEmpty else { return }
    self.expected = nil
    guard data.count >= Self.containerHead else {
      isDoubtful = true
      return
    }
    let length = Self.number(data, 0, as: UInt32.self)
    switch Self.number(data, 4, as: UInt16.self) {
    case 2
    where Self.number(data, 6, as: UInt16.self) == expected && length >= Self.containerHead && length < .max:
      begin(UInt64(length) - UInt64(Self.containerHead))
    case 3: break
    // Of a container without a length, or of another operation's, nobody knows what the driver makes.
    default: isDoubtful = true
    }
  }

  /// The next piece of a PTP/IP packet.
  private mutating func extend(_ data: UnsafeRawBufferPointer) {
    guard expected != nil, packet.count < Self.startData else { return }
    packet += data.prefix(Self.startData - packet.count)
    guard packet.count == Self.startData else { return }
    packet.withUnsafeBytes { packet in
      guard Self.number(packet, 4, as: UInt32.self) == 9 else { return }
      // The driver, too, looks at 32 bits. A second head in a transaction may be one that it never saw (it came with the
      // events, say).
      if isInPhase { isDoubtful = true }
      begin(UInt64(Self.number(packet, 12, as: UInt32.self)))
    }
  }

  private mutating func begin(_ length: UInt64) {
    isInPhase = true
    phases += 1
    bytes += length
  }

  private static func number<Number: FixedWidthInteger>(
    _ data: UnsafeRawBufferPointer, _ offset: Int, as type: Number.Type
  ) -> Number {
    Number(littleEndian: data.loadUnaligned(fromByteOffset: offset, as: Number.self))
  }
}
