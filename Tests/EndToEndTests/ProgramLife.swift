import Foundation
import Glibc
import Programs
import Synchronization

extension Program {
  /// What is known of a running program; its threads write it, the tests read it.
  final class Life: Sendable {
    struct State {
      var lines: [Line] = []
      var events: [Event] = []
      /// The beginning of a line whose end has not come yet.
      var rest: [UInt8] = []
      var errors: [UInt8] = []
      var isReaped = false
      var status: Status?
      var observers: [Int: AsyncStream<Void>.Continuation] = [:]
      var nextObserver = 0
    }

    let state = Mutex(State())
    private let process: ChildProcess

    init(_ process: ChildProcess) {
      self.process = process
    }

    /// Ticks at once, and then whenever something more is known.
    func changes() -> AsyncStream<Void> {
      let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
      let number = state.withLock { state in
        state.nextObserver += 1
        state.observers[state.nextObserver] = continuation
        return state.nextObserver
      }
      continuation.onTermination = { [weak self] _ in
        _ = self?.state.withLock { $0.observers.removeValue(forKey: number) }
      }
      continuation.yield()
      return stream
    }

    func takeOutput(_ bytes: [UInt8]) {
      change { state in
        state.rest += bytes
        while let end = state.rest.firstIndex(of: UInt8(ascii: "\n")) {
          state.add(state.rest[..<end])
          state.rest.removeSubrange(...end)
        }
      }
    }

    func takeErrors(_ bytes: [UInt8]) {
      change { $0.errors += bytes }
    }

    /// Waits, on its caller's thread, for the program to end; its number is its own until `reap`.
    func awaitEnd() { process.waitForEnd() }

    /// Notes how it ended, after the last of its output.
    func end() {
      change { state in
        if !state.rest.isEmpty { state.add(state.rest[...]) }
        state.rest = []
        state.isReaped = true
        state.status = Program.Status(process.reap())
      }
    }

    /// Sends a signal to the program, never to one that got its number later.
    func signal(_ number: Int32) {
      state.withLock { state in
        if !state.isReaped { kill(process.identifier, number) }
      }
    }

    private func change(_ body: (inout sending State) -> Void) {
      let observers = state.withLock { state in
        body(&state)
        return Array(state.observers.values)
      }
      for observer in observers { observer.yield() }
    }
  }
}

extension Program.Life.State {
  fileprivate mutating func add(_ bytes: ArraySlice<UInt8>) {
    let event = Event(json: Data(bytes))
    lines.append(Program.Line(text: String(decoding: bytes, as: UTF8.self), event: event))
    if let event { events.append(event) }
  }
}
