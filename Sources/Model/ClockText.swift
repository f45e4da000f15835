/// How far a clock is ahead or behind, in words.
public enum ClockText {
  /// `1:00:03 ahead`, `0:02 behind`, `right`.
  public static func duration(_ offset: Int) -> String {
    guard offset != 0 else { return "right" }
    let seconds = abs(offset)
    func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    let days = seconds / 86400
    let clock =
      seconds < 3600
      ? "\(seconds / 60):\(padded(seconds % 60))"
      : "\(seconds / 3600 % 24):\(padded(seconds / 60 % 60)):\(padded(seconds % 60))"
    return (days > 0 ? "\(days) d " : "") + clock + (offset > 0 ? " ahead" : " behind")
  }
}
