/// One object on a card: the ObjectInfo dataset (PIMA 15740:2000, clause 5.5.2).
public struct ObjectInfo: Hashable, Sendable {
  public var storage: UInt32
  public var format: ObjectFormat
  /// True: the object can be read and not deleted (ProtectionStatus 0x0001).
  public var isProtected = false
  /// In bytes. What does not fit in 32 bits is written as 0xFFFFFFFF, as cameras do.
  public var size: UInt64
  public var thumbnailFormat: ObjectFormat = .undefined
  /// In bytes; 0 if there is no thumbnail.
  public var thumbnailSize: UInt32 = 0
  /// In pixels; 0 if not known, like the following three.
  public var thumbnailWidth: UInt32 = 0
  public var thumbnailHeight: UInt32 = 0
  public var width: UInt32 = 0
  public var height: UInt32 = 0
  /// In bits for each pixel.
  public var depth: UInt32 = 0
  /// The folder's handle; 0 in the store's root.
  public var parent: UInt32
  /// 0x0001 for a folder, else 0.
  public var associationType: UInt16 = 0
  public var associationDescription: UInt32 = 0
  public var sequenceNumber: UInt32 = 0
  public var name: String
  /// `YYYYMMDDThhmmss`, or empty (clause 5.3.5).
  public var captureDate: String
  public var modificationDate: String
  public var keywords = ""

  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(storage)
    writer.write(format.rawValue)
    writer.write(UInt16(isProtected ? 1 : 0))
    writer.write(UInt32(clamping: size))
    writer.write(thumbnailFormat.rawValue)
    writer.write(thumbnailSize)
    writer.write(thumbnailWidth)
    writer.write(thumbnailHeight)
    writer.write(width)
    writer.write(height)
    writer.write(depth)
    writer.write(parent)
    writer.write(associationType)
    writer.write(associationDescription)
    writer.write(sequenceNumber)
    writer.write(string: name)
    writer.write(string: captureDate)
    writer.write(string: modificationDate)
    writer.write(string: keywords)
    return writer.bytes
  }
}
