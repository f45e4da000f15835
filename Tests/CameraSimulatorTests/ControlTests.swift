import Testing

@testable import CameraSimulator

@Suite("A camera is told what to do in words")
struct ControlTests {
  static let lines: [(line: String, command: ControlCommand)] = [
    ("shoot", .shoot(1)), ("shoot 3", .shoot(3)), ("list", .list), ("status", .status),
    ("fault drop", .fault(.drop)), ("fault drop-after 1000000", .fault(.dropAfter(bytes: 1_000_000))),
    ("fault stall", .fault(.stall(seconds: nil))), ("fault stall 2.5", .fault(.stall(seconds: 2.5))),
    ("fault busy 4", .fault(.busy(operations: 4))),
    ("fault slow 50000", .fault(.slow(bytesPerSecond: 50_000))),
    ("fault short 10 2", .fault(.short(bytes: 10, downloads: 2))),
    ("fault truncate 7", .fault(.truncate(bytes: 7))),
    ("fault duplicate-events", .fault(.duplicateEvents(1))),
    ("fault missing-events 2", .fault(.missingEvents(2))),
    ("fault unknown-objects", .fault(.unknownObjects(1))), ("fault refuse", .fault(.refuse(connections: 1))),
    ("fault init-fail 3", .fault(.initFail(.busy, times: 3))), ("fault rollover", .fault(.rollover)),
    ("fault name a b.JPG", .fault(.name("a b.JPG"))),
    ("fault hostile-name traversal", .fault(.name("../../evil.JPG"))),
    ("clear", .clear), ("battery 12", .battery(12)), ("clock -3600", .clock(-3600)), ("format", .format),
    ("reinsert", .reinsert), ("delete IMG_0001.JPG", .delete("IMG_0001.JPG")), ("protect A", .protect("A")),
    ("unprotect A", .unprotect("A")), ("help", .help), ("quit", .quit),
    (#"["fault","name","two  spaces.JPG"]"#, .fault(.name("two  spaces.JPG"))),
  ]

  @Test("Every command is understood", arguments: 0..<lines.count)
  func understands(_ index: Int) throws {
    #expect(try ControlCommand(line: Self.lines[index].line) == Self.lines[index].command)
  }

  @Test(
    "What is no command is refused",
    arguments: [
      "", "dance", "shoot -1", "shoot x", "fault", "fault rain", "fault busy", "clock soon", "delete",
    ])
  func refuses(_ line: String) {
    #expect(throws: CameraSimulatorError.self) { try ControlCommand(line: line) }
  }

  @Test("Commands come over a socket, a line of JSON for each")
  func overSocket() throws {
    let camera = try SimulatedCamera(configuration(.generic))
    defer { camera.stop() }
    let server = try ControlServer(camera: camera, port: 0) {}
    defer { server.stop() }
    let socket = try Socket.connected(to: server.port)
    func ask(_ line: String) throws -> String {
      #expect(socket.send(Array("\(line)\n".utf8)))
      var answer: [UInt8] = []
      while let byte = socket.receive(1)?.first, byte != UInt8(ascii: "\n") { answer.append(byte) }
      return String(decoding: answer, as: UTF8.self)
    }
    #expect(try ask("shoot").contains(#""name":"IMG_0001.JPG""#))
    #expect(try ask("list").contains(#""path":"/DCIM/100PIXCH/IMG_0001.JPG""#))
    #expect(try ask("dance").hasPrefix(#"{"error":"#))
    #expect(try ask("delete IMG_0001.JPG") == #"{"count":1,"ok":true}"#)
    #expect(try ask("status").contains(#""files":0"#))
  }
}
