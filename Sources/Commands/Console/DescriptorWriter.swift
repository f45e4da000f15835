import Foundation
import Glibc
import Synchronization

/// Writes to standard output and standard error on a thread of its own: a terminal or a pipe that takes nothing keeps
/// nobody waiting but that thread.
///
/// Lines keep their order, and none is lost while somebody reads. How many bytes may wait is bounded: what comes beyond
/// that is lost, and a line in its place says how many were. The view at the bottom of a terminal is no line: of
/// several that wait only the newest is drawn, after all lines.
final class DescriptorWriter: Sendable {
  /// Where lines go, and how many may wait there.
  struct Outlet: Sendable {
    let descriptor: Int32
    /// In bytes. One line is taken whatever its length, if nothing else waits.
    let bound: Int
    /// The line that stands where so many lines were lost.
    let note: @Sendable (Int) -> [UInt8]
  }

  private struct Line {
    /// Of lines and views together, in the order in which they came.
    let number: Int
    let bytes: [UInt8]
    let descriptor: Int32
  }

  private struct View {
    let number: Int
    let lines: [String]
    let descriptor: Int32
  }

  private enum Work {
    case lines([Line])
    case view(View)

    /// Its first line's, or the view's.
    var number: Int {
      switch self {
      case .lines(let lines): lines.first?.number ?? .max
      case .view(let view): view.number
      }
    }
  }

  private struct Backlog {
    /// Bytes that are not written yet.
    var bytes = 0
    /// Lines that found no room since one did.
    var lost = 0
  }

  private struct Desk {
    var lines: [Line] = []
    var view: View?
    var backlogs: [Int32: Backlog] = [:]
    var lastNumber = 0
    /// What is being written, by its number.
    var inWork: Int?
    var hasThread = false
    /// When bytes were taken last.
    var lastTaken = ContinuousClock.now

    /// The first that is not written; a view that was replaced is as good as written.
    var firstUnwritten: Int? { [lines.first?.number, view?.number, inWork].compactMap(\.self).min() }
  }

  private let desk = Mutex(Desk())
  private let arrivals = DispatchSemaphore(value: 0)
  /// No reader of a pipe sees a part of a write that is not longer (`PIPE_BUF`, pipe(7)).
  private static let pieceBytes = 4096

  /// Leaves a line, with its end, to be written.
  func write(_ line: [UInt8], to outlet: Outlet) {
    leave { desk in
      var backlog = desk.backlogs[outlet.descriptor, default: Backlog()]
      defer { desk.backlogs[outlet.descriptor] = backlog }
      guard backlog.bytes == 0 || backlog.bytes + line.count <= outlet.bound else {
        backlog.lost += 1
        return
      }
      let note = backlog.lost > 0 ? outlet.note(backlog.lost) : []
      backlog = Backlog(bytes: backlog.bytes + note.count + line.count)
      desk.lines.append(
        Line(number: desk.lastNumber, bytes: note + line, descriptor: outlet.descriptor))
    }
  }

  /// Leaves what is to stand at the bottom of a terminal instead of what stands there.
  func show(_ view: [String], on descriptor: Int32) {
    leave { $0.view = View(number: $0.lastNumber, lines: view, descriptor: descriptor) }
  }

  /// Waits until all that was left so far is written, or nothing has been taken for a while, or the task is cancelled.
  /// - Parameters:
  ///   - patience: how long a reader may take nothing; `nil` waits for it however long it takes.
  ///   - limit: how long is waited at most, whatever is taken.
  /// - Returns: whether it is written.
  @discardableResult
  func drain(patience: Duration?, limit: Duration? = nil) async -> Bool {
    let start = ContinuousClock.now
    let last = desk.withLock(\.lastNumber)
    var pause = Duration.milliseconds(1)
    while true {
      let (first, lastTaken) = desk.withLock { ($0.firstUnwritten, $0.lastTaken) }
      let now = ContinuousClock.now
      guard let first, first <= last else { return true }
      if let limit, now - start >= limit { return false }
      if let patience, now - max(start, lastTaken) >= patience { return false }
      do {
        try await Task.sleep(for: pause)
      } catch {
        return false
      }
      pause = min(pause * 2, .milliseconds(50))
    }
  }

  private func leave(_ body: (inout Desk) -> Void) {
    let needsThread = desk.withLock { desk in
      desk.lastNumber += 1
      body(&desk)
      defer { desk.hasThread = true }
      return !desk.hasThread
    }
    if needsThread { Thread.detachNewThread { [self] in run() } }
    arrivals.signal()
  }

  // MARK: On the thread

  /// The thread's life, which is the process's.
  private func run() {
    // Lines of the view that stand at the bottom of a terminal.
    var standing = (lines: 0, descriptor: STDERR_FILENO)
    while true {
      arrivals.wait()
      while let work = next() {
        switch work {
        case .lines(let lines):
          put(Array(Self.erase(standing.lines).utf8), to: standing.descriptor)
          standing.lines = 0
          put(lines)
        case .view(let view):
          let text = Self.erase(standing.lines) + view.lines.map { $0 + "\n" }.joined()
          standing = (view.lines.count, view.descriptor)
          put(Array(text.utf8), to: view.descriptor)
        }
      }
    }
  }

  /// What is to be written now: lines first.
  private func next() -> Work? {
    desk.withLock { desk in
      let work: Work?
      if desk.lines.isEmpty {
        work = desk.view.map { .view($0) }
        desk.view = nil
      } else {
        work = .lines(desk.lines)
        desk.lines = []
      }
      desk.inWork = work?.number
      return work
    }
  }

  /// Writes whole lines together as far as they fit into one piece.
  private func put(_ lines: [Line]) {
    var rest = lines[...]
    while let first = rest.popFirst() {
      var piece = first.bytes
      while let next = rest.first, next.descriptor == first.descriptor,
        piece.count + next.bytes.count <= Self.pieceBytes
      {
        piece += next.bytes
        rest.removeFirst()
      }
      put(piece, to: first.descriptor)
      desk.withLock { $0.backlogs[first.descriptor]?.bytes -= piece.count }
    }
  }

  /// What cannot be written (a reader that is gone, a full disk) is lost: the work goes on.
  private func put(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.prefix(Self.pieceBytes).withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0 {
        switch errno {
        case EINTR: continue
        case EAGAIN:
          // Whoever shares the descriptor with us has made it non-blocking.
          var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wanted, 1, -1)
          continue
        default: return
        }
      }
      rest.removeFirst(count)
      desk.withLock { $0.lastTaken = .now }
    }
  }

  private static func erase(_ lines: Int) -> String {
    lines == 0 ? "" : "\u{1b}[\(lines)A\u{1b}[J"
  }
}
