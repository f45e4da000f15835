import Curl

extension Timeouts {
  /// The same, but for a request that the server answers only when it has read a whole file of its own, or read and written
  /// it: the parts that it joins. Half a minute, and more by the file's length.
  /// - Parameter rate: bytes a second.
  func patient(forFileOf bytes: Int64, at rate: Int64 = 20 << 20) -> Timeouts {
    var patient = self
    patient.stall = max(stall, .seconds(30 + bytes / rate))
    return patient
  }
}
