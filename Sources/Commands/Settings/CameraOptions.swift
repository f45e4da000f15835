import ArgumentParser
import Ingest
import Model

/// Which cameras, and what is done about their frames, clocks and cards.
struct CameraOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Which: auto (every PTP camera on USB), usb:BUS,DEVICE or ptpip:HOST[:PORT]; may be given several times.",
      valueName: "camera"))
  var camera: [String] = []

  @Flag(
    inversion: .prefixedNo,
    help: "Free a camera from the program that holds it (the desktop, mostly): ask it to let go, or to end.")
  var takeOver: Bool?

  @Option(
    help: ArgumentHelp(
      "Fetch what was shot and not announced: all on the card, of this session (the default), or none.",
      valueName: "all|session|none"))
  var catchUp: String?

  @Option(
    help: ArgumentHelp(
      """
      How far the camera's clock is ahead of this machine's, for the album's times: auto (measured, the default), none \
      (as the camera wrote them), or ±HH:MM:SS or seconds.
      """, valueName: "auto|none|±hh:mm:ss"))
  var clockOffset: String?

  @Flag(inversion: .prefixedNo, help: "Set the camera's clock to this machine's when it connects.")
  var setClock: Bool?

  @Option(
    help: ArgumentHelp(
      "Delete frames on the card: never (the default), or once delivered everywhere and confirmed there.",
      valueName: "never|delivered"))
  var deleteAfter: String?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      """
      Delete each frame in the camera's buffer once it is safe here: for Fuji bodies that keep frames there and stop after 13. \
      It may be deleted on the card of a body that has no buffer.
      """))
  var clearBuffer: Bool?

  /// - Throws: `Complaint` (64, 78).
  func catchUp(in settings: Settings) throws(Complaint) -> CatchUp {
    try settings.value(
      "tether.catch_up", option: catchUp, needed: "all, session or none is needed.", CatchUp.init(rawValue:)
    ) ?? .session
  }

  /// What is done about the cameras' clocks and cards.
  /// - Throws: `Complaint` (64, 78).
  func care(in settings: Settings) throws(Complaint) -> CameraCare {
    let clock = try settings.value(
      "tether.clock_offset", option: clockOffset,
      needed: "auto, none, ±HH:MM:SS or a number of seconds is needed.", CameraCare.ClockCorrection.init)
    let deletes: Bool? = try settings.value(
      "tether.delete_after", option: deleteAfter, needed: "never or delivered is needed."
    ) { text in
      switch text {
      case "never": false
      case "delivered": true
      default: nil
      }
    }
    let pause = try settings.number("tether.delete_pause") ?? 60
    guard (1...86400).contains(pause) else {
      throw settings.refusal(
        of: "tether.delete_pause", isOption: false, value: String(pause), "1 to 86400 seconds are needed.")
    }
    return CameraCare(
      clock: clock ?? .measured, setsClock: try settings.flag("tether.set_clock", option: setClock),
      deletesDelivered: deletes ?? false,
      clearsBuffer: try settings.flag("tether.clear_buffer", option: clearBuffer),
      deletionPause: .seconds(pause))
  }

  /// What a camera's process may cost.
  /// - Throws: `Complaint` (78).
  func limits(in settings: Settings) throws(Complaint) -> WorkerLimits {
    var limits = WorkerLimits()
    limits.memory =
      try settings.value(
        "tether.worker_memory", option: nil, needed: "a size of 100MB or more is needed.",
        { text in ByteCount.parse(text).flatMap { $0 >= 100_000_000 ? $0 : nil } }) ?? limits.memory
    if let seconds = try settings.number("tether.worker_silence") {
      guard (60...3600).contains(seconds) else {
        throw settings.refusal(
          of: "tether.worker_silence", isOption: false, value: String(seconds),
          "60 to 3600 seconds are needed.")
      }
      limits.silence = .seconds(seconds)
    }
    return limits
  }

  /// The cameras that such texts name; every one on USB if there is none.
  /// - Throws: `Complaint` (64, 78).
  static func selections(_ options: [String], in settings: Settings) throws(Complaint) -> [CameraSelection] {
    var cameras: [CameraSelection] = []
    for text in try settings.texts("tether.camera", options: options) {
      do {
        cameras.append(try CameraSelection(parsing: text))
      } catch {
        throw settings.refusal(
          of: "tether.camera", isOption: !options.isEmpty, Text.sentence(String(describing: error)))
      }
    }
    return cameras.isEmpty ? [.auto] : cameras
  }
}
