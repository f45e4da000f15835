import CUSB
import Foundation
import Synchronization

/// Tells of PTP cameras that are plugged in and out, from libusb's hotplug notices.
public final class USBMonitor: Sendable {
  /// A camera came or went.
  public enum Change: Hashable, Sendable {
    /// What is plugged in; the first that is told.
    case present([USBDevice])
    case attached(USBDevice)
    case detached(bus: Int, device: Int)
  }

  private let context: USBContext
  private let isStopped = Atomic<Bool>(false)

  /// - Throws: `USBError` where USB cannot be watched (no bus, a container).
  public init() throws(USBError) {
    context = try USBContext()
    guard libusb_has_capability(UInt32(LIBUSB_CAP_HAS_HOTPLUG.rawValue)) != 0 else {
      throw USBError(code: Int32(LIBUSB_ERROR_NOT_SUPPORTED.rawValue))
    }
  }

  /// Ends `changes()`.
  public func stop() {
    isStopped.store(true, ordering: .releasing)
    libusb_interrupt_event_handler(context.pointer)
  }

  /// The cameras that are plugged in now, then every change. To be called once; ends with `stop()`, or when the task
  /// that reads it is cancelled. A thread of its own handles libusb's events.
  public func changes() -> AsyncThrowingStream<Change, any Error> {
    let (stream, continuation) = AsyncThrowingStream<Change, any Error>.makeStream()
    continuation.onTermination = { [self] _ in stop() }
    let thread = Thread { [self] in watch(continuation) }
    thread.name = "usb"
    thread.start()
    return stream
  }

  private func watch(_ continuation: AsyncThrowingStream<Change, any Error>.Continuation) {
    let receiver = Receiver(continuation)
    var handle: libusb_hotplug_callback_handle = 0
    // The callback runs in this thread only, inside the calls below, while `receiver` lives.
    let result = libusb_hotplug_register_callback(
      context.pointer,
      Int32(LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED.rawValue | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT.rawValue),
      Int32(LIBUSB_HOTPLUG_ENUMERATE.rawValue), LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
      LIBUSB_HOTPLUG_MATCH_ANY,
      { _, device, event, owner in
        guard let device, let owner else { return 0 }
        Unmanaged<Receiver>.fromOpaque(owner).takeUnretainedValue()
          .take(device, hasArrived: event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED)
        return 0
      }, Unmanaged.passUnretained(receiver).toOpaque(), &handle)
    guard result == 0 else {
      continuation.finish(throwing: USBError(code: result))
      return
    }
    receiver.tellPresent()
    defer {
      libusb_hotplug_deregister_callback(context.pointer, handle)
      withExtendedLifetime(receiver) {}
    }
    while !isStopped.load(ordering: .acquiring) {
      // The interruption above may come before the wait begins: look again now and then.
      var wait = timeval(tv_sec: 1, tv_usec: 0)
      let result = libusb_handle_events_timeout_completed(context.pointer, &wait, nil)
      guard result == 0 || result == LIBUSB_ERROR_INTERRUPTED.rawValue else {
        continuation.finish(throwing: USBError(code: result))
        return
      }
    }
    continuation.finish()
  }

  private final class Receiver {
    let continuation: AsyncThrowingStream<Change, any Error>.Continuation
    private var cameras: Set<USBDevice> = []
    /// libusb enumerates within the call that registers the callback.
    private var isEnumerating = true

    init(_ continuation: AsyncThrowingStream<Change, any Error>.Continuation) {
      self.continuation = continuation
    }

    func tellPresent() {
      isEnumerating = false
      continuation.yield(.present(cameras.sorted { ($0.bus, $0.device) < ($1.bus, $1.device) }))
    }

    func take(_ pointer: OpaquePointer, hasArrived: Bool) {
      if hasArrived {
        guard let device = USBDevice(pointer), device.isPTP, cameras.insert(device).inserted else { return }
        if !isEnumerating { continuation.yield(.attached(device)) }
      } else {
        let bus = Int(libusb_get_bus_number(pointer))
        let address = Int(libusb_get_device_address(pointer))
        guard let device = cameras.first(where: { $0.bus == bus && $0.device == address }) else { return }
        cameras.remove(device)
        if !isEnumerating { continuation.yield(.detached(bus: bus, device: address)) }
      }
    }
  }
}
