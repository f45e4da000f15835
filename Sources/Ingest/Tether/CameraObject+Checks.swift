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
      && (bytes.map { (0...1 << 50).contains($0) } ?? true) && ClockReading.times.contains(modified)
      && (mediaType?.utf8.count ?? 0) <= 255
  }

  /// How the journal names it.
  var source: SourceObject {
    SourceObject(folder: folder, name: name, bytes: bytes ?? -1, modified: modified)
  }
}
