import Foundation
import NIOCore
import NIOPosix

/// A connection on which a test says exactly the bytes that it wants to, and reads what comes.
struct RawConnection: Sendable {
  private let channel: any Channel
  private let received: AsyncThrowingStream<String, any Error>

  /// Opens a connection; it is closed after the body.
  static func with<Value>(port: Int, _ body: (RawConnection) async throws -> Value) async throws -> Value {
    let connection = try await RawConnection(port: port)
    do {
      let value = try await body(connection)
      try await connection.close()
      return value
    } catch {
      try? await connection.close()
      throw error
    }
  }

  /// Opens a connection that the test closes, or the server.
  /// - Parameter reads: whether it takes what comes; a guest whose phone sleeps does not.
  static func open(port: Int, reads: Bool = true) async throws -> RawConnection {
    try await RawConnection(port: port, reads: reads)
  }

  private init(port: Int, reads: Bool = true) async throws {
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: String.self)
    received = stream
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.autoRead, value: reads)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Receiver(continuation: continuation))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func send(_ text: String) async throws {
    try await channel.writeAndFlush(ByteBuffer(string: text)).get()
  }

  func send(_ bytes: [UInt8]) async throws {
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
  }

  /// Takes a little of what has come, on a connection that takes nothing by itself.
  func takeSome() {
    channel.read()
  }

  /// Everything that arrives until a text has been seen, or the other side closes.
  func read(until text: String) async throws -> String {
    var all = ""
    for try await piece in received {
      all += piece
      if all.contains(text) { break }
    }
    return all
  }

  /// Waits until the other side has closed.
  func closed() async throws {
    for try await _ in received {}
  }

  func close() async throws {
    do {
      try await channel.close().get()
    } catch ChannelError.alreadyClosed {}
  }

  private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncThrowingStream<String, any Error>.Continuation

    init(continuation: AsyncThrowingStream<String, any Error>.Continuation) {
      self.continuation = continuation
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      continuation.yield(String(buffer: unwrapInboundIn(data)))
    }

    func channelInactive(context: ChannelHandlerContext) {
      continuation.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      // A reset is an end like any other here.
      context.close(promise: nil)
    }
  }
}
