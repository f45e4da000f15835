import CCurl
import Foundation
import Synchronization

/// HTTP by libcurl's multi interface: one thread of its own, any number of transfers, connections kept and shared.
///
/// Environment variables name proxies as they do for `curl` (`https_proxy`, `http_proxy`, `no_proxy`, …). TLS is 1.2 or
/// newer with the system's certificates; HTTP/2 is taken where a server offers it over TLS. The thread ends, and
/// transfers still under way fail with `stopped`, when the client is released.
public final class CurlClient: Sendable {
  /// What holds for every transfer of a client.
  public struct Options: Sendable {
    /// The `User-Agent` field.
    public var userAgent: String
    /// The TCP congestion control asked of the kernel, `bbr` say; one that it does not allow is passed over.
    public var congestionControl: String?
    /// A file of certificates (PEM) trusted besides the system's folder of them.
    public var certificateFile: String?

    public init(userAgent: String, congestionControl: String? = nil, certificateFile: String? = nil) {
      self.userAgent = userAgent
      self.congestionControl = congestionControl
      self.certificateFile = certificateFile
    }
  }

  private let loop: MultiLoop
  /// Whether the kernel gives what `Options.congestionControl` asks for.
  public let hasCongestionControl: Bool

  /// - Throws: `CurlError` if libcurl cannot start, which is for want of memory.
  public init(_ options: Options) throws(CurlError) {
    let loop = try MultiLoop(options)
    self.loop = loop
    hasCongestionControl = options.congestionControl.map(SocketTuning.isGranted) ?? false
    let thread = Thread { loop.run() }
    thread.name = "curl"
    thread.start()
  }

  deinit {
    loop.stop()
  }

  /// Limits how fast the bodies of all requests together are sent, those to this machine excepted.
  /// - Parameter bytesPerSecond: on the link, the headers of packets included; `nil` is no limit.
  public func setLimit(bytesPerSecond: Double?) {
    loop.setLimit(bytesPerSecond.map { max(1, $0) })
  }

  /// Takes that the network has changed: no open connection is used again, and transfers over an address that this machine no
  /// longer has end with `reset`.
  public func networkChanged() {
    loop.networkChanged()
  }

  /// Performs one request and waits for the whole response. Cancelling the task ends the transfer at once.
  /// - Throws: `CurlError` if there was no response.
  public func perform(_ request: Request) async throws(CurlError) -> Response {
    guard ["http", "https"].contains(request.url.scheme?.lowercased() ?? "") else {
      throw CurlError(.badURL, text: "\(request.url) is neither http nor https")
    }
    let token = CancelToken()
    let result: Result<Response, CurlError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.start(Ticket(request: request, token: token, continuation: continuation))
      }
    } onCancel: {
      loop.cancel(token)
    }
    return try result.get()
  }
}

/// Names one call of `perform`, and remembers that it was cancelled even before the loop has heard of it.
final class CancelToken: Sendable {
  private let flag = Atomic(false)

  var isCancelled: Bool { flag.load(ordering: .acquiring) }

  func cancel() {
    flag.store(true, ordering: .releasing)
  }
}

/// A request on its way to the loop, with whom to tell.
struct Ticket: Sendable {
  let request: Request
  let token: CancelToken
  let continuation: CheckedContinuation<Result<Response, CurlError>, Never>
}
