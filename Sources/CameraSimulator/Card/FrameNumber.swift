/// DCF's numbering: folders 100 to 999, files 0001 to 9999 (CIPA DCF 2.0, clauses 3.2 and 3.3).
struct FrameNumber: Hashable, Sendable {
  private(set) var folder: Int
  private(set) var file: Int

  init(folder: Int = 100, file: Int = 1) {
    self.folder = folder
    self.file = file
  }

  /// `100PIXCH`.
  var folderName: String { "\(folder)PIXCH" }

  /// `IMG_0001` and the extension.
  func fileName(extension suffix: String) -> String {
    let digits = String(file)
    return "IMG_" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "." + suffix
  }

  /// After 9999 comes 0001 in the next folder; after the last folder the first.
  mutating func advance() {
    if file < 9999 {
      file += 1
    } else {
      file = 1
      folder = folder < 999 ? folder + 1 : 100
    }
  }

  /// The number after the highest that a card has, so that no name is used twice.
  static func after(_ card: Card) -> FrameNumber {
    var highest: FrameNumber?
    for object in card.objects.values where !object.isFolder {
      let folder = card.object(object.parent)?.name ?? ""
      guard folder.hasSuffix("PIXCH"), let folderNumber = Int(folder.prefix(3)),
        object.name.hasPrefix("IMG_"), let number = Int(object.name.dropFirst(4).prefix(4))
      else { continue }
      let found = FrameNumber(folder: folderNumber, file: number)
      if highest.map({ ($0.folder, $0.file) < (folderNumber, number) }) ?? true { highest = found }
    }
    guard var next = highest else { return FrameNumber() }
    next.advance()
    return next
  }
}
