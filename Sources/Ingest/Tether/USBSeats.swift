import GPhoto

/// Which camera on USB sits where: a pure rule, told of plugs.
///
/// A device's number on its bus changes with every plugging in, so a camera that comes back is known by its serial
/// number as the bus tells it; one without by its model and its socket, or by its model alone if it is in another and can
/// be no other body of that model.
/// A camera that is taken for another by that is told from it by the link, by what it says itself.
struct USBSeats {
  private struct Place {
    let seat: CameraSeat
    /// The device that was last there; `nil` where only its address is known yet.
    var device: USBDevice?
    var isAway: Bool
    /// What a camera without a serial number is called by.
    var socket: String?
  }

  /// Whether a camera that nobody named gets a seat.
  private let takesAll: Bool
  private var places: [Place]

  /// - Parameter named: the addresses that were named. Each has a seat whether or not a camera is there.
  init(named: [CameraPort], takesAll: Bool) {
    self.takesAll = takesAll
    places = named.map { Place(seat: CameraSeat($0), device: nil, isAway: false) }
  }

  /// All seats there are.
  var seats: [CameraSeat] { places.map(\.seat) }

  /// These cameras are there, and no others.
  /// - Returns: the seats that are new.
  mutating func present(_ devices: [USBDevice], at time: ContinuousClock.Instant) -> [CameraSeat] {
    for index in places.indices {
      guard let device = places[index].device, !devices.contains(device), !places[index].isAway else {
        continue
      }
      detached(bus: device.bus, device: device.device)
    }
    return devices.compactMap { attached($0, at: time) }
  }

  /// A camera is there, and perhaps was already when the first question was asked.
  /// - Returns: a seat that is new.
  mutating func attached(_ device: USBDevice, at time: ContinuousClock.Instant) -> CameraSeat? {
    guard !places.contains(where: { $0.device?.port == device.port && !$0.isAway }) else { return nil }
    // Where its address was named the link has been looking for it there since the start.
    if let index = places.firstIndex(where: { $0.device == nil && $0.seat.port == device.port }) {
      take(device, at: index)
      return nil
    }
    if let index = home(of: device) {
      take(device, at: index)
      places[index].seat.plug(device.port, at: time)
      return nil
    }
    guard takesAll else { return nil }
    let seat = CameraSeat(device.port, pluggedAt: time)
    places.append(Place(seat: seat, device: nil, isAway: false))
    take(device, at: places.count - 1)
    return seat
  }

  /// A device is in a place; the first one's socket stays what a camera without a serial number is called by, wherever it
  /// comes back. Where a camera that went to another socket is called by this one already, it is told from that one.
  private mutating func take(_ device: USBDevice, at index: Int) {
    places[index].device = device
    places[index].isAway = false
    guard places[index].socket == nil else { return }
    let others = Set(places.compactMap(\.socket))
    var socket = device.socket
    var number = 1
    while others.contains(socket) {
      number += 1
      socket = "\(device.socket) (\(number))"
    }
    places[index].socket = socket
    places[index].seat.settle(in: socket)
  }

  mutating func detached(bus: Int, device: Int) {
    let port = CameraPort.usb(bus: bus, device: device)
    guard let index = places.firstIndex(where: { $0.device?.port == port && !$0.isAway }) else { return }
    places[index].isAway = true
    places[index].seat.unplug()
  }

  /// The place that a device comes back to.
  private func home(of device: USBDevice) -> Int? {
    func first(_ isSame: (USBDevice) -> Bool) -> Int? {
      places.firstIndex { $0.isAway && $0.device.map(isSame) == true }
    }
    if let serial = device.serial {
      // The product's number changes with the USB mode that is set in the camera's menu.
      return first { $0.vendor == device.vendor && $0.serial == serial }
    }
    func isSameModel(_ other: USBDevice) -> Bool {
      other.serial == nil && other.vendor == device.vendor && other.product == device.product
    }
    if let same = first({ isSameModel($0) && $0.socket == device.socket }) { return same }
    // Of two it could be nobody knows which it is.
    return places.count { $0.isAway && $0.device.map(isSameModel) == true } == 1 ? first(isSameModel) : nil
  }
}
