import CCurl
import Glibc

/// What is asked of the kernel for a socket before it connects. Whatever a kernel does not know or allow is passed over.
struct SocketTuning {
  /// `bbr`, say; `nil` leaves the system's choice.
  var congestionControl: String?
  /// How long sent bytes may stay unacknowledged before the connection is given up.
  var unacknowledged: Duration

  /// `TCP_RTO_MAX_MS` of Linux 6.15 (linux/tcp.h); glibc's header does not have it yet.
  private static let longestRetransmissionOption: Int32 = 44
  /// After an outage the kernel tries again at the latest after this: by itself it would wait up to as long again as the
  /// outage was. Longer than any round trip that a photo is worth sending over.
  private static let longestRetransmissionMilliseconds: Int32 = 2000
  /// A short queue in the kernel: what is not yet on its way can still be overtaken by a paused transfer's rival. So much at first,
  /// and then what goes in a tenth of a second: less than that would run empty whenever the machine is busy.
  private static let unsentBytes: ClosedRange<Int32> = 16 << 10...1 << 20

  func apply(to socket: Int32) {
    set(socket, TCP_NOTSENT_LOWAT, 2 * Self.unsentBytes.lowerBound)
    set(socket, Self.longestRetransmissionOption, Self.longestRetransmissionMilliseconds)
    set(socket, TCP_USER_TIMEOUT, Int32(clamping: unacknowledged.milliseconds))
    if let congestionControl { _ = Self.choose(congestionControl, for: socket) }
  }

  /// Whether the kernel holds bytes that it has not sent yet, be it once.
  static func hasUnsentBytes(_ socket: Int32) -> Bool {
    var count: Int32 = 0
    return ioctl(socket, unsentRequest, &count) == 0 && count > 0
  }

  /// SIOCOUTQNSD (linux/sockios.h), which glibc's headers do not have.
  private static let unsentRequest: UInt = 0x894B

  /// Has BBR find out anew how fast the link is, as for a new connection: what others leave free it takes by a quarter more
  /// every eight round trips at most (draft-ietf-ccwg-bbr, 4.3.3), which on a slow link is seconds. Another algorithm and BBR
  /// again begin it anew; the congestion window stays.
  func probeAnew(_ socket: Int32) {
    guard congestionControl == Self.bbr else { return }
    for name in ["reno", Self.bbr] { _ = Self.choose(name, for: socket) }
  }

  private static let bbr = "bbr"

  /// Takes how fast a connection sends.
  func adapt(_ socket: Int32, toBytesPerSecond rate: Double) {
    let wanted = Int32(clamping: Int64(min(rate / 10, 1e9)))
    set(
      socket, TCP_NOTSENT_LOWAT,
      min(max(wanted, Self.unsentBytes.lowerBound), Self.unsentBytes.upperBound))
  }

  /// Whether the kernel gives sockets of this process a congestion control.
  static func isGranted(_ congestionControl: String) -> Bool {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return false }
    defer { close(socket) }
    return choose(congestionControl, for: socket)
  }

  /// - Returns: whether the kernel does it.
  private static func choose(_ congestionControl: String, for socket: Int32) -> Bool {
    setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_CONGESTION, congestionControl, socklen_t(congestionControl.utf8.count)
    ) == 0
  }

  private func set(_ socket: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(socket, Int32(IPPROTO_TCP), option, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
