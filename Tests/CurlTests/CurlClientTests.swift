import Foundation
import Synchronization
import TestServers
import Testing

@testable import Curl

@Suite("Transfers over libcurl")
struct CurlClientTests {
  let client: CurlClient

  init() throws {
    client = try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1"))
  }

  @Test("A response has its status, its header fields whatever their case, and its body")
  func response() async throws {
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      connection.write("HTTP/1.1 100 Continue\r\nX-Kind: early\r\n\r\n")
      connection.answer("200 OK", ["X-Kind: a", "x-kind:  b ", "Upload-Offset: 7"], body: "hello")
    }
    let response = try await client.perform(Request(.get, server.url()))
    #expect(response.status == 200)
    #expect(response.headers["upload-offset"] == "7")
    #expect(response.headers.values("X-KIND") == ["a", "b"])
    #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    #expect(!response.bodyIsTruncated)
    #expect(response.madeConnection)
  }

  @Test("A part of a file arrives byte for byte, its progress adds up, and no Expect is sent")
  func fileRegion() async throws {
    let source = try TemporaryFile(count: 3_000_000)
    let received = Mutex<(head: String, body: [UInt8])>(("", []))
    let server = try ScriptedServer { connection, _ in
      let head = connection.readHead() ?? ""
      let body = connection.read(2_000_000)
      received.withLock { $0 = (head, body) }
      connection.answer("204 No Content")
    }
    let progress = Atomic<Int64>(0)
    let file = try ReadableFile(path: source.url.path)
    let response = try await client.perform(
      Request(
        .patch, server.url("/files/1"), headers: [.init(name: "Upload-Offset", value: "500000")],
        body: .file(file, offset: 500_000, length: 2_000_000),
        onProgress: { progress.wrappingAdd($0, ordering: .relaxed) }))
    #expect(response.status == 204)
    #expect(response.bytesSent == 2_000_000)
    #expect(progress.load(ordering: .relaxed) == 2_000_000)
    let (head, body) = received.withLock { $0 }
    #expect(body == Array(source.bytes[500_000..<2_500_000]))
    #expect(head.hasPrefix("PATCH /files/1 HTTP/1.1\r\n"))
    #expect(field("Content-Length", in: head) == "2000000")
    #expect(field("Upload-Offset", in: head) == "500000")
    #expect(field("User-Agent", in: head) == "pixcheese-tests/1")
    #expect(field("Expect", in: head) == nil)
  }

  @Test("A second request uses the first one's connection")
  func reuse() async throws {
    let server = try ScriptedServer { connection, _ in
      while connection.readHead() != nil { connection.answer("200 OK") }
    }
    _ = try await client.perform(Request(.head, server.url()))
    let second = try await client.perform(Request(.get, server.url()))
    #expect(!second.madeConnection)
    #expect(server.connections == 1)
    let third = try await client.perform(Request(.get, server.url(), needsFreshConnection: true))
    #expect(third.madeConnection)
    #expect(server.connections == 2)
  }

  @Test("A kept connection that has died meanwhile costs nothing: the whole body goes over a new one")
  func deadConnection() async throws {
    let bodies = Mutex<[[UInt8]]>([])
    let server = try ScriptedServer { connection, number in
      _ = connection.readHead()
      let body = connection.read(5)
      bodies.withLock { $0.append(body) }
      connection.answer("200 OK")
      if number == 0 { connection.reset() }
    }
    for text in ["first", "again"] {
      let response = try await client.perform(
        Request(.post, server.url(), body: .bytes(Array(text.utf8))))
      #expect(response.status == 200)
    }
    #expect(bodies.withLock { $0.last } == Array("again".utf8))
  }

  @Test("A reset in the middle of a body is a reset, and worth another try")
  func reset() async throws {
    let source = try TemporaryFile(count: 8_000_000)
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      _ = connection.read(100_000)
      connection.reset()
    }
    let file = try ReadableFile(path: source.url.path)
    let error = await #expect(throws: CurlError.self) {
      try await client.perform(Request(.patch, server.url(), body: .file(file, offset: 0, length: 8_000_000)))
    }
    #expect(error?.code == .reset)
    #expect(error?.isRetryable == true)
    #expect(error?.curlCode != 0)
  }

  @Test("An answer that ends too early is no answer")
  func torn() async throws {
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.")
      connection.end()
    }
    let error = await #expect(throws: CurlError.self) {
      try await client.perform(Request(.get, server.url()))
    }
    #expect(error?.code == .reset)
  }

  @Test("Closing without a word is a reset; talking another protocol is not HTTP")
  func noHTTP() async throws {
    let server = try ScriptedServer { connection, number in
      _ = connection.readHead()
      if number > 0 { connection.write("220 mail.example ESMTP\r\n") }
      connection.end()
    }
    let silent = await #expect(throws: CurlError.self) {
      try await client.perform(Request(.get, server.url()))
    }
    #expect(silent?.code == .reset)
    let other = await #expect(throws: CurlError.self) {
      try await client.perform(Request(.get, server.url()))
    }
    #expect(other?.code == .notHTTP)
  }

  @Test("An early refusal is heard although the body has not all gone")
  func earlyAnswer() async throws {
    let source = try TemporaryFile(count: 30_000_000)
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      connection.answer("409 Conflict", ["Upload-Offset: 12"])
      // A server that closed now would make the client see a reset (tusd#1371).
      while !connection.read(1 << 20).isEmpty {}
    }
    let file = try ReadableFile(path: source.url.path)
    let response = try await client.perform(
      Request(.patch, server.url(), body: .file(file, offset: 0, length: 30_000_000)))
    #expect(response.status == 409)
    #expect(response.headers["Upload-Offset"] == "12")
    #expect(response.bytesSent < 30_000_000)
  }

  @Test("Nobody there is said so")
  func refused() async throws {
    let port = try LoopbackPort.free()
    let url = try #require(URL(string: "http://127.0.0.1:\(port)/"))
    let error = await #expect(throws: CurlError.self) { try await client.perform(Request(.get, url)) }
    #expect(error?.code == .cannotConnect)
    #expect(error?.text.contains("\(port)") == true)
  }

  @Test("An address of another scheme is refused before anything is tried")
  func scheme() async throws {
    let url = try #require(URL(string: "file:///etc/passwd"))
    let error = await #expect(throws: CurlError.self) { try await client.perform(Request(.get, url)) }
    #expect(error?.code == .badURL)
    #expect(error?.isRetryable == false)
  }

  @Test("A server that says nothing more is given up")
  func stall() async throws {
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      // Until the client gives up.
      _ = connection.read(1)
    }
    let error = await #expect(throws: CurlError.self) {
      try await client.perform(Request(.get, server.url(), timeouts: Timeouts(stall: .seconds(1))))
    }
    #expect(error?.code == .timedOut)
    #expect(error?.isRetryable == true)
  }

  @Test("Cancelling the task ends the transfer and closes its connection")
  func cancel() async throws {
    let (arrived, arrival) = AsyncStream<Void>.makeStream()
    let (ended, end) = AsyncStream<Int>.makeStream()
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      arrival.yield()
      end.yield(connection.read(1).count)
    }
    let task = Task { [client] () -> CurlError? in
      do throws(CurlError) {
        _ = try await client.perform(
          Request(.get, server.url(), timeouts: Timeouts(stall: .seconds(600))))
        return nil
      } catch {
        return error
      }
    }
    for await _ in arrived { break }
    task.cancel()
    #expect(await task.value?.code == .cancelled)
    for await count in ended {
      #expect(count == 0)
      break
    }
  }

  @Test("A program that is started meanwhile does not inherit the connection")
  func inheritance() async throws {
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      connection.answer("200 OK")
      _ = connection.read(1)
    }
    #expect(try await client.perform(Request(.get, server.url())).status == 200)
    // The connection is kept for the next request.
    #expect(server.clientSockets.map { fcntl($0, F_GETFD) } == [FD_CLOEXEC])
  }

  @Test("A task that is cancelled already sends nothing")
  func cancelledBefore() async throws {
    let server = try ScriptedServer { connection, _ in connection.reset() }
    let url = server.url()
    let task = Task { [client] () -> CurlError.Code? in
      withUnsafeCurrentTask { $0?.cancel() }
      do throws(CurlError) {
        _ = try await client.perform(Request(.get, url))
        return nil
      } catch {
        return error.code
      }
    }
    #expect(await task.value == .cancelled)
    #expect(server.connections == 0)
  }

  @Test("A redirect is reported and not followed")
  func redirect() async throws {
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      _ = connection.read(4)
      connection.answer("307 Temporary Redirect", ["Location: http://127.0.0.1:1/elsewhere"])
    }
    let response = try await client.perform(Request(.patch, server.url(), body: .bytes([1, 2, 3, 4])))
    #expect(response.status == 307)
    #expect(response.headers["Location"] == "http://127.0.0.1:1/elsewhere")
  }

  @Test("A body longer than allowed is cut off, and the answer still counts")
  func longBody() async throws {
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      connection.answer("200 OK", body: String(repeating: "x", count: 500_000))
    }
    let response = try await client.perform(Request(.get, server.url(), maximumResponseBytes: 1000))
    #expect(response.status == 200)
    #expect(response.body.count == 1000)
    #expect(response.bodyIsTruncated)
  }

  @Test("A file that became shorter fails the transfer and names the file")
  func shortFile() async throws {
    let source = try TemporaryFile(count: 1000)
    let server = try ScriptedServer { connection, _ in
      _ = connection.readHead()
      _ = connection.read(2000)
    }
    let file = try ReadableFile(path: source.url.path)
    let error = await #expect(throws: CurlError.self) {
      try await client.perform(Request(.patch, server.url(), body: .file(file, offset: 0, length: 2000)))
    }
    #expect(error?.code == .unreadableBody)
    #expect(error?.text.contains(source.url.path) == true)
    #expect(error?.isRetryable == false)
  }

  @Test("A header's value cannot smuggle in another line")
  func injection() async throws {
    let head = Mutex("")
    let server = try ScriptedServer { connection, _ in
      let text = connection.readHead() ?? ""
      head.withLock { $0 = text }
      connection.answer("200 OK")
    }
    let fields = [
      HeaderFields.Field(name: "X-Name", value: "a\r\nX-Evil: 1"), .init(name: "X-Empty", value: ""),
    ]
    _ = try await client.perform(Request(.get, server.url(), headers: fields))
    #expect(field("X-Evil", in: head.withLock { $0 }) == nil)
    #expect(field("X-Name", in: head.withLock { $0 }) == "aX-Evil: 1")
    #expect(head.withLock { $0 }.contains("X-Empty:"))
  }

  @Test("A background body waits while a foreground body goes to the same server, and not for its answer")
  func pausing() async throws {
    let length = 24_000_000
    let (urgent, source) = (try TemporaryFile(count: length), try TemporaryFile(count: 2_000_000))
    let order = Mutex<[String]>([])
    let (foregroundCame, foregroundArrival) = AsyncStream<Void>.makeStream()
    let (backgroundCame, backgroundWent) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let server = try ScriptedServer { connection, _ in
      let head = connection.readHead() ?? ""
      if head.hasPrefix("PATCH") {
        // Longer than the stall that ends a transfer: a pause is none.
        let isEarly = connection.hasBytes(within: 11_000)
        order.withLock { $0.append(isEarly ? "body too early" : "background asked") }
        backgroundCame.signal()
        let body = connection.read(2_000_000)
        order.withLock { $0.append("background got \(body.count)") }
        backgroundWent.signal()
        connection.answer("204 No Content")
      } else {
        var count = connection.read(1000).count
        foregroundArrival.yield()
        backgroundCame.wait()
        count += connection.read(length - count).count
        backgroundWent.wait()
        order.withLock { $0.append("foreground answered, got \(count)") }
        connection.answer("200 OK")
      }
    }
    let files = try [urgent, source].map { try ReadableFile(path: $0.url.path) }
    try await withThrowingTaskGroup(of: Int.self) { group in
      // They wait for each other, which other tests may keep from starting for a while: that is no stall of a network.
      group.addTask {
        try await client.perform(
          Request(
            .put, server.url(), body: .file(files[0], offset: 0, length: Int64(length)),
            timeouts: Timeouts(stall: .seconds(300)))
        ).status
      }
      for await _ in foregroundCame { break }
      group.addTask {
        try await client.perform(
          Request(
            .patch, server.url(), body: .file(files[1], offset: 0, length: 2_000_000), priority: .background,
            timeouts: Timeouts(stall: .seconds(10)))
        ).status
      }
      var statuses: Set<Int> = []
      for try await status in group { statuses.insert(status) }
      #expect(statuses == [200, 204])
    }
    #expect(
      order.withLock { $0 }
        == ["background asked", "background got 2000000", "foreground answered, got \(length)"])
  }

  @Test("Many transfers at once all arrive")
  func many() async throws {
    let server = try ScriptedServer { connection, _ in
      while let head = connection.readHead() {
        let body = connection.read(Int(field("Content-Length", in: head) ?? "") ?? 0)
        connection.answer("200 OK", body: String(body.count))
      }
    }
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for count in 1...60 {
        group.addTask {
          let response = try await client.perform(
            Request(.post, server.url(), body: .bytes([UInt8](repeating: 7, count: count * 999))))
          return String(decoding: response.body, as: UTF8.self) == String(count * 999)
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
