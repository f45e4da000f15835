/// Scenes that tests photograph.
enum Scenes {
  static let plain = """
    <svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400">
      <rect width="600" height="400" fill="#224466"/>
      <rect width="300" height="200" fill="#ff0000"/>
      <circle cx="450" cy="300" r="80" fill="#00ff00"/>
    </svg>
    """
}
