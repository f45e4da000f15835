public import Journal

/// Compares what the journal says a destination has with what it really has.
///
/// Making one is looking at the destination as a whole; each kind of destination has its own.
public protocol DestinationVerifier: Sendable {
  /// Which of some deliveries, all of them sent to this destination, it has not got as they were sent.
  /// - Returns: in the order given.
  /// - Throws: `VerificationError` when that cannot be told; then nothing is said of any of them.
  func missing(of deliveries: [Delivery]) async throws(VerificationError) -> [MissingDelivery]
}

extension DestinationVerifier {
  /// Asks about several deliveries at once.
  /// - Parameter reason: why one is not there; `nil` if it is.
  func missing(
    of deliveries: [Delivery],
    asking reason: @escaping @Sendable (Delivery) async -> Result<String?, VerificationError>
  ) async throws(VerificationError) -> [MissingDelivery] {
    let reasons = await withTaskGroup(of: (Int, Result<String?, VerificationError>).self) { group in
      var reasons: [Int: Result<String?, VerificationError>] = [:]
      var next = deliveries.indices.makeIterator()
      for _ in 0..<8 {
        if let index = next.next() { group.addTask { (index, await reason(deliveries[index])) } }
      }
      for await (index, answer) in group {
        reasons[index] = answer
        if case .failure = answer { break }
        if let index = next.next() { group.addTask { (index, await reason(deliveries[index])) } }
      }
      group.cancelAll()
      return reasons
    }
    for case .failure(let failure) in reasons.values { throw failure }
    return deliveries.indices.compactMap { index in
      guard case .success(let reason?) = reasons[index] else { return nil }
      return MissingDelivery(deliveries[index], reason: reason)
    }
  }
}

/// A delivery that was sent and is not there.
public struct MissingDelivery: Hashable, Sendable {
  public var delivery: Delivery
  /// What the destination has instead, as a clause for a person: `it is not in the album`.
  public var reason: String

  public init(_ delivery: Delivery, reason: String) {
    self.delivery = delivery
    self.reason = reason
  }
}

/// Why a destination could not be compared with the journal.
public struct VerificationError: Error, Sendable, CustomStringConvertible {
  /// What kind of trouble it is.
  public enum Code: Hashable, Sendable {
    /// It cannot be reached, or fails.
    case unreachable
    /// It does not let us look.
    case notAllowed
    /// There is nothing of that name.
    case noSuchAlbum
  }

  public let code: Code
  /// One sentence for a person.
  public let description: String
  public let underlying: (any Error)?

  public init(_ code: Code, _ description: String, underlying: (any Error)? = nil) {
    self.code = code
    self.description = description
    self.underlying = underlying
  }
}
