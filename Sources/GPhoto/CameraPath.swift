/// A file on a camera: its folder and its name as the camera gave them, byte for byte.
///
/// The bytes are what later calls need, whether or not they are UTF-8. They are hostile input (`../../x.JPG` is
/// passed through by the library): never part of a path of ours.
public struct CameraPath: Hashable, Sendable {
  let folderBytes: [CChar]
  let nameBytes: [CChar]

  /// From C strings, which are copied.
  init(folder: UnsafePointer<CChar>, name: UnsafePointer<CChar>) {
    folderBytes = Self.copy(folder)
    nameBytes = Self.copy(name)
  }

  init(folderBytes: [CChar], nameBytes: [CChar]) {
    self.folderBytes = folderBytes
    self.nameBytes = nameBytes
  }

  public init(folder: String, name: String) {
    folderBytes = Array(folder.utf8CString)
    nameBytes = Array(name.utf8CString)
  }

  /// The folder for people and for the journal; bytes that are no UTF-8 are replaced.
  public var folder: String { Self.text(folderBytes) }

  /// The file's name for people and for the journal; bytes that are no UTF-8 are replaced.
  public var name: String { Self.text(nameBytes) }

  /// Whether the file lies in the camera's memory under a name the library made up (`/capt0000.jpg`), where only
  /// this connection can reach it and only as a whole.
  public var isInCameraMemory: Bool {
    folderBytes.count == 2 && folderBytes[0] == CChar(bitPattern: UInt8(ascii: "/"))
  }

  private static func copy(_ text: UnsafePointer<CChar>) -> [CChar] {
    var count = 0
    while text[count] != 0 { count += 1 }
    return Array(UnsafeBufferPointer(start: text, count: count + 1))
  }

  private static func text(_ bytes: [CChar]) -> String {
    String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A folder on a camera, byte for byte as `CameraPath` keeps a file.
public struct CameraFolder: Hashable, Sendable {
  let bytes: [CChar]

  /// The root of all storages.
  public static let root = CameraFolder(bytes: Array("/".utf8CString))

  init(bytes: [CChar]) {
    self.bytes = bytes
  }

  public init(_ path: String) {
    bytes = Array(path.utf8CString)
  }

  /// The folder of a file.
  public init(of path: CameraPath) {
    bytes = path.folderBytes
  }

  /// The folder of that name inside this one.
  func appending(_ name: UnsafePointer<CChar>) -> CameraFolder {
    var bytes = Array(self.bytes.dropLast())
    let slash = CChar(bitPattern: UInt8(ascii: "/"))
    if bytes.last != slash { bytes.append(slash) }
    var index = 0
    while name[index] != 0 {
      bytes.append(name[index])
      index += 1
    }
    return CameraFolder(bytes: bytes + [0])
  }

  /// The path for people; bytes that are no UTF-8 are replaced.
  public var path: String { String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}
