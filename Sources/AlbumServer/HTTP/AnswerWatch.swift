import NIOCore

/// Closes a connection whose other side takes nothing of its answer: not a byte of what waits went out for as long as a
/// connection may say nothing.
///
/// Hummingbird's own idle timeout ends requests that say nothing, and rests while one is answered.
final class AnswerWatch: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = Any

  /// What changes when something goes out: how many writes have ended, and how many bytes the connection holds.
  private struct Progress: Equatable {
    var ended: Int
    var waiting: Int
  }

  private let patience: TimeAmount
  /// Writes that have not ended.
  private var pending = 0
  private var ended = 0
  private var last = Progress(ended: 0, waiting: 0)
  private var lastChange = NIODeadline.now()
  private var nextLook: Scheduled<Void>?

  init(patience: TimeAmount) {
    self.patience = patience
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let promise = promise ?? context.eventLoop.makePromise()
    pending += 1
    promise.futureResult.assumeIsolated().whenComplete { _ in
      self.pending -= 1
      self.ended += 1
    }
    context.write(data, promise: promise)
    if nextLook == nil {
      lastChange = .now()
      scheduleLook(at: context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    nextLook?.cancel()
    nextLook = nil
  }

  private func scheduleLook(at context: ChannelHandlerContext) {
    nextLook = context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(patience.nanoseconds / 4)) {
      self.nextLook = nil
      if self.pending > 0 { self.look(at: context) }
    }
  }

  private func look(at context: ChannelHandlerContext) {
    let waiting: Int
    do {
      waiting = try context.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? 0
    } catch {
      // Every channel of a socket has this option, unless it is closed already.
      return context.close(promise: nil)
    }
    let progress = Progress(ended: ended, waiting: waiting)
    if progress != last {
      last = progress
      lastChange = .now()
    }
    guard lastChange + patience > .now() else { return context.close(promise: nil) }
    scheduleLook(at: context)
  }
}
