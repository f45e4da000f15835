/// What can go wrong with a camera, on command.
public enum Fault: Sendable, Hashable {
  /// Both connections are closed at once.
  case drop
  /// The next download's connections are closed after that many bytes of objects.
  case dropAfter(bytes: Int)
  /// Operations are not answered for that many seconds; `nil`: until the faults are cleared.
  case stall(seconds: Double?)
  /// Operations are answered with DeviceBusy, after so many that are not.
  case busy(operations: Int, after: Int = 0)
  /// Every operation is answered that many milliseconds later: a body that is slow to look into its folders.
  case latency(milliseconds: Int)
  /// Objects are sent at that many bytes a second; 0 is as fast as it goes.
  case slow(bytesPerSecond: Int)
  /// The next downloads lack their last bytes, though the object's size says otherwise.
  case short(bytes: Int, downloads: Int)
  /// The next download's data phase ends early: the packet that starts it says more than comes.
  case truncate(bytes: Int)
  /// The next events come twice.
  case duplicateEvents(Int)
  /// The next events do not come.
  case missingEvents(Int)
  /// The next questions about an object are answered as if there were none: a body that is busy with its card.
  case unknownObjects(Int)
  /// The next connections are closed as soon as they are accepted.
  case refuse(connections: Int)
  /// The next initiators are turned away with Init Fail.
  case initFail(Packet.FailReason, times: Int)
  /// The next frame has this name, whatever it is.
  case name(String)
  /// The next frame is number 9999, and the one after it 0001 in a new folder.
  case rollover

  /// A name that a careless program would trip over.
  public enum HostileName: String, CaseIterable, Sendable {
    case traversal, long, control, emoji, chinese

    /// The name itself.
    public var text: String {
      switch self {
      case .traversal: "../../evil.JPG"
      case .long: String(repeating: "L", count: 210) + ".JPG"
      case .control: "IMG\u{1B}[31m\n\r\u{07}.JPG"
      case .emoji: "🧀📷.JPG"
      case .chinese: "婚礼_照片.JPG"
      }
    }
  }
}
