import Foundation

/// What a frame is called and what its EXIF says.
struct FrameFacts: Sendable {
  /// The lens that every simulated camera carries.
  static let lens = "PixCheese 24-70mm F2.8"

  var number: FrameNumber
  let date: Date
  let zone: TimeZone
  let maker: String
  let serialNumber: String

  /// Exposures that follow from the frame's number, so that no two neighbours have the same.
  var exposure: (seconds: (UInt32, UInt32), aperture: (UInt32, UInt32), iso: UInt16, focalLength: UInt32) {
    let speeds: [UInt32] = [60, 125, 250, 500, 1000]
    let apertures: [UInt32] = [28, 40, 56, 80]
    let sensitivities: [UInt16] = [100, 200, 400, 800, 1600]
    let lengths: [UInt32] = [24, 35, 50, 70]
    let index = number.file
    return (
      (1, speeds[index % 5]), (apertures[index % 4], 10), sensitivities[index / 2 % 5], lengths[index / 3 % 4]
    )
  }
}
