import Foundation
import Synchronization

/// Ports of this machine for servers that cannot choose their own, or must come back at the same one.
public enum LoopbackPort {
  /// The ports that were given out.
  private static let given = Mutex<Set<UInt16>>([])

  /// Below those that the kernel hands out by itself to connections and to listeners of its own choice
  /// (`/proc/sys/net/ipv4/ip_local_port_range` begins at 32768 unless somebody changed it): so that no other test is
  /// given one of these before it is used.
  private static let range: ClosedRange<UInt16> = 15000...32000

  /// One that nobody listens at, and that is given to nobody else in this process.
  public static func free() throws -> UInt16 { try free(1)[0] }

  /// Several of them.
  public static func free(_ count: Int) throws -> [UInt16] {
    var ports: [UInt16] = []
    for _ in 0..<1000 where ports.count < count {
      let port = UInt16.random(in: range)
      guard given.withLock({ $0.insert(port).inserted }) else { continue }
      // Taken: by another program.
      if (try? LoopbackListener(port: port)) != nil { ports.append(port) }
    }
    guard ports.count == count else { throw LoopbackFailure(step: "free ports", number: EADDRINUSE) }
    return ports
  }

  /// Whether somebody listens at a port.
  public static func isTaken(_ port: UInt16) -> Bool {
    guard let descriptor = try? LoopbackListener.connect(to: port) else { return false }
    close(descriptor)
    return true
  }
}
