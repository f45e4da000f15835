import Foundation

extension URL {
  /// Reads `http(s)://HOST…`; `nil` for what is none, or has a name and a password in it.
  init?(web text: String) {
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased() ?? ""),
      url.host?.isEmpty == false, url.user == nil, url.password == nil
    else { return nil }
    self = url
  }
}

extension Settings {
  /// A setting that is a web address.
  /// - Throws: `Complaint`: 64 for an option, 78 for a variable or the file, saying where the text stands.
  func webAddress(_ key: String, option: String?) throws(Complaint) -> URL? {
    try value(key, option: option, needed: "an address is needed, https://photos.example.") {
      URL(web: $0)
    }
  }
}
