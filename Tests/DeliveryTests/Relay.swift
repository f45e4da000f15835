import Foundation
import Synchronization
import TestServers

/// A TCP relay on loopback that can break: between our client and a real server.
final class Relay: Sendable {
  /// What happens to connections.
  struct Faults: Sendable {
    /// Resets a connection after so many bytes from the client; each is used once, in order.
    var cuts: [Int] = []
    /// Nobody is there: connections are reset at once.
    var isDown = false
  }

  private let listener: LoopbackListener
  private let state: State

  /// What the relay's threads share; the relay's own end is what stops them.
  private final class State: Sendable {
    let faults = Mutex(Faults())
    let received = Mutex(0)
    let requests = Mutex<[String]>([])
    let parts = Mutex<[Int]>([])
    /// The connections of clients, until all that came over them is with the server.
    let clients = Mutex<Set<Int32>>([])
  }

  init(to target: UInt16) throws {
    listener = try LoopbackListener()
    let state = State()
    self.state = state
    listener.serve { Self.serve($0, target, state) }
  }

  deinit {
    listener.end()
  }

  var port: UInt16 { listener.port }

  func set(_ faults: Faults) {
    state.faults.withLock { $0 = faults }
  }

  /// Bytes that came from the client, headers and all.
  var received: Int { state.received.withLock { $0 } }

  /// The methods of the requests that came, in order.
  var methods: [String] { requests.map { String($0.prefix { $0 != " " }) } }

  /// The methods and targets of the requests that came, in order: `PUT /bucket/key`.
  var requests: [String] { state.requests.withLock { $0 } }

  /// The numbers of the parts that were begun to be sent to a store, in order.
  var parts: [Int] { state.parts.withLock { $0 } }

  /// Whether something may still be on its way to the server from clients that are gone.
  var isCarryingOn: Bool { state.clients.withLock { !$0.allSatisfy(Self.isOpen) } }

  /// Whether the other side has not closed a connection: `tcpi_state`, the first byte of `tcp_info` (linux/tcp.h).
  private static func isOpen(_ connection: Int32) -> Bool {
    var state: UInt8 = 0
    var length = socklen_t(MemoryLayout<UInt8>.size)
    let established: UInt8 = 1
    return getsockopt(connection, Int32(IPPROTO_TCP), TCP_INFO, &state, &length) == 0 && state == established
  }

  private static func serve(_ client: Int32, _ target: UInt16, _ state: State) {
    let (isDown, cut) = state.faults.withLock { faults in
      (faults.isDown, faults.cuts.isEmpty || faults.isDown ? Int.max : faults.cuts.removeFirst())
    }
    guard !isDown, let server = try? LoopbackListener.connect(to: target) else {
      LoopbackListener.reset(client)
      return
    }
    _ = state.clients.withLock { $0.insert(client) }
    // Each direction on a thread of its own; the upward one alone closes both, when both have ended.
    let downEnded = DispatchSemaphore(value: 0)
    Thread {
      copy(from: server, to: client) { _ in true }
      shutdown(client, Int32(SHUT_RDWR))
      downEnded.signal()
    }.start()
    Thread {
      var count = 0
      var isCut = false
      copy(from: client, to: server) { bytes in
        note(bytes, state)
        count += bytes.count
        isCut = count >= cut
        return !isCut
      }
      shutdown(server, isCut ? Int32(SHUT_RDWR) : Int32(SHUT_WR))
      downEnded.wait()
      _ = state.clients.withLock { $0.remove(client) }
      if isCut { LoopbackListener.reset(client) } else { close(client) }
      close(server)
    }.start()
  }

  private static func note(_ bytes: ArraySlice<UInt8>, _ state: State) {
    state.received.withLock { $0 += bytes.count }
    if bytes.starts(with: Array("PUT /".utf8)) {
      let target = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
      if let number = target.firstMatch(of: /partNumber=(\d+)/)?.1 {
        state.parts.withLock { $0.append(Int(number) ?? 0) }
      }
    }
    for method in ["OPTIONS", "POST", "HEAD", "PATCH", "PUT", "GET"]
    where bytes.starts(with: Array("\(method) /".utf8)) {
      let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
      state.requests.withLock { $0.append(line.split(separator: " ").prefix(2).joined(separator: " ")) }
    }
  }

  private static func copy(from: Int32, to: Int32, _ goesOn: (ArraySlice<UInt8>) -> Bool) {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = recv(from, &buffer, buffer.count, 0)
      guard count > 0, goesOn(buffer[..<count]) else { return }
      guard send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
    }
  }
}
