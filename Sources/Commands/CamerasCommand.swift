import ArgumentParser
import Foundation
import Ingest
import Journal
import SystemPackage

/// `pixcheese cameras`: what is plugged in or reachable, and whether it can be used.
struct CamerasCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cameras",
    abstract: "What is plugged in or reachable, and whether it can be used, and if not why.",
    discussion: """
      Asks every PTP camera on USB, and those that are named. A USB camera that another pixcheese tethers is in use; \
      while one is at work with the same home, cameras on the network are not asked.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: GlobalOptions

  @Option(
    help: ArgumentHelp(
      "Ask this one too: usb:BUS,DEVICE or ptpip:HOST[:PORT]; may be given several times.",
      valueName: "camera"))
  var camera: [String] = []

  @Flag(
    inversion: .prefixedNo,
    help: "Free a camera from the program that holds it (the desktop, mostly): ask it to let go, or to end.")
  var takeOver: Bool?

  @Flag(help: "Try each camera (or those that are named) step by step, with a frame that you shoot.")
  var check = false

  @Option(help: ArgumentHelp("How long --check waits for a frame; 60.", valueName: "seconds"))
  var shutter: Int?

  func run() async throws {
    try await run(in: try options.context())
  }

  /// The answer, one value for the table and for `--json`.
  struct Answer: Encodable, Sendable {
    struct Row: Encodable, Sendable {
      let camera: String
      let model: String?
      let serial: String?
      let battery: String?
      let free: Int64?
      let usable: Bool
      let problem: String?
    }
    let cameras: [Row]
  }

  func run(in context: Context) async throws {
    let named = try CameraOptions.selections(camera, in: context.settings)
    let selections = named.contains(.auto) ? named : [.auto] + named
    // A camera on the network takes a second connection and drops the first: one that is being tethered is left alone.
    let isRunning = JournalLock.isHeld(beside: context.home.journal)
    if check { return try await check(named, isRunning: isRunning, in: context) }
    let left = selections.filter { isRunning && $0.description.hasPrefix("ptpip:") }
    let survey = CameraSurvey(takesOver: try context.settings.flag("tether.take_over", option: takeOver))
    let asked = try await survey.findings(for: selections.filter { !left.contains($0) }).map {
      Answer.Row(
        camera: $0.port, model: $0.model, serial: $0.serial, battery: $0.status?.battery,
        free: $0.status?.free,
        usable: $0.problem == nil, problem: $0.problem)
    }
    let rows =
      asked
      + left.map {
        Answer.Row(
          camera: $0.description, model: nil, serial: nil, battery: nil, free: nil, usable: false,
          problem: "Not asked: a pixcheese with this home is at work, and asking could cut its connection.")
      }
    context.console.emit(Answer(cameras: rows))
    guard !rows.isEmpty else {
      throw Complaint(
        .unavailable,
        "No camera is found on USB. Plug one in, switch it on and set its USB mode to PTP (\"PC Remote\", \"MTP/PTP\")."
      )
    }
    context.console.answer(
      Text.table(
        [["CAMERA", "MODEL", "SERIAL", "BATTERY", "FREE", "STATE"]]
          + rows.map {
            [
              $0.camera, Text.harmless($0.model ?? "?"), Text.harmless($0.serial ?? ""), $0.battery ?? "",
              $0.free.map(Text.bytes) ?? "", $0.usable ? "ready" : "not usable",
            ]
          }))
    for row in rows {
      if let problem = row.problem { context.console.say("\(row.camera): \(Text.harmless(problem))") }
    }
    guard rows.contains(where: \.usable) else {
      throw Complaint(.unavailable, "No camera can be used, as said above.")
    }
  }
}
