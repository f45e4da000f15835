public import GPhoto
import Model

/// What passes between `tether` and the process that owns one camera: JSON objects, one a line, over two pipes
/// (descriptor 3 carries commands, 4 reports; 0 is not used, since libgphoto2 closes it).
///
/// Both sides are the same binary, so there is one version; a worker that says another is not talked to. Each side
/// treats what it reads as input to check: the worker repeats what a camera says.
enum WorkerProtocol {
  static let version = 4
  /// The longest line that either side reads, in bytes.
  static let longestLine = 1 << 20
  /// How many objects one `listed` carries at most.
  static let objectsPerReport = 200
  /// The longest that a worker may ask its parent to wait for the next report, in seconds.
  static let longestPatience = 3600
  /// The descriptor that a worker reads commands from.
  static let commands: Int32 = 3
  /// The descriptor that a worker writes reports to.
  static let reports: Int32 = 4
}

/// What `tether` asks of a worker.
enum WorkerCommand: Hashable, Codable, Sendable {
  /// Fetch an object into the spool's folder of that day (`2026-11-23`), and report `fetched` or `failed`; in one piece
  /// if reading it in parts has failed again and again.
  case fetch(object: UInt64, day: String, inOnePiece: Bool)
  /// The answer to `appeared` for an object that is not wanted.
  case skip(object: UInt64)
  /// Connect anew if need be and list every file.
  case list
  /// Set the camera's clock to UTC and so many seconds more: the digits of the machine's zone.
  case setClock(zone: Int)
  /// Delete an object on the card, if it still is what was taken, whose bytes are in this file; then `erased` or
  /// `spared`. A new connection is made for it first, unless it is to be done at once: in a buffer that fills up, where
  /// nobody exchanges cards.
  case erase(object: UInt64, original: String, atOnce: Bool)
  /// Finish the file under way and end.
  case stop
}

/// A file on the camera, as the worker names it. The number means nothing to another worker.
struct CameraObject: Hashable, Codable, Sendable {
  var id: UInt64
  var folder: String
  var name: String
  /// Length in bytes; `nil` where the camera does not say.
  var bytes: Int64?
  /// Seconds since 1970 by the camera's clock; 0 where unknown.
  var modified: Int64
  var mediaType: String?
  /// Whether the photographer has protected it.
  var isProtected = false
}

/// What a worker tells `tether`.
enum WorkerReport: Hashable, Codable, Sendable {
  /// The first report.
  case hello(version: Int)
  /// The camera answers.
  case connected(WorkerIdentity, CameraStatus)
  /// The camera announced a file: to be answered by `fetch` or `skip`.
  case appeared(CameraObject)
  /// A file's marks changed on the camera. What is not told stays as it is.
  case marked(CameraObject, FrameMark)
  /// Some of the files of a listing; the last such report of a listing is complete.
  case listed([CameraObject], isComplete: Bool)
  /// So many bytes of an object have come.
  case progress(object: UInt64, bytes: Int64)
  /// The camera is sending something long, and nothing else can be said until it is here.
  case receiving
  /// An object lies in the spool under its final name, synced, its length as announced.
  case fetched(object: UInt64, path: String, bytes: Int64, sha256: ContentHash)
  case failed(object: UInt64, FetchFailure)
  case status(CameraStatus)
  /// What the camera's clock shows: after connecting, each minute, and when a frame's time casts doubt on it.
  case clock(ClockReading)
  /// The camera's clock could not be set.
  case clockNotSet
  /// An object is deleted on the card.
  case erased(object: UInt64)
  /// An object that was to be deleted is left alone.
  case spared(object: UInt64, SpareReason)
  /// The camera is gone; the worker ends.
  case lost(CameraLoss)
  /// The worker ends since it was told to. Whether everything on the cards until now was announced or listed, as far
  /// as the cards' room can tell.
  case stopped(inOrder: Bool)
  case warning(code: String, message: String)
  /// Something was tried on the camera, by a worker that was started for that.
  case checked(CheckStep)
  /// The worker lives; its next report comes within so many seconds.
  case alive(patience: Int)
}

/// Who a camera is.
struct WorkerIdentity: Hashable, Codable, Sendable {
  var model: String
  /// `nil` where the camera does not say.
  var serial: String?
  /// The USB socket that it is in (`USBDevice.socket`).
  var socket: String?
  var captureTarget: CaptureTarget
  /// Whether the driver takes for new what it has not listed (`Camera.inventsEvents`).
  var inventsEvents = false

  /// Whether it may be a body that keeps each frame in a buffer until the computer deletes it there, and takes no more when
  /// that is full: some Fuji bodies under remote control, which have no setting for where frames go (seen on an X-T5: 12
  /// frames; marcinz606/NegPy#658). Others of Fuji's shoot to their card, and nothing tells them apart.
  var mayBuffer: Bool { inventsEvents && captureTarget == .unknown }
}

/// How a camera is doing.
public struct CameraStatus: Hashable, Codable, Sendable {
  /// The battery's level in the camera's own words, `75%`; `nil` where it does not say.
  public var battery: String?
  /// Its cards' room.
  public var storages: [CameraStorage]
  /// Free room on all of its cards together, in bytes; `nil` where the camera does not say.
  public var free: Int64? {
    let known = storages.compactMap(\.free).map { Int64(clamping: $0) }
    guard !known.isEmpty else { return nil }
    return known.reduce(0) { sum, free in
      let (more, isTooMuch) = sum.addingReportingOverflow(free)
      return isTooMuch ? .max : more
    }
  }

}

/// Why an object could not be fetched.
struct FetchFailure: Hashable, Codable, Sendable {
  enum Code: String, Codable, Sendable {
    /// The camera said an error, or the connection broke.
    case camera
    /// Fewer or more bytes came than the camera announced.
    case wrongLength
    /// 4 GiB or more: libgphoto2 cuts it short.
    case tooLarge
    /// The camera does not say how long it is, so nobody could tell whether it is complete.
    case lengthUnknown
    /// It has no bytes: a body whose battery died while it wrote leaves such files.
    case empty
    /// The camera has it no longer, by the driver's word; a listing on a new connection tells.
    case gone
    /// The disk is full.
    case diskFull
    /// The disk refused.
    case disk
  }

  var code: Code
  var message: String

  /// Whether asking again can help without a person.
  var isRetryable: Bool {
    switch code {
    case .camera, .wrongLength, .diskFull, .disk: true
    case .tooLarge, .lengthUnknown, .empty, .gone: false
    }
  }
}

/// Why a camera is not, or no longer, connected.
public struct CameraLoss: Hashable, Codable, Sendable, CustomStringConvertible {
  /// What kind of trouble it is; the texts are those of the events and of the messages between the processes.
  public enum Code: String, Hashable, Codable, Sendable {
    /// No such host or USB device.
    case unknownCamera = "unknown_camera"
    /// A device that is no camera, or in the wrong USB mode.
    case notACamera = "not_a_camera"
    /// Somebody is there and does not let us in, or nobody answers.
    case refused
    /// Another program holds it.
    case held
    /// We may not open its device.
    case notAllowed = "not_allowed"
    /// Unplugged.
    case unplugged
    /// The connection broke.
    case connectionLost = "connection_lost"
    /// The process that owned it died.
    case workerDied = "worker_died"
    /// The process that owned it said nothing for too long, and was killed.
    case workerHung = "worker_hung"
    /// This machine's disk has no room for the journal.
    case noRoom = "no_room"
    /// We stop.
    case stopped
  }

  public var code: Code
  /// What happened and what to do, for a person.
  public var message: String

  public init(code: Code, message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
