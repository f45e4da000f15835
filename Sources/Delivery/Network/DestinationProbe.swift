public import Curl
public import Foundation

/// Asks a destination whether it answers as it should, and sends it nothing.
public struct DestinationProbe: Sendable {
  /// What came of it.
  public struct Finding: Hashable, Sendable {
    /// What stands in the way; `nil` if nothing does.
    public var reason: DeliveryReason?
    /// Seconds by which this machine's clock is ahead, if that is too much.
    public var clockError: TimeInterval?
  }

  private let curl: CurlClient

  public init(curl: CurlClient) {
    self.curl = curl
  }

  /// Asks what the server can do, as every upload begins.
  public func ask(_ destination: DeliveryDestination) async -> Finding {
    let endpoint = TusEndpoint(creation: destination.creationURL, token: destination.token)
    let options = endpoint.options()
    let clock = ServerClock { _ in }
    let timeouts = Timeouts(connect: .seconds(5), total: .seconds(10))
    do {
      let response = try await curl.perform(
        Request(options.method, options.url, headers: options.headers, timeouts: timeouts))
      clock.take(response)
      guard TusFeatures(response) == nil else { return Finding(clockError: clock.error) }
      // What the same answer would mean for an upload.
      var upload = TusUpload(endpoint: endpoint, length: 1)
      _ = upload.begin()
      guard case .stop(let reason, _) = upload.answered(TusAnswer(response, now: Date())) else {
        return Finding(
          reason: DeliveryReason(.intercepted, "Something that is no tus server answers \(response.status)."),
          clockError: clock.error)
      }
      return Finding(reason: reason, clockError: clock.error)
    } catch {
      let error = await curl.explain(error, for: options.url, clock: clock)
      return Finding(
        reason: DeliveryReason(error.code == .certificate ? .certificate : .offline, error.text),
        clockError: clock.error)
    }
  }
}
