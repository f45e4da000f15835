import Blocking
import CSystemd
import Delivery
import Model
import ServiceLifecycle

/// Whether the network costs by the byte, as NetworkManager knows or guesses it.
enum MeteredNetwork {
  /// NetworkManager's `Metered`, over the system's D-Bus (nm-dbus-interface.h, `NMMetered`): 1 yes, 3 guess yes.
  /// - Parameter address: the bus's, if it is not the system's.
  /// - Returns: `nil` where there is no NetworkManager, or it does not know.
  static func isMetered(busAt address: String? = nil) async -> Bool? {
    // A call over the bus blocks.
    await offload { ask(busAt: address) }
  }

  private static func ask(busAt address: String?) -> Bool? {
    guard let bus = SystemBus.open(at: address) else { return nil }
    defer { sd_bus_flush_close_unref(bus) }
    var metered: UInt32 = 0
    let name = "org.freedesktop.NetworkManager"
    let result = sd_bus_get_property_trivial(
      bus, name, "/org/freedesktop/NetworkManager", name, "Metered", nil, CChar(UInt8(ascii: "u")), &metered)
    guard result >= 0 else { return nil }
    return switch metered {
    case 1, 3: true
    case 2, 4: false
    default: nil
    }
  }
}

/// Holds originals back while the network costs by the byte (`--originals on-wifi`). A network of which nothing is known costs
/// nothing.
struct MeteredKeeper: Service {
  let deliverer: Deliverer

  private static let pause = Duration.seconds(5)

  func run() async {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        await deliverer.hold(originals: await MeteredNetwork.isMetered() ?? false)
        do { try await Task.sleep(for: Self.pause) } catch { return }
      }
    }
  }
}
