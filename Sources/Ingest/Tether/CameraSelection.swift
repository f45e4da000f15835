public import GPhoto

/// Which cameras to tether, as `--camera` names them (contract.md).
public enum CameraSelection: Hashable, Sendable, CustomStringConvertible {
  /// Every PTP camera on USB, as it is plugged in.
  case auto
  /// One camera.
  case port(CameraPort)

  /// Reads `auto`, `usb:BUS,DEVICE` or `ptpip:HOST[:PORT]`.
  /// - Throws: `CameraPort.ParseError` with what is wrong with the text.
  public init(parsing text: String) throws(CameraPort.ParseError) {
    self = text == "auto" ? .auto : .port(try CameraPort(parsing: text))
  }

  public var description: String {
    switch self {
    case .auto: "auto"
    case .port(let port): port.description
    }
  }
}

/// Which frames that nobody announced to us are fetched when a camera is listed (contract.md, `--catch-up`).
public enum CatchUp: String, Hashable, Sendable, CaseIterable {
  /// Everything on the card that was never taken.
  case all
  /// What was shot since the session began and was missed while disconnected.
  case session
  /// Nothing.
  case none
}
