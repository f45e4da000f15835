/// A picture's file as a whole.
public enum PictureFile {
  /// All of its bytes. Blocks.
  /// - Throws: `PictureError` with `.io`, or `.tooLarge` above `LocationRemoval.limit`.
  public static func bytes(_ path: String) throws(PictureError) -> [UInt8] {
    let file = try RegularFile(path)
    guard file.length <= LocationRemoval.limit else {
      throw PictureError(.tooLarge, "\(file.length) bytes")
    }
    return try file.read(at: 0, count: file.length)
  }
}
