import Hummingbird
import NIOCore

/// What a request brings besides itself: its connection, so that it can be cut off.
struct AlbumRequestContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }

  /// Closes the connection at once, whatever is under way on it.
  var cutOff: @Sendable () -> Void {
    { [channel] in channel.close(promise: nil) }
  }
}
