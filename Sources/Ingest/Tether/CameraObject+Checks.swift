import Foundation
import GPhoto
import Journal
import Model

/// What a worker says of a camera's file is what the camera says: input to check.
extension CameraObject {
  /// Whether it can be a file at all. Paths and control characters in its name are no reason to lose a frame: the
  /// spool and the screen get a harmless name.
  var isPlausible: Bool {
    (1...1024).contains(name.utf8.count) && folder.hasPrefix("/") && folder.utf8.count <= 4096
      && (bytes.map { $0 >= 0 } ?? true) && (mediaType?.utf8.count ?? 0) <= 255
  }

  /// How the journal names it.
  var source: SourceObject {
    SourceObject(folder: folder, name: name, bytes: bytes ?? -1, modified: modified)
  }
}

extension CameraLink {
  /// What a camera is called in the journal: its serial number. One without is called by its model, and on a network
  /// by its address too; a USB address changes with every plugging in.
  static func name(of identity: WorkerIdentity, port: CameraPort) -> String {
    if let serial = identity.serial, !serial.isEmpty { return DisplayName.of(serial) }
    let model = DisplayName.of(identity.model)
    switch port {
    case .usb: return model
    case .ptpip, .disk: return "\(model) at \(port)"
    }
  }

  /// Pictures and clips, by their name or by the camera's word; not the lists and marks that cameras write besides.
  static func isWanted(_ object: CameraObject) -> Bool {
    if MediaType.isPictureOrClip(named: object.name) { return true }
    guard let type = object.mediaType else { return false }
    return type.hasPrefix("image/") || type.hasPrefix("video/")
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
}
