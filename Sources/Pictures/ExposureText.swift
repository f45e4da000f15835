import Foundation

/// Exposures as photographers write them. Values outside of what a camera can do are `nil`: files lie.
enum ExposureText {
  /// `1/250 s`, `0.4 s`, `2 s`, `2.5 s`.
  static func time(seconds: Double) -> String? {
    guard seconds >= 1e-7, seconds <= 1e6 else { return nil }
    let inverse = 1 / seconds
    let whole = inverse.rounded()
    // A half or a quarter is written as a fraction, 0.4 and 0.8 are not; what is shorter always is one.
    if seconds < 0.25 || (whole >= 2 && abs(inverse - whole) < 0.02 * whole) { return "1/\(Int(whole)) s" }
    return "\(short(seconds)) s"
  }

  /// `f/2.8`, `f/11`.
  static func aperture(_ number: Double) -> String? {
    guard number >= 0.1, number <= 1000 else { return nil }
    return "f/\(short(number))"
  }

  /// Millimetres with one decimal at most.
  static func focalLength(_ millimetres: Double) -> Double? {
    guard millimetres >= 0.1, millimetres <= 100_000 else { return nil }
    return (millimetres * 10).rounded() / 10
  }

  private static func short(_ number: Double) -> String {
    let rounded = (number * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
