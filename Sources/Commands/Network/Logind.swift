import Blocking
import CSystemd
import Dispatch
import Glibc
import SystemPackage

/// systemd's login manager: who may put this machine to sleep, and when it does (org.freedesktop.login1(5)).
enum Logind {
  fileprivate static let name = "org.freedesktop.login1"
  fileprivate static let path = "/org/freedesktop/login1"
  fileprivate static let interface = "org.freedesktop.login1.Manager"

  /// Tells of the machine's sleep.
  /// - Parameter address: the bus's, if it is not the system's.
  /// - Returns: `true` before it falls asleep and `false` after it woke, until the bus is gone; `nil` where there is no bus.
  static func sleeps(busAt address: String? = nil) async -> AsyncStream<Bool>? {
    let queue = DispatchQueue(label: "pixcheese.logind")
    return await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: listen(on: queue, busAt: address)) }
    }
  }

  /// The bus is used on the queue only.
  private static func listen(on queue: DispatchQueue, busAt address: String?) -> AsyncStream<Bool>? {
    guard let connection = SystemBus.open(at: address) else { return nil }
    nonisolated(unsafe) let bus = connection
    let (sleeps, continuation) = AsyncStream<Bool>.makeStream()
    let owner = Unmanaged.passRetained(SleepReceiver(continuation))
    let isMatched =
      sd_bus_match_signal(
        bus, nil, name, path, interface, "PrepareForSleep",
        { message, owner, _ in
          var isGoingToSleep: CInt = 0
          guard let owner, sd_bus_message_read_basic(message, CChar(UInt8(ascii: "b")), &isGoingToSleep) > 0
          else { return 0 }
          Unmanaged<SleepReceiver>.fromOpaque(owner).takeUnretainedValue().continuation
            .yield(isGoingToSleep != 0)
          return 0
        }, owner.toOpaque()) >= 0
    guard isMatched, case let descriptor = sd_bus_get_fd(bus), descriptor >= 0 else {
      sd_bus_flush_close_unref(bus)
      owner.release()
      return nil
    }
    nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    @Sendable func process() {
      var result: CInt = 1
      while result > 0 { result = sd_bus_process(bus, nil) }
      if result < 0 { continuation.finish() }
    }
    source.setEventHandler { process() }
    source.setCancelHandler {
      sd_bus_flush_close_unref(bus)
      owner.release()
    }
    continuation.onTermination = { _ in source.cancel() }
    source.activate()
    // What came while the match was being made has been read already: the descriptor does not tell of it.
    queue.async { if !source.isCancelled { process() } }
    return sleeps
  }
}

/// Where the bus's callback finds the stream.
private final class SleepReceiver: Sendable {
  let continuation: AsyncStream<Bool>.Continuation

  init(_ continuation: AsyncStream<Bool>.Continuation) { self.continuation = continuation }
}

/// One of logind's locks against sleep: held for as long as this lives, and no longer than the process.
final class SleepLock: Sendable {
  enum Mode: String, Sendable {
    /// The machine does not sleep, unless somebody who may insists.
    case block
    /// It waits for the lock, `InhibitDelayMaxSec` (5 s) at most.
    case delay
  }

  /// logind holds the other end, and knows by its closing that the lock is given back.
  private let descriptor: FileDescriptor

  private init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

  deinit {
    // Given back either way.
    try? descriptor.close()
  }

  /// - Parameters:
  ///   - why: what `systemd-inhibit --list` shows.
  ///   - address: the bus's, if it is not the system's.
  /// - Returns: `nil` where there is no logind, or it does not allow it.
  static func take(_ mode: Mode, why: String, busAt address: String? = nil) async -> SleepLock? {
    // A call over the bus blocks.
    await offload { ask(mode, why, address) }
  }

  private static func ask(_ mode: Mode, _ why: String, _ address: String?) -> SleepLock? {
    guard let bus = SystemBus.open(at: address) else { return nil }
    defer { sd_bus_flush_close_unref(bus) }
    var call: OpaquePointer?
    defer { sd_bus_message_unref(call) }
    guard
      sd_bus_message_new_method_call(bus, &call, Logind.name, Logind.path, Logind.interface, "Inhibit") >= 0
    else { return nil }
    for text in ["sleep", "pixcheese", why, mode.rawValue] {
      guard sd_bus_message_append_basic(call, CChar(UInt8(ascii: "s")), text) >= 0 else { return nil }
    }
    var answer: OpaquePointer?
    defer { sd_bus_message_unref(answer) }
    var lent: CInt = -1
    guard sd_bus_call(bus, call, 0, nil, &answer) >= 0,
      sd_bus_message_read_basic(answer, CChar(UInt8(ascii: "h")), &lent) > 0
    else { return nil }
    // The answer's own goes with it.
    let descriptor = fcntl(lent, F_DUPFD_CLOEXEC, 3)
    return descriptor < 0 ? nil : SleepLock(FileDescriptor(rawValue: descriptor))
  }
}
