import CSystemd

/// The system's D-Bus, through libsystemd.
enum SystemBus {
  /// Connects; blocks. A connection belongs to one thread at a time, and ends with `sd_bus_flush_close_unref`.
  /// - Parameter address: the bus's, if it is not the system's.
  /// - Returns: `nil` where there is no such bus.
  static func open(at address: String? = nil) -> OpaquePointer? {
    var bus: OpaquePointer?
    let isOpen =
      if let address {
        sd_bus_new(&bus) >= 0 && sd_bus_set_address(bus, address) >= 0 && sd_bus_set_bus_client(bus, 1) >= 0
          && sd_bus_start(bus) >= 0
      } else {
        sd_bus_open_system(&bus) >= 0
      }
    guard isOpen else {
      sd_bus_flush_close_unref(bus)
      return nil
    }
    // In microseconds: whoever does not answer in that time is not there.
    sd_bus_set_method_call_timeout(bus, 2_000_000)
    return bus
  }
}
