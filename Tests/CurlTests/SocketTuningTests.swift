import Foundation
import Glibc
import Synchronization
import TestServers
import Testing

@testable import Curl

@Suite("What is asked of the kernel for sockets")
struct SocketTuningTests {
  private static func option(_ option: Int32, of socket: Int32) -> Int32? {
    var value: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(socket, Int32(IPPROTO_TCP), option, &value, &length) == 0 ? value : nil
  }

  @Test("The queue of unsent bytes grows with the connection's speed, also on a connection that was kept")
  func queue() async throws {
    let client = try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1"))
    let queues = Mutex<[Int32]>([])
    let port = Mutex<ScriptedServer?>(nil)
    let server = try ScriptedServer { connection, _ in
      while connection.readHead() != nil {
        let socket = port.withLock { $0?.clientSockets.first }
        // As a connection begins: what an earlier request has made of it is not this one's.
        if let socket {
          SocketTuning(congestionControl: nil, unacknowledged: .seconds(60)).apply(to: socket)
        }
        // Some 10 MB a second, for three quarters of a second. A machine that stands still meanwhile makes the queue shorter
        // for as long as that.
        let lengths = (0..<15).map { _ -> Int32 in
          _ = connection.read(512 << 10)
          Thread.sleep(forTimeInterval: 0.05)
          return socket.flatMap { Self.option(TCP_NOTSENT_LOWAT, of: $0) } ?? 0
        }
        queues.withLock { $0.append(lengths.max() ?? 0) }
        connection.answer("204 No Content")
      }
    }
    port.withLock { $0 = server }
    let body = [UInt8](repeating: 7, count: 15 * (512 << 10))
    for _ in 0..<2 {
      let response = try await client.perform(
        Request(.patch, server.url(), body: .bytes(body), priority: .background))
      #expect(response.status == 204)
    }
    port.withLock { $0 = nil }
    #expect(server.connections == 1)
    // A tenth of a second; a connection begins with 32 KiB.
    #expect(queues.withLock { $0 }.allSatisfy { $0 > 200 << 10 }, "\(queues.withLock { $0 })")
  }

  /// Somebody who reads whatever comes.
  /// - Parameter start: when it begins to; `nil` is at once.
  private static func reader(after start: DispatchSemaphore? = nil) throws -> LoopbackListener {
    let listener = try LoopbackListener()
    listener.serve { descriptor in
      Thread {
        start?.wait()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while recv(descriptor, &buffer, buffer.count, 0) > 0 {}
        close(descriptor)
      }.start()
    }
    return listener
  }

  @Test("Bytes that the kernel has and the other side takes no more of are unsent, until it takes them")
  func unsent() throws {
    let mayRead = DispatchSemaphore(value: 0)
    let listener = try Self.reader(after: mayRead)
    defer { listener.end() }
    let socket = try LoopbackListener.connect(to: listener.port)
    defer { close(socket) }
    #expect(!SocketTuning.hasUnsentBytes(socket))
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    while send(socket, bytes, bytes.count, Int32(MSG_DONTWAIT)) > 0 {}
    #expect(SocketTuning.hasUnsentBytes(socket))
    mayRead.signal()
    for _ in 0..<400 where SocketTuning.hasUnsentBytes(socket) { usleep(10_000) }
    #expect(!SocketTuning.hasUnsentBytes(socket))
  }

  @Test(
    "BBR that is begun anew looks for the link's whole speed, as for a new connection",
    .enabled(if: SocketTuning.isGranted("bbr"), "the kernel does not give BBR to this process"))
  func probesAnew() throws {
    let listener = try Self.reader()
    defer { listener.end() }
    let socket = try LoopbackListener.connect(to: listener.port)
    defer { close(socket) }
    let tuning = SocketTuning(congestionControl: "bbr", unacknowledged: .seconds(8))
    tuning.apply(to: socket)
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    func send() {
      for _ in 0..<64 { _ = Glibc.send(socket, bytes, bytes.count, 0) }
      // What is acknowledged later would be taken for what comes of the new beginning.
      var left: Int32 = 1
      while left > 0, ioctl(socket, UInt(TIOCOUTQ), &left) == 0 { usleep(1000) }
    }
    send()
    #expect(try Self.knownSpeed(of: socket) > 0)
    tuning.probeAnew(socket)
    #expect(try Self.knownSpeed(of: socket) == 0)
    send()
    #expect(try Self.knownSpeed(of: socket) > 0)
  }

  /// How fast BBR takes the link to be, in bytes a second (`struct tcp_bbr_info` of linux/inet_diag.h).
  private static func knownSpeed(of socket: Int32) throws -> UInt64 {
    let information: Int32 = 26  // TCP_CC_INFO of linux/tcp.h
    var words = [UInt32](repeating: 0, count: 5)
    var length = socklen_t(MemoryLayout<UInt32>.stride * words.count)
    guard getsockopt(socket, Int32(IPPROTO_TCP), information, &words, &length) == 0 else {
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    return UInt64(words[1]) << 32 | UInt64(words[0])
  }

  @Test("Bodies that are left when others end are told once, if nothing follows soon")
  func freed() throws {
    let handles = (0..<4).compactMap { UnsafeMutableRawPointer(bitPattern: 16 + $0 * 16) }
    let start = ContinuousClock.now
    var link = FreedLink()
    func take(_ indexes: Set<Int>, after milliseconds: Int) -> Set<Int> {
      let told = link.take(Set(indexes.map { handles[$0] }), at: start + .milliseconds(milliseconds))
      return Set(handles.indices.filter { told.contains(handles[$0]) })
    }
    #expect(take([0, 1, 2], after: 0).isEmpty)
    #expect(take([0, 1, 2], after: 1000).isEmpty, "nobody has ended")
    #expect(take([1, 2], after: 1100).isEmpty)
    #expect(take([1, 2, 3], after: 1200).isEmpty, "another followed")
    #expect(take([1, 2, 3], after: 1900).isEmpty)
    #expect(take([2, 3], after: 2000).isEmpty)
    #expect(take([2, 3], after: 2100).isEmpty)
    #expect(take([2, 3], after: 2160) == [2, 3])
    #expect(take([2, 3], after: 2600).isEmpty)
    #expect(take([3], after: 2700).isEmpty)
    #expect(take([3], after: 2900) == [3])
    #expect(take([], after: 3000).isEmpty)
    #expect(take([], after: 3300).isEmpty)
  }
}
