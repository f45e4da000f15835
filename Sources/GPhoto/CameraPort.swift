import Glibc

/// Where a camera is connected.
public enum CameraPort: Hashable, Sendable, CustomStringConvertible {
  /// On USB, by the bus's and the device's number as `lsusb` shows them.
  case usb(bus: Int, device: Int)
  /// On the network by PTP/IP; 15740 is the standard's port (CIPA DC-005).
  case ptpip(host: String, port: UInt16)
  /// A folder that stands for a card ("Mass Storage Camera"): lists and downloads, but announces nothing.
  case disk(path: String)

  /// Why a text names no port.
  public struct ParseError: Error, Hashable, Sendable, CustomStringConvertible {
    public let text: String
    public let reason: String
    public var description: String { "\(text.debugDescription) names no camera: \(reason)" }
  }

  /// PTP/IP's standard port.
  public static let standardPort: UInt16 = 15740

  /// Reads `usb:BUS,DEVICE`, `ptpip:HOST[:PORT]` or `disk:/PATH`.
  /// - Throws: `ParseError` with what is wrong with the text.
  public init(parsing text: String) throws(ParseError) {
    func fail(_ reason: String) -> ParseError { ParseError(text: text, reason: reason) }
    if text.hasPrefix("usb:") {
      let parts = text.dropFirst(4).split(separator: ",", omittingEmptySubsequences: false)
      guard parts.count == 2, let bus = Int(parts[0]), let device = Int(parts[1]), (0...999).contains(bus),
        (0...999).contains(device)
      else { throw fail("usb: is followed by BUS,DEVICE as lsusb shows them") }
      self = .usb(bus: bus, device: device)
    } else if text.hasPrefix("ptpip:") {
      let parts = text.dropFirst(6).split(separator: ":", omittingEmptySubsequences: false)
      guard let host = parts.first, Self.isHostName(host), parts.count <= 2 else {
        throw fail("ptpip: is followed by HOST[:PORT], the host a name or an IPv4 address")
      }
      var port = Self.standardPort
      if parts.count == 2 {
        guard let number = UInt16(parts[1]), number > 0 else { throw fail("the port is 1 to 65535") }
        port = number
      }
      self = .ptpip(host: String(host), port: port)
    } else if text.hasPrefix("disk:/") {
      self = .disk(path: String(text.dropFirst(5)))
    } else {
      throw fail("a camera is usb:BUS,DEVICE or ptpip:HOST[:PORT]")
    }
  }

  public var description: String {
    switch self {
    case .usb(let bus, let device): "usb:\(Self.padded(bus)),\(Self.padded(device))"
    case .ptpip(let host, let port): "ptpip:\(host):\(port)"
    case .disk(let path): "disk:\(path)"
    }
  }

  /// Whether a USB device is no longer there; `false` for what has no device.
  public var isUnplugged: Bool {
    guard let node else { return false }
    return access(node, F_OK) != 0
  }

  /// Whether the device is there and its node may not be opened by us; `false` for what has no device.
  public var isForbidden: Bool {
    guard let node else { return false }
    return access(node, R_OK | W_OK) != 0 && errno == EACCES
  }

  /// The device's node; `nil` for what is not on USB.
  public var node: String? {
    guard case .usb(let bus, let device) = self else { return nil }
    return "/dev/bus/usb/\(Self.padded(bus))/\(Self.padded(device))"
  }

  /// The path that libgphoto2 knows the port by. Names are resolved here: the library takes numeric addresses only.
  ///
  /// The port stands twice: with one, the event connection goes to 15740 whatever the command connection does.
  /// Blocks while a name is resolved.
  func libraryPath() throws(GPhotoError) -> String {
    guard case .ptpip(let host, let port) = self else { return description }
    return "ptpip:\(try Self.numericAddress(of: host)):\(port):\(port)"
  }

  private static func isHostName(_ host: Substring) -> Bool {
    !host.isEmpty && host.utf8.count <= 253
      && host.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
  }

  private static func numericAddress(of host: String) throws(GPhotoError) -> String {
    var hints = addrinfo()
    hints.ai_family = AF_INET
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, nil, &hints, &found)
    guard result == 0, let first = found else {
      throw GPhotoError(
        code: GPhotoError.unknownPortCode,
        detail: "the host \(host) cannot be found: \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(first) }
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard
      getnameinfo(
        first.pointee.ai_addr, first.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        == 0
    else {
      throw GPhotoError(code: GPhotoError.unknownPortCode, detail: "the host \(host) has no IPv4 address")
    }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
