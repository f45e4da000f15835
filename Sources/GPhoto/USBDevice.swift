import CUSB
import Glibc

/// A device on USB, by its descriptors; nothing is opened to read them.
public struct USBDevice: Hashable, Sendable {
  public let bus: Int
  /// The device's number on its bus; it changes with every plugging in.
  public let device: Int
  /// The vendor's and the product's numbers.
  public let vendor: UInt16
  public let product: UInt16
  /// Whether an interface is a still image device (class 6, subclass 1, protocol 1: PTP).
  public let isPTP: Bool
  /// Whether an interface is mass storage (class 8): a camera in the wrong mode looks so.
  public let isMassStorage: Bool
  /// The socket that it is in, as the kernel names it: the bus, its port, and the ports of hubs in between, `1-2.4`.
  public let socket: String
  /// The serial number by its USB descriptor; `nil` where it has none. Not always the one that the camera says by PTP.
  public let serial: String?

  public init(
    bus: Int, device: Int, vendor: UInt16, product: UInt16, isPTP: Bool = true, isMassStorage: Bool = false,
    socket: String, serial: String?
  ) {
    self.bus = bus
    self.device = device
    self.vendor = vendor
    self.product = product
    self.isPTP = isPTP
    self.isMassStorage = isMassStorage
    self.socket = socket
    self.serial = serial
  }

  /// Where libgphoto2 finds it, until it is plugged out.
  public var port: CameraPort { .usb(bus: bus, device: device) }

  /// The devices that are plugged in now.
  /// - Throws: `USBError` where USB cannot be looked at.
  public static func attached() throws(USBError) -> [USBDevice] {
    let context = try USBContext()
    var list: UnsafeMutablePointer<OpaquePointer?>?
    let count = libusb_get_device_list(context.pointer, &list)
    guard count >= 0, let list else { throw USBError(code: Int32(clamping: count)) }
    defer { libusb_free_device_list(list, 1) }
    return (0..<count).compactMap { index in list[index].flatMap { USBDevice($0) } }
  }

  /// Reads a device's cached descriptors; `nil` for one that is already gone.
  init?(_ pointer: OpaquePointer) {
    var descriptor = libusb_device_descriptor()
    guard libusb_get_device_descriptor(pointer, &descriptor) == 0 else { return nil }
    bus = Int(libusb_get_bus_number(pointer))
    device = Int(libusb_get_device_address(pointer))
    vendor = descriptor.idVendor
    product = descriptor.idProduct
    var isPTP = false
    var isMassStorage = false
    var configuration: UnsafeMutablePointer<libusb_config_descriptor>?
    if libusb_get_active_config_descriptor(pointer, &configuration) == 0, let configuration {
      defer { libusb_free_config_descriptor(configuration) }
      for index in 0..<Int(configuration.pointee.bNumInterfaces) {
        let interface = configuration.pointee.interface[index]
        for setting in 0..<Int(interface.num_altsetting) {
          let alternate = interface.altsetting[setting]
          isMassStorage = isMassStorage || alternate.bInterfaceClass == 8
          isPTP =
            isPTP
            || (alternate.bInterfaceClass == 6 && alternate.bInterfaceSubClass == 1
              && alternate.bInterfaceProtocol == 1)
        }
      }
    }
    self.isPTP = isPTP
    self.isMassStorage = isMassStorage
    socket = Self.socket(of: pointer)
    serial = isPTP ? Self.serial(at: socket) : nil
  }

  private static func socket(of pointer: OpaquePointer) -> String {
    // USB allows seven tiers of hubs (USB 2.0, clause 4.1.1).
    var ports = [UInt8](repeating: 0, count: 7)
    let count = libusb_get_port_numbers(pointer, &ports, Int32(ports.count))
    let path = ports.prefix(max(0, Int(count))).map { String($0) }.joined(separator: ".")
    return "\(libusb_get_bus_number(pointer))-\(path)"
  }

  /// The kernel has read it when the device was plugged in; asking the device itself would need it opened.
  private static func serial(at socket: String) -> String? {
    let file = open("/sys/bus/usb/devices/\(socket)/serial", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    // A string descriptor has 126 characters at most (USB 2.0, clause 9.6.7).
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    return telling(String(text.prefix { !$0.isNewline && $0 != "\0" }))
  }

  /// A serial number that tells a body from others; `nil` for zeros.
  static func telling(_ serial: String) -> String? {
    serial.contains { $0 != "0" && !$0.isWhitespace } ? serial : nil
  }
}

extension CameraPort {
  /// The USB socket that the camera is in now (`USBDevice.socket`); `nil` for what is not on USB, or not there. Blocks.
  public var socket: String? {
    guard case .usb(let bus, let device) = self else { return nil }
    // Where USB cannot be looked at, nobody knows.
    return try? USBDevice.attached().first { $0.bus == bus && $0.device == device }?.socket
  }
}

/// What libusb answered when a call failed.
public struct USBError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The library's number, below zero.
  public let code: Int32
  public var description: String {
    "USB: \(String(cString: libusb_strerror(code))) (\(code))"
  }
}

/// The owner of a `libusb_context`.
final class USBContext: @unchecked Sendable {
  // libusb's contexts may be used from any thread (libusb's documentation, "Multi-threaded applications").
  let pointer: OpaquePointer

  init() throws(USBError) {
    var pointer: OpaquePointer?
    let result = libusb_init(&pointer)
    guard result == 0, let pointer else { throw USBError(code: result) }
    self.pointer = pointer
  }

  deinit {
    libusb_exit(pointer)
  }
}
