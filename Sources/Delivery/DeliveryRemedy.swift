extension DeliveryReason.Code {
  /// What a person can do about it, as a sentence; where it goes on by itself, that is said.
  public var remedy: String {
    switch self {
    case .offline: "It goes on by itself when the network is back."
    case .loginPage: "Open a web page and log in to the network, or use another one."
    case .intercepted: "Look at the address and the proxy, or use another network."
    case .metered:
      "It goes on by itself on another network; pixcheese queue first sends a frame over this one."
    case .certificate: "Check this machine's clock and the server's certificate."
    case .noRoom: "Make room on the album's disk; it goes on by itself."
    case .notAllowed: "Start pixcheese again with the right token (PIXCHEESE_TOKEN) or keys."
    case .noSuchAlbum: "Check the album's address, or: pixcheese queue drop."
    case .tooLarge, .refused: "Ask whoever runs the album, or: pixcheese queue drop."
    case .fileMissing, .fileUnreadable: "Put the file back, then: pixcheese queue retry."
    case .fileChanged: "Send the changed file with pixcheese upload, and: pixcheese queue drop."
    default: "It goes on by itself."
    }
  }
}
