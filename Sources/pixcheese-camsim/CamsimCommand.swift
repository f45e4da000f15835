public import ArgumentParser
public import CameraSimulator
import Dispatch
import Foundation

/// `pixcheese-camsim`: options, a camera, and lines in and out.
struct CamsimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pixcheese-camsim",
    abstract: "A PTP camera in software, for demonstrations, tests and measurements.",
    discussion: """
      It listens on 127.0.0.1 and speaks PTP/IP, so that libgphoto2 takes it for a camera:

        gphoto2 --camera "PTP/IP Camera" --port ptpip:127.0.0.1:PORT:PORT --list-files

      Give the port twice: with one, libgphoto2 looks for events at 15740.

      The first line it prints is {"event":"ready","port":…,"control":…,"vendor":…,"serial":…}. Every frame \
      prints {"event":"shot","name":…,"bytes":…,"sha256":…,"handle":…,"time":…}. Lines on standard input, and \
      on the port of --control, are commands; each is answered by one line of JSON:

      \(ControlCommand.summary)

      A command may also be a JSON array of strings: ["fault","name","../../evil.JPG"].
      """)

  @Option(help: "Whose ways the camera has: generic, nikon, canon, sony or fuji.")
  var vendor: Vendor = .generic

  @Option(help: "The model's name; by default one of the vendor's.")
  var model: String?

  @Option(help: "The serial number.")
  var serial = "PXC0000001"

  @Option(help: "The port for PTP/IP; 0 takes a free one and says which.")
  var port: UInt16 = 0

  @Option(help: "Also take commands on this TCP port of 127.0.0.1; 0 takes a free one and says which.")
  var control: UInt16?

  @Option(help: "A folder that is the memory card. New frames are written to DCIM in it.", transform: folder)
  var card: URL?

  @Option(help: "How many cards: 1, or 2 that both get every frame.")
  var slots = 1

  @Option(
    help: "Write a RAW file with this extension (CR3, NEF) beside every frame; of two cards to the second.")
  var raw: String?

  @Flag(help: "The RAW file comes before the other.")
  var rawFirst = false

  @Flag(
    help: "A Canon body without a card: a frame goes into its memory, and from there to the computer only.")
  var memoryOnly = false

  @Option(
    help: "Keep frames in a buffer of so many, as some Fuji bodies do, until the computer deletes them.")
  var buffer: Int?

  @Option(help: "How much fits on a card, in gigabytes.")
  var capacity = 64.0

  @Option(help: "Take the frames from this folder's files in turn, unchanged.", transform: folder)
  var shots: URL?

  @Flag(help: "Frames from --shots keep their own names.")
  var keepNames = false

  @Option(help: "Take a frame every so many seconds.")
  var every: Double?

  @Option(help: "With --every: stop after this many frames.")
  var count: Int?

  @Option(
    help:
      """
      How large a made frame is, in megabytes (1,000,000 bytes), met exactly. Above 8: 24 megapixels; \
      below 0.1: 480 by 320 pixels.
      """
  )
  var megabytes = 4.0

  @Option(
    help: "Draw only so many different scenes and use them again with a new EXIF head; 0 draws every frame.")
  var scenes = 0

  @Flag(help: "Frames are noise behind an EXIF head and no pictures: quick to make, for measuring transfers.")
  var noise = false

  @Option(help: "Decides what made frames look like.")
  var seed: UInt64 = 1

  @Flag(inversion: .prefixedNo, help: "Offer GetPartialObject, reading in parts.")
  var partial = true

  @Option(help: "The battery's level in percent.")
  var battery = 80

  @Option(help: "How far the camera's clock is ahead of this machine's, in seconds.")
  var clock = 0.0

  @Flag(
    help: "End when standard input ends, so that the camera does not outlive the program that started it.")
  var exitOnEof = false

  func validate() throws {
    guard (1...2).contains(slots) else { throw ValidationError("--slots is 1 or 2.") }
    guard !memoryOnly || vendor == .canon else {
      throw ValidationError("--memory-only is for --vendor canon.")
    }
    guard buffer.map({ $0 > 0 }) ?? true else { throw ValidationError("--buffer is 1 or more.") }
    guard (0...100).contains(battery) else { throw ValidationError("--battery is 0 to 100.") }
    guard megabytes >= 0.01, megabytes <= 4000 else { throw ValidationError("--megabytes is 0.01 to 4000.") }
    guard capacity > 0, capacity <= 1_000_000 else { throw ValidationError("--capacity is above 0.") }
    guard every.map({ $0 > 0 && $0.isFinite }) ?? true else { throw ValidationError("--every is above 0.") }
    guard clock.isFinite else { throw ValidationError("--clock is a number of seconds.") }
  }

  /// What the options describe.
  var camera: CameraConfiguration {
    var camera = CameraConfiguration()
    camera.vendor = vendor
    camera.model = model
    camera.serialNumber = serial
    camera.port = port
    camera.card = card
    camera.slots = slots
    camera.capacity = UInt64(capacity * 1_000_000_000)
    let bytes = Int(megabytes * 1_000_000)
    if let shots {
      camera.pictures = .files(shots)
    } else {
      camera.pictures = noise ? .noise(bytes: bytes) : .scenes(SceneOptions(bytes: bytes, distinct: scenes))
    }
    camera.seed = seed
    camera.offersPartialObject = partial
    camera.batteryLevel = battery
    camera.clockOffset = clock
    camera.keepsFileNames = keepNames
    camera.rawExtension = raw
    camera.isRawFirst = rawFirst
    camera.isMemoryOnly = memoryOnly
    camera.buffer = buffer
    return camera
  }

  func run() throws {
    let output = LineOutput()
    let camera = try SimulatedCamera(camera) { output.write(ShotLine($0)) }
    let isOver = DispatchSemaphore(value: 0)
    let server = try control.map { port in
      try ControlServer(camera: camera, port: port) { isOver.signal() }
    }
    output.write(ReadyLine(camera, control: server?.port))
    readCommands(camera, output, isOver)
    if let every { takeFrames(camera, every: every, output) }
    isOver.wait()
    server?.stop()
    camera.stop()
  }

  private func readCommands(_ camera: SimulatedCamera, _ output: LineOutput, _ isOver: DispatchSemaphore) {
    let exitOnEof = exitOnEof
    Thread.detachNewThread {
      while let line = readLine() {
        let text = line.trimmingCharacters(in: .whitespaces)
        if text.isEmpty { continue }
        output.write(camera.perform(line: text))
        if text == "quit" {
          isOver.signal()
          return
        }
      }
      if exitOnEof { isOver.signal() }
    }
  }

  /// Frames come by the clock, not by how long they take to make.
  private func takeFrames(_ camera: SimulatedCamera, every seconds: Double, _ output: LineOutput) {
    let count = count ?? .max
    Thread.detachNewThread {
      let start = Date()
      for index in 0..<count {
        Thread.sleep(until: start.addingTimeInterval(Double(index + 1) * seconds))
        let answer = camera.perform(line: "shoot")
        if !answer.ok { output.write(answer) }
      }
    }
  }

  @Sendable private static func folder(_ path: String) throws -> URL {
    let url = URL(fileURLWithPath: path, isDirectory: true)
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw ValidationError("\(path) is not a folder.")
    }
    return url
  }
}

extension Vendor: ExpressibleByArgument {}
