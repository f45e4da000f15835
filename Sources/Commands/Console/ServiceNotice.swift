import CSystemd

/// Words to the service manager that started us, where one did (sd_notify(3)); nothing elsewhere.
enum ServiceNotice {
  /// - Parameter state: `READY=1`, `STATUS=…` or `STOPPING=1`.
  static func send(_ state: String) {
    // Without a manager it says 0, with a broken one a negative number: neither is a reason to stop working.
    _ = sd_notify(0, state)
  }
}
