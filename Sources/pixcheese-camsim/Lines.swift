import CameraSimulator
import Foundation
import Synchronization

/// The only way to standard output: whole lines, from whichever thread.
final class LineOutput: Sendable {
  private let lock = Mutex(())

  func write(_ value: some Encodable & Sendable) {
    lock.withLock { _ in
      do {
        try FileHandle.standardOutput.write(contentsOf: Data(JSONLine.encoded(value)))
      } catch {
        // Nobody reads any more; the camera goes on.
      }
    }
  }
}

/// The first line.
struct ReadyLine: Encodable, Sendable {
  let event = "ready"
  let port: UInt16
  let control: UInt16?
  let vendor: String
  let serial: String

  init(_ camera: SimulatedCamera, control: UInt16?) {
    port = camera.port
    self.control = control
    vendor = camera.configuration.vendor.rawValue
    serial = camera.configuration.serialNumber
  }

  private enum CodingKeys: CodingKey {
    case event, port, control, vendor, serial
  }
}

/// The line of a frame.
struct ShotLine: Encodable, Sendable {
  let event = "shot"
  let shot: ControlAnswer.Taken

  init(_ shot: Shot) {
    self.shot = ControlAnswer.Taken(shot)
  }

  private enum CodingKeys: CodingKey {
    case event
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(event, forKey: .event)
    try shot.encode(to: encoder)
  }
}
