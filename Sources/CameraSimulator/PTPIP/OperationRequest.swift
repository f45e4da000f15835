/// What an initiator asks for: an operation with up to five parameters (PIMA 15740:2000, clause 9.3.1).
public struct OperationRequest: Hashable, Sendable {
  public var code: OperationCode
  public var transaction: UInt32
  public var parameters: [UInt32]
  /// Whether a data phase from the initiator follows.
  public var sendsData: Bool

  public init(code: OperationCode, transaction: UInt32, parameters: [UInt32] = [], sendsData: Bool = false) {
    self.code = code
    self.transaction = transaction
    self.parameters = parameters
    self.sendsData = sendsData
  }

  /// The parameter at an index, 0 where it was not sent: an absent parameter counts as 0.
  subscript(index: Int) -> UInt32 {
    index < parameters.count ? parameters[index] : 0
  }
}
