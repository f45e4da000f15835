import GPhoto
import Model

/// What a photographer should hear of a camera's battery, its card and where it shoots: each thing once, and again only
/// after it has been well in between. A pure value.
struct CameraHealth {
  struct Warning: Hashable, Sendable {
    var code: String
    var message: String
  }

  /// A battery at so many percent is low, and fine again at so many.
  static let lowBattery = (at: 20, over: 30)
  static let emptyBattery = (at: 7, over: 15)
  /// A card with so few frames left is nearly full, and fine again with so many. Without a count of frames it is their
  /// bytes, at 20 MB each.
  static let fewFrames = (at: 50, over: 100)
  static let noFrames = (at: 1, over: 10)
  private static let frame: UInt64 = 20_000_000

  private var said: Set<String> = []
  private var hasSaidTarget = false
  private var hasSaidBuffer = false

  /// Where the camera shoots to.
  mutating func take(_ target: CaptureTarget, camera: String) -> [Warning] {
    guard case .refused(let other) = target else {
      hasSaidTarget = false
      return []
    }
    guard !hasSaidTarget else { return [] }
    hasSaidTarget = true
    return [
      Warning(
        code: "capture_target",
        message:
          "\(camera) shoots into \(DisplayName.line(other)) and not onto its card: its frames are only here, one is lost "
          + "if the connection breaks before it is fetched, and a fast burst may lose some. "
          + "Set the camera to save to its card too (often \"PC Remote\" or \"save destination\" in its menu)."
      )
    ]
  }

  /// The camera may be one that stops when its buffer is full of frames that nobody has deleted.
  mutating func mayBuffer(camera: String) -> [Warning] {
    guard !hasSaidBuffer else { return [] }
    hasSaidBuffer = true
    return [
      Warning(
        code: "camera_buffer",
        message:
          "\(camera) has no setting for where frames go. Such bodies may keep each frame in a buffer, and stop after about 13. "
          + "If yours does, give `--clear-buffer`: each frame is deleted in the camera as soon as it is safe here."
      )
    ]
  }

  /// What there is to say of a new status.
  mutating func take(_ status: CameraStatus, camera: String) -> [Warning] {
    var warnings: [Warning] = []
    func consider(
      _ key: String, _ code: String, _ value: Int?, _ limits: (at: Int, over: Int), _ words: String
    ) {
      guard let value else { return }
      if value <= limits.at {
        if said.insert(key).inserted { warnings.append(Warning(code: code, message: words)) }
      } else if value > limits.over {
        said.remove(key)
      }
    }
    let percent = status.batteryPercent
    if let percent, percent <= Self.emptyBattery.at { said.insert("low") }
    consider(
      "empty", "battery_empty", percent, Self.emptyBattery,
      "The battery of \(camera) is nearly empty (\(percent ?? 0)%): change it now. What is fetched is safe.")
    consider(
      "low", "battery_low", percent, Self.lowBattery,
      "The battery of \(camera) is low (\(percent ?? 0)%).")
    for (index, storage) in status.storages.enumerated() {
      let card = status.storages.count > 1 ? "card \(index + 1) of \(camera)" : "the card of \(camera)"
      let frames = Self.framesLeft(on: storage)
      if let frames, frames <= Self.noFrames.at { said.insert("few \(index)") }
      consider(
        "full \(index)", "card_full", frames, Self.noFrames,
        "\(Self.capitalised(card)) is full: change it. What is fetched is safe.")
      consider(
        "few \(index)", "card_nearly_full", frames, Self.fewFrames,
        "\(Self.capitalised(card)) is nearly full: about \(frames ?? 0) frames are left.")
      if storage.isReadOnly == true {
        if said.insert("lock \(index)").inserted {
          warnings.append(
            Warning(
              code: "card_read_only",
              message: "\(Self.capitalised(card)) cannot be written: its lock is on, or it is damaged."))
        }
      } else {
        said.remove("lock \(index)")
      }
    }
    return warnings
  }

  /// The frames that fit on a card; `nil` where nothing is known (a slot without a card says 0 of 0).
  static func framesLeft(on storage: CameraStorage) -> Int? {
    if let free = storage.free, let capacity = storage.capacity, capacity > 0 {
      guard let frames = storage.freeFrames else { return Int(clamping: free / frame) }
      return Int(clamping: frames)
    }
    return storage.freeFrames.flatMap { $0 > 0 ? Int(clamping: $0) : nil }
  }

  private static func capitalised(_ text: String) -> String {
    (text.first?.uppercased() ?? "") + text.dropFirst()
  }
}

extension CameraStatus {
  /// The battery in percent, from the camera's words: `75%`, `Low`; `nil` where they say no number.
  public var batteryPercent: Int? {
    guard let battery else { return nil }
    if let digits = battery.split(whereSeparator: { !$0.isNumber }).first, battery.contains("%"),
      let percent = Int(digits)
    {
      return min(100, percent)
    }
    // Canon's word for its last step.
    return battery.lowercased() == "low" ? 10 : nil
  }

  /// The frames that still fit on the card with the least room; `nil` where no card says.
  public var framesLeft: Int? { storages.compactMap(CameraHealth.framesLeft).min() }
}
