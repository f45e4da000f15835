/// Maker and model as people say them.
enum CameraName {
  /// `Canon` and `Canon EOS R5` make `Canon EOS R5`; `NIKON CORPORATION` and `NIKON D90` make `NIKON D90`; `SONY` and
  /// `ILCE-7M4` make `SONY ILCE-7M4`.
  static func joined(make: String?, model: String?) -> String? {
    guard let make else { return model }
    let makers = words(make)
    guard let model else { return named(makers) }
    // A model that begins with a word of the maker's name already says who made it.
    let first = words(model).first?.lowercased()
    if makers.contains(where: { $0.lowercased() == first }) { return model }
    return CleanText.line("\(named(makers)) \(model)")
  }

  /// The maker without the words that only its lawyers use: `OLYMPUS IMAGING CORP.` is `OLYMPUS`.
  private static func named(_ words: [String]) -> String {
    var kept = words
    while kept.count > 1, let last = kept.last?.lowercased(), ofCompanies.contains(last.filter(\.isLetter)) {
      kept.removeLast()
    }
    return kept.joined(separator: " ")
  }

  private static let ofCompanies: Set<String> = [
    "ag", "camera", "co", "company", "computer", "corp", "corporation", "electric", "electronics", "gmbh",
    "imaging",
    "inc", "limited", "ltd", "optical", "techwin", "",
  ]

  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").map(String.init)
  }
}
