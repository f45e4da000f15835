import Foundation
import Glibc
import Synchronization
import SystemPackage

/// A worker's end of the two pipes. Its calls block; reports may be sent from any thread, commands are read by one.
final class WorkerChannel: Sendable {
  /// What came from the parent.
  enum Input {
    case commands([WorkerCommand])
    /// The parent is gone, or does not speak the protocol.
    case ended
  }

  private let input: Int32
  private let output: Int32
  private let lines = Mutex(LineBuffer())
  private let sending = Mutex(true)

  init(input: Int32 = WorkerProtocol.commands, output: Int32 = WorkerProtocol.reports) {
    self.input = input
    self.output = output
  }

  /// Tells the parent. A parent that is gone is noticed at the other pipe's end; nothing is lost by not telling it.
  func send(_ report: WorkerReport) {
    sending.withLock { isOpen in
      guard isOpen else { return }
      do {
        try Self.write(try MessageCoding.line(report), to: output)
      } catch {
        isOpen = false
      }
    }
  }

  /// Waits for commands, so many milliseconds at most (0: only looks).
  func receive(milliseconds: Int32) -> Input {
    guard sending.withLock({ $0 }) else { return .ended }
    var waiting = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
    let ready = poll(&waiting, 1, milliseconds)
    guard ready > 0 else { return ready == 0 || errno == EINTR ? .commands([]) : .ended }
    let bytes = [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
      count = max(0, buffer.baseAddress.map { read(input, $0, buffer.count) } ?? 0)
    }
    guard !bytes.isEmpty else { return .ended }
    do {
      return .commands(
        try lines.withLock { lines in
          try lines.append(bytes).map { try MessageCoding.message(WorkerCommand.self, in: $0) }
        })
    } catch {
      return .ended
    }
  }

  /// Writes all of it. Blocks.
  static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { Glibc.write(descriptor, $0 + written, buffer.count - written) } ?? 0
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw Errno(rawValue: errno)
      }
      written += count
    }
  }
}
