/// A PTP operation (PIMA 15740:2000, clause 10.4; the vendors' own lie in 0x9000 to 0x97FF).
public struct OperationCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  init(_ rawValue: UInt16) {
    self.init(rawValue: rawValue)
  }

  static let getDeviceInfo = OperationCode(0x1001)
  static let openSession = OperationCode(0x1002)
  static let closeSession = OperationCode(0x1003)
  static let getStorageIDs = OperationCode(0x1004)
  static let getStorageInfo = OperationCode(0x1005)
  static let getNumObjects = OperationCode(0x1006)
  static let getObjectHandles = OperationCode(0x1007)
  static let getObjectInfo = OperationCode(0x1008)
  static let getObject = OperationCode(0x1009)
  static let getThumb = OperationCode(0x100A)
  static let deleteObject = OperationCode(0x100B)
  static let initiateCapture = OperationCode(0x100E)
  static let formatStore = OperationCode(0x100F)
  static let setObjectProtection = OperationCode(0x1012)
  static let getDevicePropDesc = OperationCode(0x1014)
  static let getDevicePropValue = OperationCode(0x1015)
  static let setDevicePropValue = OperationCode(0x1016)
  static let getPartialObject = OperationCode(0x101B)
}

/// A PTP response (PIMA 15740:2000, clause 11.2).
public struct ResponseCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  init(_ rawValue: UInt16) {
    self.init(rawValue: rawValue)
  }

  static let ok = ResponseCode(0x2001)
  static let generalError = ResponseCode(0x2002)
  static let sessionNotOpen = ResponseCode(0x2003)
  static let operationNotSupported = ResponseCode(0x2005)
  static let invalidStorageID = ResponseCode(0x2008)
  static let invalidObjectHandle = ResponseCode(0x2009)
  static let devicePropNotSupported = ResponseCode(0x200A)
  static let storeFull = ResponseCode(0x200C)
  static let objectWriteProtected = ResponseCode(0x200D)
  static let storeReadOnly = ResponseCode(0x200E)
  static let accessDenied = ResponseCode(0x200F)
  static let noThumbnailPresent = ResponseCode(0x2010)
  static let deviceBusy = ResponseCode(0x2019)
  static let invalidDevicePropFormat = ResponseCode(0x201B)
  static let invalidParameter = ResponseCode(0x201D)
  static let sessionAlreadyOpen = ResponseCode(0x201E)
}

/// A PTP event (PIMA 15740:2000, clause 12.4; the vendors' own lie in 0xC000 to 0xC7FF).
public struct EventCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  init(_ rawValue: UInt16) {
    self.init(rawValue: rawValue)
  }

  static let objectAdded = EventCode(0x4002)
  static let objectRemoved = EventCode(0x4003)
  static let storeAdded = EventCode(0x4004)
  static let storeRemoved = EventCode(0x4005)
  static let devicePropChanged = EventCode(0x4006)
  static let objectInfoChanged = EventCode(0x4007)
  static let storeFull = EventCode(0x400A)
  static let captureComplete = EventCode(0x400D)
}

/// A device property (PIMA 15740:2000, clause 13.3.5; the vendors' own lie in 0xD000 to 0xD7FF).
public struct PropertyCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  init(_ rawValue: UInt16) {
    self.init(rawValue: rawValue)
  }

  static let batteryLevel = PropertyCode(0x5001)
  static let compressionSetting = PropertyCode(0x5004)
  static let focusMode = PropertyCode(0x500A)
  static let exposureTime = PropertyCode(0x500D)
  static let dateTime = PropertyCode(0x5011)
}

/// What an object is (PIMA 15740:2000, clause 6.2; 0xB000 to 0xBFFF are the vendors').
public struct ObjectFormat: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  init(_ rawValue: UInt16) {
    self.init(rawValue: rawValue)
  }

  static let undefined = ObjectFormat(0x3000)
  /// A folder.
  static let association = ObjectFormat(0x3001)
  static let avi = ObjectFormat(0x300A)
  static let quickTime = ObjectFormat(0x300D)
  /// An image that the standard has no code for: most vendors' RAW files.
  static let unknownImage = ObjectFormat(0x3800)
  static let exifJPEG = ObjectFormat(0x3801)
  static let jfif = ObjectFormat(0x3808)
  static let tiff = ObjectFormat(0x380D)
  static let dng = ObjectFormat(0x3811)

  /// The format by a file name's extension.
  static func ofFile(named name: String) -> ObjectFormat {
    guard let dot = name.lastIndex(of: ".") else { return .undefined }
    return switch name[dot...].lowercased() {
    case ".jpg", ".jpeg": .exifJPEG
    case ".tif", ".tiff": .tiff
    case ".dng": .dng
    case ".mov", ".mp4": .quickTime
    case ".avi": .avi
    case ".nef", ".cr2", ".cr3", ".arw", ".raf", ".orf", ".rw2", ".heic", ".hif", ".heif": .unknownImage
    default: .undefined
    }
  }
}
