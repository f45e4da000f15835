import CCurl
import Foundation
import Synchronization

/// libcurl's multi handle and the thread that alone touches it; others leave orders in its inbox and wake it.
final class MultiLoop: Sendable {
  private enum Order {
    case start(Ticket)
    case cancel(CancelToken)
    case limit(Double?)
    case networkChanged
  }

  private struct Inbox {
    var orders: [Order] = []
    var isStopping = false
    /// From here on the handle must not be woken: it is about to be freed.
    var isClosed = false
  }

  private let inbox = Mutex(Inbox())
  private let options: CurlClient.Options
  /// Used by the loop's thread only, but for `curl_multi_wakeup`, which any thread may call.
  nonisolated(unsafe) private let multi: UnsafeMutableRawPointer

  /// libcurl asks for this once in a process, before anything else.
  private static let globalResult = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

  init(_ options: CurlClient.Options) throws(CurlError) {
    guard Self.globalResult == CURLE_OK else { throw CurlError(Self.globalResult, detail: "") }
    guard let multi = curl_multi_init() else {
      throw CurlError(CURLE_OUT_OF_MEMORY, detail: "")
    }
    self.multi = multi
    self.options = options
  }

  func start(_ ticket: Ticket) {
    let isAccepted = inbox.withLock { inbox in
      guard !inbox.isStopping else { return false }
      inbox.orders.append(.start(ticket))
      return true
    }
    if isAccepted {
      wake()
    } else {
      ticket.continuation.resume(returning: .failure(Self.stopped))
    }
  }

  func cancel(_ token: CancelToken) {
    // The flag before the order: an order that overtakes its `start` finds nothing, and `start` then sees the flag.
    token.cancel()
    inbox.withLock { $0.orders.append(.cancel(token)) }
    wake()
  }

  func setLimit(_ bytesPerSecond: Double?) {
    inbox.withLock { $0.orders.append(.limit(bytesPerSecond)) }
    wake()
  }

  func networkChanged() {
    inbox.withLock { $0.orders.append(.networkChanged) }
    wake()
  }

  func stop() {
    inbox.withLock { $0.isStopping = true }
    wake()
  }

  private func wake() {
    // Under the lock, so that the handle cannot be freed meanwhile; waking writes one byte into a pipe.
    inbox.withLock { inbox in
      if !inbox.isClosed { curl_multi_wakeup(multi) }
    }
  }

  /// The thread's whole life.
  func run() {
    // OpenSSL writes without MSG_NOSIGNAL: a peer that is gone must be an error here, not the end of the process.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    let sockets = OpenSockets()
    let table = TransferTable(multi: multi, options: options, sockets: sockets)
    while true {
      let (orders, isStopping) = inbox.withLock { inbox in
        let orders = inbox.orders
        inbox.orders.removeAll(keepingCapacity: true)
        return (orders, inbox.isStopping)
      }
      for order in orders {
        switch order {
        case .start(let ticket): table.start(ticket)
        case .cancel(let token): table.cancel(token)
        case .limit(let bytesPerSecond): table.setLimit(bytesPerSecond)
        case .networkChanged: table.networkChanged()
        }
      }
      if isStopping { break }
      table.perform()
      // Wakes for sockets, for libcurl's own timers and for `wake`; the time is only an upper bound.
      curl_multi_poll(multi, nil, 0, table.longestWait, nil)
    }
    table.fail(with: Self.stopped)
    inbox.withLock { $0.isClosed = true }
    withExtendedLifetime(sockets) { _ = curl_multi_cleanup(multi) }
  }

  private static let stopped = CurlError(.stopped, text: "the client has stopped")
}
