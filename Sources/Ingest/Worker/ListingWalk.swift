import GPhoto

/// A listing of all of a camera's files, in small steps, so that frames that are shot meanwhile do not wait for it.
/// (The driver's own first look into a folder is one call, seconds to minutes for a full card.)
struct ListingWalk {
  /// How many files are asked about in one step.
  static let filesPerStep = 25
  /// Folders deeper than this are not what a camera makes.
  private static let deepest = 16

  private var folders: [(folder: CameraFolder, depth: Int)] = [(.root, 0)]
  private var files: [CameraPath] = []

  /// Folders in which nothing is, by the driver's word. ptp2 says so too where the camera was busy when it was asked: it
  /// marks a folder as read before it reads it (`ptp_list_folder`), and a card's root is read once, at the connection.
  private var emptyFolders: Set<String> = []
  /// The folders of the root, one for each card.
  private var cards: Set<String> = []

  /// Where nothing is although there may be: empty folders, and cards that the root does not show. It shows one alone if the
  /// camera was busy when the driver asked for its cards.
  func doubtful(_ storages: [CameraStorage]) -> Set<String> {
    let cards = storages.filter { $0.capacity.map { $0 > 0 } ?? true }.compactMap(\.folder)
    return emptyFolders.union(Set(cards).subtracting(self.cards))
  }

  var isComplete: Bool { folders.isEmpty && files.isEmpty }

  /// The next step.
  /// - Parameter beforeFolder: called before the driver looks into a folder, which may take long.
  /// - Returns: files with what the camera says of them; a file that went away meanwhile is left out.
  /// - Throws: `GPhotoError` if the connection is gone or the camera busy; the step can be repeated.
  mutating func step(
    _ camera: Camera, beforeFolder: () -> Void
  ) throws(GPhotoError) -> [(path: CameraPath, info: CameraFileInfo)] {
    if files.isEmpty {
      guard let (folder, depth) = folders.last else { return [] }
      beforeFolder()
      var inner: [CameraFolder] = []
      do {
        // What ptp2 offers besides the cards (`/special`) are no pictures.
        inner = try camera.folders(in: folder).filter { $0.path != "/special" }
        files = try camera.files(in: folder)
      } catch  where error.recovery == .skip {
        files = []
      }
      folders.removeLast()
      if depth == 0 { cards = Set(inner.map(\.path)) }
      if depth > 0, inner.isEmpty, files.isEmpty { emptyFolders.insert(folder.path) }
      if depth < Self.deepest { folders += inner.map { ($0, depth + 1) } }
      return []
    }
    var found: [(path: CameraPath, info: CameraFileInfo)] = []
    while found.count < Self.filesPerStep, let path = files.last {
      do {
        found.append((path, try camera.info(of: path, isFresh: false)))
      } catch  where error.recovery == .skip {
        // It went away between the list and the question.
      } catch  where error.kind == .unspecified && found.isEmpty {
        // "File not found" is -1 in ptp2's get_info, and so is a connection that broke: who does not answer the next
        // question either has not lost a file.
        try camera.probe()
      } catch  where !found.isEmpty {
        // What was found is not lost; the same question comes again in the next step, and so does the error.
        break
      }
      files.removeLast()
    }
    return found
  }
}
