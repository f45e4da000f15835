/// What a camera says of itself: the DeviceInfo dataset (PIMA 15740:2000, clause 5.5.1).
public struct DeviceInfo: Hashable, Sendable {
  /// Hundredths: 100 is PTP 1.0.
  public var standardVersion: UInt16 = 100
  /// Whose extensions the camera has: 0x0A Nikon, 0x0B Canon, 0x0E Fuji, 0x11 Sony, 0 none.
  public var vendorExtensionID: UInt32
  public var vendorExtensionVersion: UInt16 = 100
  public var vendorExtensionDescription = ""
  public var functionalMode: UInt16 = 0
  public var operations: [OperationCode]
  public var events: [EventCode]
  public var properties: [PropertyCode]
  public var captureFormats: [ObjectFormat] = [.exifJPEG]
  public var imageFormats: [ObjectFormat] = [.exifJPEG, .jfif, .unknownImage, .association]
  public var manufacturer: String
  public var model: String
  public var deviceVersion = "1.0"
  public var serialNumber: String

  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(standardVersion)
    writer.write(vendorExtensionID)
    writer.write(vendorExtensionVersion)
    writer.write(string: vendorExtensionDescription)
    writer.write(functionalMode)
    writer.write(array: operations.map(\.rawValue))
    writer.write(array: events.map(\.rawValue))
    writer.write(array: properties.map(\.rawValue))
    writer.write(array: captureFormats.map(\.rawValue))
    writer.write(array: imageFormats.map(\.rawValue))
    writer.write(string: manufacturer)
    writer.write(string: model)
    writer.write(string: deviceVersion)
    writer.write(string: serialNumber)
    return writer.bytes
  }
}
