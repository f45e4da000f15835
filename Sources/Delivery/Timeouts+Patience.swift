import Curl

extension Timeouts {
  /// The same, but for a request that the server answers only when it has read and written a whole file of its own: the parts
  /// that it joins. Half a minute, and more for what 20 MiB a second take.
  func patient(forFileOf bytes: Int64) -> Timeouts {
    var patient = self
    patient.stall = max(stall, .seconds(30 + bytes / (20 << 20)))
    return patient
  }
}
