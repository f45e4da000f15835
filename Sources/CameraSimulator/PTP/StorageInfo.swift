/// One store of a camera: the StorageInfo dataset (PIMA 15740:2000, clause 5.5.3).
public struct StorageInfo: Hashable, Sendable {
  /// 0x0004: removable RAM, a memory card.
  public var storageType: UInt16 = 4
  /// 0x0003: the file system is laid out by DCF.
  public var fileSystemType: UInt16 = 3
  /// 0x0000: read and write.
  public var accessCapability: UInt16 = 0
  /// In bytes.
  public var capacity: UInt64
  /// In bytes.
  public var free: UInt64
  /// How many more frames fit, as the camera shows it.
  public var freeImages: UInt32
  public var storageDescription: String
  public var volumeLabel: String

  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(storageType)
    writer.write(fileSystemType)
    writer.write(accessCapability)
    writer.write(capacity)
    writer.write(free)
    writer.write(freeImages)
    writer.write(string: storageDescription)
    writer.write(string: volumeLabel)
    return writer.bytes
  }
}
