import Foundation
import GPhoto
import Journal
import Model

extension CameraLink {
  /// What a camera is called in the journal: its serial number. One without is called by its model and where it is: its
  /// address on a network, or its socket on USB (the address there changes with every plugging in), so that two of a model
  /// are two cameras.
  /// - Parameter socket: the socket in which its seat found it first.
  static func name(of identity: WorkerIdentity, port: CameraPort, socket: String?) -> String {
    if let serial = identity.serial, !serial.isEmpty { return DisplayName.of(serial) }
    let model = DisplayName.of(identity.model)
    switch port {
    case .usb: return (socket ?? identity.socket).map { "\(model) in USB socket \($0)" } ?? model
    case .ptpip, .disk: return "\(model) at \(port)"
    }
  }

  /// The spool's folder of a day, by the local calendar.
  static func day(_ date: Date) -> String {
    let parts = Calendar(identifier: .gregorian).dateComponents([.year, .month, .day], from: date)
    func padded(_ number: Int?, _ digits: Int) -> String {
      let text = String(number ?? 0)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    return "\(padded(parts.year, 4))-\(padded(parts.month, 2))-\(padded(parts.day, 2))"
  }

  static func source(_ object: CameraObject) -> SourceObject {
    SourceObject(
      folder: object.folder, name: object.name, bytes: object.bytes ?? -1, modified: object.modified)
  }

  /// Pictures and clips, by their name or by the camera's word; not the lists and marks that cameras write besides.
  static func isWanted(_ object: CameraObject) -> Bool {
    if MediaType.isPictureOrClip(named: object.name) { return true }
    guard let type = object.mediaType else { return false }
    return type.hasPrefix("image/") || type.hasPrefix("video/")
  }
}
