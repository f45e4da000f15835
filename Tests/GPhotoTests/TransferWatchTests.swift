import Testing

@testable import GPhoto

@Suite("What a camera really sent")
struct TransferWatchTests {
  private var watch = TransferWatch()

  init() { watch.begin() }

  // MARK: USB

  private func container(_ length: UInt32, type: UInt16, code: UInt16, payload: Int = 0) -> [UInt8] {
    bytes(length) + bytes(type) + bytes(code) + bytes(UInt32(7)) + [UInt8](repeating: 0x5a, count: payload)
  }

  @Test("On USB the data container's head says how much of an object came")
  mutating func usb() {
    note(.usbWrite, container(16, type: 1, code: 0x1009, payload: 4))
    note(.usbRead, container(12 + 100_000, type: 2, code: 0x1009, payload: 500))
    note(.usbRead, [UInt8](repeating: 2, count: 4096))
    note(.usbRead, container(12, type: 3, code: 0x2001))
    #expect(watch.received == 100_000)
  }

  @Test("A head of its own, and an empty read before it, are what some cameras send")
  mutating func splitHead() {
    note(.usbWrite, container(16, type: 1, code: 0x1009, payload: 4))
    note(.usbRead, [])
    note(.usbRead, container(12 + 300, type: 2, code: 0x1009))
    note(.usbRead, [UInt8](repeating: 2, count: 300))
    #expect(watch.received == 300)
  }

  @Test("What other operations bring is not counted")
  mutating func otherOperations() {
    note(.usbWrite, container(12, type: 1, code: 0x9209))
    note(.usbRead, container(12 + 5000, type: 2, code: 0x9209, payload: 500))
    #expect(watch.received == nil)
    note(.usbWrite, container(16, type: 1, code: 0x101B, payload: 4))
    note(.usbRead, container(12 + 10, type: 2, code: 0x101B, payload: 10))
    note(.usbWrite, container(16, type: 1, code: 0x101B, payload: 4))
    note(.usbRead, container(12 + 20, type: 2, code: 0x101B, payload: 20))
    #expect(watch.received == 30, "parts of an object add up")
  }

  @Test(
    "Where nobody can tell how much came, nobody tells",
    arguments: [
      (UInt32.max, UInt16(2), UInt16(0x1009)), (8, 2, 0x1009), (1012, 2, 0x101B), (1012, 9, 0x1009),
    ])
  mutating func doubtful(length: UInt32, type: UInt16, code: UInt16) {
    note(.usbWrite, container(16, type: 1, code: 0x1009, payload: 4))
    note(.usbRead, container(length, type: type, code: code, payload: 500))
    #expect(watch.received == nil)
  }

  @Test("A response instead of data brings nothing")
  mutating func response() {
    note(.usbWrite, container(16, type: 1, code: 0x1009, payload: 4))
    note(.usbRead, container(12, type: 3, code: 0x2001))
    #expect(watch.received == nil)
  }

  // MARK: PTP/IP

  private mutating func request(_ code: UInt16) {
    note(
      .networkRequest,
      bytes(UInt32(22)) + bytes(UInt32(6)) + bytes(UInt32(1)) + bytes(code) + bytes(UInt32(7)))
  }

  private mutating func packet(type: UInt32, _ content: [UInt8]) {
    note(.networkHeader, bytes(UInt32(8 + content.count)) + bytes(type))
    if !content.isEmpty { note(.networkContent, content) }
  }

  private mutating func startData(_ length: UInt32) {
    packet(type: 9, bytes(UInt32(7)) + bytes(length) + bytes(UInt32(0)))
  }

  @Test("On a network the Start Data packet says it, whatever events come in between")
  mutating func network() {
    request(0x1009)
    packet(type: 8, [UInt8](repeating: 9, count: 18))
    startData(250_000)
    packet(type: 8, [UInt8](repeating: 9, count: 18))
    packet(type: 12, [UInt8](repeating: 9, count: 250_004))
    packet(type: 7, [UInt8](repeating: 9, count: 6))
    #expect(watch.received == 250_000)
  }

  @Test("Packets may come byte by byte")
  mutating func pieces() {
    request(0x1009)
    for byte in bytes(UInt32(20)) + bytes(UInt32(9)) { note(.networkHeader, [byte]) }
    for byte in bytes(UInt32(7)) + bytes(UInt32(1234)) + bytes(UInt32(0)) { note(.networkContent, [byte]) }
    #expect(watch.received == 1234)
  }

  @Test(
    "Two Start Data packets in one transaction are one too many: the second may have come with the events")
  mutating func twice() {
    request(0x1009)
    startData(1000)
    startData(1200)
    #expect(watch.received == nil)
  }

  @Test("Each count begins anew")
  mutating func begin() {
    request(0x1009)
    startData(1000)
    watch.end()
    #expect(watch.received == 1000 && !watch.isOn)
    watch.begin()
    #expect(watch.received == nil && watch.isOn)
  }

  @Test("The library's log entries are known by the functions that write them")
  func entries() {
    #expect(TransferWatch.Entry(function: "gp_port_read", format: "Read %i") == .usbRead)
    #expect(
      TransferWatch.Entry(function: "ptp_ptpip_generic_read", format: "ptpip/generic_read header:")
        == .networkHeader)
    #expect(
      TransferWatch.Entry(function: "ptp_ptpip_generic_read", format: "ptpip/generic_read data:")
        == .networkContent)
    #expect(TransferWatch.Entry(function: "gp_port_usb_msg_write", format: "") == nil)
  }

  private mutating func note(_ entry: TransferWatch.Entry, _ data: [UInt8]) {
    data.withUnsafeBytes { watch.note(entry, $0) }
  }

  private func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
