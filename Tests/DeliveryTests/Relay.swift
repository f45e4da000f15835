import Foundation
import Synchronization

/// A TCP relay on loopback that can break: between our client and a real server.
final class Relay: Sendable {
  /// What happens to connections.
  struct Faults: Sendable {
    /// Resets a connection after so many bytes from the client; each is used once, in order.
    var cuts: [Int] = []
    /// Nobody is there: connections are reset at once.
    var isDown = false
  }

  let port: UInt16
  private let listener: Int32
  private let state: State

  /// What the relay's threads share; the relay's own end is what stops them.
  private final class State: Sendable {
    let faults = Mutex(Faults())
    let received = Mutex(0)
    let requests = Mutex<[String]>([])
  }

  init(to target: UInt16) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = Self.loopback(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) | listen(listener, 64) | getsockname(listener, pointer, &length)
      }
    }
    guard listener >= 0, result == 0 else { throw POSIXError(.EADDRINUSE) }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    let state = State()
    self.state = state
    Thread {
      while true {
        let client = accept(listener, nil, nil)
        guard client >= 0 else { return }
        // A program that another test starts meanwhile must not hold the connection open.
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        Self.serve(client, target, state)
      }
    }.start()
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  func set(_ faults: Faults) {
    state.faults.withLock { $0 = faults }
  }

  /// Bytes that came from the client, headers and all.
  var received: Int { state.received.withLock { $0 } }

  /// The methods of the requests that came, in order.
  var methods: [String] { state.requests.withLock { $0 } }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = port.bigEndian
    return address
  }

  private static func serve(_ client: Int32, _ target: UInt16, _ state: State) {
    let (isDown, cut) = state.faults.withLock { faults in
      (faults.isDown, faults.cuts.isEmpty || faults.isDown ? Int.max : faults.cuts.removeFirst())
    }
    guard !isDown else {
      reset(client)
      return
    }
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(target)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(server)
      reset(client)
      return
    }
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
      if isCut { reset(client) } else { close(client) }
      close(server)
    }.start()
  }

  private static func note(_ bytes: ArraySlice<UInt8>, _ state: State) {
    state.received.withLock { $0 += bytes.count }
    for method in ["OPTIONS", "POST", "HEAD", "PATCH"] where bytes.starts(with: Array("\(method) /".utf8)) {
      state.requests.withLock { $0.append(method) }
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

  private static func reset(_ descriptor: Int32) {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    close(descriptor)
  }
}
