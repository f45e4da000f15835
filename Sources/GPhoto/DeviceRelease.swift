import Glibc
import Programs

/// Frees a USB camera from the programs that hold it (`--take-over`): asks first, and ends nobody by force.
///
/// A program that has not exactly this device open is never touched, nor is another `pixcheese`.
public struct DeviceRelease: Sendable {
  /// What became of a program that held the camera.
  public enum Outcome: Hashable, Sendable {
    /// The desktop was asked to unmount it, and did.
    case unmounted
    /// It was asked to end (SIGTERM), and let go.
    case terminated
    /// It still holds it.
    case stays
  }

  private let port: CameraPort
  /// How long each way of asking may take, in milliseconds.
  private let patience: Int

  public init(_ port: CameraPort, patience: Int = 3000) {
    self.port = port
    self.patience = patience
  }

  /// Asks everybody who holds the camera to let go. Blocks, for twice the patience at most.
  public func request() -> [(holder: DeviceHolder, outcome: Outcome)] {
    let holders = DeviceHolder.holding(port)
    let others = holders.filter { !$0.isPixcheese }
    if others.contains(where: \.isDesktop) {
      Self.unmount()
      wait(for: others.filter(\.isDesktop))
    }
    let left = others.filter { $0.isHolding(port) }
    for holder in left where holder.isHolding(port) { kill(holder.process, SIGTERM) }
    if !left.isEmpty { wait(for: left) }
    return holders.map { holder in
      if holder.isHolding(port) { return (holder, .stays) }
      return (holder, left.contains(holder) ? .terminated : .unmounted)
    }
  }

  private func wait(for holders: [DeviceHolder]) {
    for _ in 0..<max(1, patience / 50) where holders.contains(where: { $0.isHolding(port) }) {
      usleep(50_000)
    }
  }

  /// `gio mount -s gphoto2`, which asks the desktop to let go of all its cameras; nothing where there is no `gio`.
  private static func unmount() {
    // Not started: there is no desktop to ask.
    guard
      let process = try? ChildProcess.start(
        ["gio", "mount", "-s", "gphoto2"], descriptors: [.nothing, .nothing, .nothing])
    else { return }
    // A desktop that hangs must not hang us.
    for _ in 0..<100 where !process.hasEnded { usleep(50_000) }
    if !process.hasEnded { kill(process.identifier, SIGKILL) }
    _ = process.reap()
  }
}
