import Dispatch
import Foundation

/// Takes commands for a camera on a TCP port of 127.0.0.1: a line for each, answered by a line of JSON.
public final class ControlServer: Sendable {
  /// The port on 127.0.0.1.
  public let port: UInt16

  private let listener: Socket
  private let isPortFree = DispatchSemaphore(value: 0)

  /// - Parameters:
  ///   - port: 0 lets the kernel choose.
  ///   - onQuit: called on a thread of the server's after `quit` was answered.
  /// - Throws: `CameraSimulatorError` with code `socket`.
  public init(
    camera: SimulatedCamera, port: UInt16, onQuit: @escaping @Sendable () -> Void
  ) throws(CameraSimulatorError) {
    let listener = try Socket.listening(on: port)
    self.listener = listener
    self.port = listener.port
    let isPortFree = isPortFree
    Thread.detachNewThread {
      while let connection = listener.accept() {
        Thread.detachNewThread { Self.serve(connection, camera: camera, onQuit: onQuit) }
      }
      isPortFree.signal()
    }
  }

  /// Takes no more connections; those that stand end with their other side.
  public func stop() {
    listener.shutDown()
    isPortFree.wait()
  }

  private static func serve(_ connection: Socket, camera: SimulatedCamera, onQuit: @Sendable () -> Void) {
    var line: [UInt8] = []
    while let byte = connection.receive(1)?.first, line.count < 65_536 {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
      line = []
      if text.isEmpty { continue }
      guard connection.send(JSONLine.encoded(camera.perform(line: text))) else { return }
      if text == "quit" {
        onQuit()
        return
      }
    }
  }
}

/// One JSON object on a line of its own.
public enum JSONLine {
  /// The line with its end.
  public static func encoded(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    } catch {
      // Only numbers that JSON has no word for could fail; none is ever encoded here.
      return Array("{\"ok\":false,\"error\":\"this answer has no JSON\"}\n".utf8)
    }
  }
}
