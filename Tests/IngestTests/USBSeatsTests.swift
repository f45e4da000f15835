import GPhoto
import Testing

@testable import Ingest

@Suite("Who sits where on USB")
struct USBSeatsTests {
  private static func device(
    _ device: Int, bus: Int = 1, product: UInt16 = 0x32f4, socket: String = "1-1", serial: String? = nil
  ) -> USBDevice {
    USBDevice(bus: bus, device: device, vendor: 0x04a9, product: product, socket: socket, serial: serial)
  }

  @Test("A new camera gets a seat, and the same notice twice makes no second one")
  func new() {
    var seats = USBSeats(named: [], takesAll: true)
    let seat = seats.attached(Self.device(2), at: .now)
    #expect(seat?.port == .usb(bus: 1, device: 2))
    #expect(seat?.pluggedAt != nil)
    #expect(seats.attached(Self.device(2), at: .now) == nil)
  }

  @Test(
    "A camera with a serial number is known at another address, in another socket and in another USB mode")
  func serial() throws {
    var seats = USBSeats(named: [], takesAll: true)
    let seat = try seats.newSeat(Self.device(2, serial: "A"))
    seats.detached(bus: 1, device: 2)
    #expect(seat.port == nil)
    #expect(seats.attached(Self.device(9, bus: 3, product: 1, socket: "3-4.1", serial: "A"), at: .now) == nil)
    #expect(seat.port == .usb(bus: 3, device: 9))
  }

  @Test("Two cameras of a model are told apart by their serial numbers, whichever comes back first")
  func two() throws {
    var seats = USBSeats(named: [], takesAll: true)
    let first = try seats.newSeat(Self.device(2, serial: "A"))
    let second = try seats.newSeat(Self.device(3, socket: "1-2", serial: "B"))
    seats.detached(bus: 1, device: 2)
    seats.detached(bus: 1, device: 3)
    // They have swapped their sockets.
    #expect(seats.attached(Self.device(4, serial: "B"), at: .now) == nil)
    #expect(seats.attached(Self.device(5, socket: "1-2", serial: "A"), at: .now) == nil)
    #expect(first.port == .usb(bus: 1, device: 5))
    #expect(second.port == .usb(bus: 1, device: 4))
  }

  @Test("A camera that is there keeps its seat when another comes with the same serial number")
  func sameSerial() throws {
    var seats = USBSeats(named: [], takesAll: true)
    let first = try seats.newSeat(Self.device(2, serial: "0001"))
    let second = try seats.newSeat(Self.device(3, socket: "1-2", serial: "0001"))
    #expect(first !== second)
    #expect(first.port == .usb(bus: 1, device: 2))
  }

  @Test("Without serial numbers the socket tells cameras of a model apart, and then the model alone")
  func noSerial() throws {
    var seats = USBSeats(named: [], takesAll: true)
    let first = try seats.newSeat(Self.device(2))
    let second = try seats.newSeat(Self.device(3, socket: "1-2"))
    seats.detached(bus: 1, device: 2)
    seats.detached(bus: 1, device: 3)
    #expect(seats.attached(Self.device(4, socket: "1-2"), at: .now) == nil)
    #expect(second.port == .usb(bus: 1, device: 4))
    #expect(seats.attached(Self.device(5, socket: "1-3"), at: .now) == nil)
    #expect(first.port == .usb(bus: 1, device: 5))
  }

  @Test("Two bodies of a model without serial numbers are called by the sockets that they were in first")
  func sockets() throws {
    var seats = USBSeats(named: [], takesAll: true)
    let first = try seats.newSeat(Self.device(2))
    seats.detached(bus: 1, device: 2)
    #expect(seats.attached(Self.device(3, socket: "1-2"), at: .now) == nil)
    #expect(first.port == .usb(bus: 1, device: 3) && first.socket == "1-1")
    let second = try seats.newSeat(Self.device(4))
    #expect(second.socket == "1-1 (2)")
    // Both are away, and come back in sockets where neither was: nobody knows which is which.
    seats.detached(bus: 1, device: 3)
    seats.detached(bus: 1, device: 4)
    #expect(try seats.newSeat(Self.device(5, socket: "1-7")).socket == "1-7")
  }

  @Test("What is there tells what came and what went while nobody looked")
  func present() throws {
    var seats = USBSeats(named: [], takesAll: true)
    #expect(seats.present([Self.device(2, serial: "A"), Self.device(3, serial: "B")], at: .now).count == 2)
    let (first, second) = (seats.seats[0], seats.seats[1])
    #expect(seats.present([Self.device(2, serial: "A"), Self.device(3, serial: "B")], at: .now).isEmpty)
    // Another camera has the address of the one that went.
    let new = seats.present([Self.device(2, serial: "C"), Self.device(9, serial: "B")], at: .now)
    #expect(new.map(\.port) == [.usb(bus: 1, device: 2)])
    #expect(first.port == nil)
    #expect(second.port == .usb(bus: 1, device: 9))
  }

  @Test("A named address takes the camera that is there, follows it, and lets no other in")
  func named() throws {
    var seats = USBSeats(named: [.usb(bus: 1, device: 2)], takesAll: false)
    let seat = try #require(seats.seats.first)
    #expect(seats.attached(Self.device(3, socket: "1-2", serial: "B"), at: .now) == nil)
    #expect(seats.attached(Self.device(2, serial: "A"), at: .now) == nil)
    #expect(seat.port == .usb(bus: 1, device: 2))
    seats.detached(bus: 1, device: 2)
    #expect(seat.port == nil)
    #expect(seats.attached(Self.device(2, serial: "C"), at: .now) == nil)
    #expect(seat.port == nil)
    #expect(seats.attached(Self.device(7, socket: "1-5", serial: "A"), at: .now) == nil)
    #expect(seat.port == .usb(bus: 1, device: 7))
  }

  @Test("A named address is looked for from the start, and with auto the others have seats too")
  func namedAndAuto() throws {
    var seats = USBSeats(named: [.usb(bus: 1, device: 2)], takesAll: true)
    #expect(seats.seats.map(\.port) == [.usb(bus: 1, device: 2)])
    #expect(seats.attached(Self.device(3, serial: "B"), at: .now) != nil)
    #expect(seats.attached(Self.device(2, serial: "A"), at: .now) == nil)
    #expect(seats.seats.count == 2)
  }
}

extension USBSeats {
  /// The seat of a camera that has none yet.
  fileprivate mutating func newSeat(_ device: USBDevice) throws -> CameraSeat {
    let seat = attached(device, at: .now)
    return try #require(seat)
  }
}
