import Pictures

/// Scenes that tests photograph.
enum Scenes {
  /// Red in the quarter at the top left, a green disc at the bottom right, blue elsewhere.
  static let plain = """
    <svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">
      <rect width="600" height="400" fill="#224466"/>
      <rect width="300" height="200" fill="#ff0000"/>
      <circle cx="450" cy="300" r="80" fill="#00ff00"/>
    </svg>
    """

  /// One colour all over, which is another one when the numbers are Adobe RGB's.
  static let leaf = """
    <svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="#80a050"/></svg>
    """
  static let leafColour = [0x80, 0xA0, 0x50]
  /// The same by the specifications' formulas: linear by 563/256, Adobe RGB's matrix, sRGB's inverse, sRGB's curve.
  static let leafFromAdobeRGB = [0x71, 0xA1, 0x49]

  static func jpeg(
    svg: String = plain, width: Int = 600, height: Int = 400, grain: Double = 0, exif: [String: String] = [:]
  ) throws(PictureError) -> [UInt8] {
    try SceneEncoder.jpeg(svg: svg, width: width, height: height, quality: 95, grain: grain, exif: exif)
  }
}
