/// The records in Canon's answer to 0x9116: 32-bit length with the head, 32-bit type, and the rest.
enum CanonRecord {
  static let objectAdded: UInt32 = 0xC181
  static let objectRemoved: UInt32 = 0xC182
  static let transferRequest: UInt32 = 0xC186
  static let objectChanged: UInt32 = 0xC188
  static let propertyValue: UInt32 = 0xC189
  static let allowedValues: UInt32 = 0xC18A

  /// What closes every answer: a record without content.
  static let end = record(0, [])

  static func encoded(_ announcement: Announcement, state: CameraState) -> [UInt8] {
    switch announcement {
    case .objectAdded(let handle):
      guard let object = state.object(handle) else { return [] }
      return record(objectAdded, added(object))
    case .memoryObjectAdded(let handle):
      guard let object = state.object(handle) else { return [] }
      return record(transferRequest, offered(object, handle: handle))
    case .objectRemoved(let handle):
      return record(objectRemoved, number(handle))
    case .objectChanged(let handle):
      return record(objectChanged, number(handle))
    case .propertyChanged(let code):
      guard let property = state.property(code) else { return [] }
      return values(of: property)
    case .storeAdded, .storeRemoved, .captureComplete:
      return []
    }
  }

  /// Type 0xC189 with the value, and 0xC18A with the values that are allowed.
  static func values(of property: PropertyDescription) -> [UInt8] {
    let code = number(UInt32(property.code.rawValue))
    let value: [UInt8]
    if case .string(let text) = property.current {
      value = Array(text.utf8) + [0]
    } else {
      value = property.current.encoded
    }
    // Values are padded to 32 bits.
    let padding = [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    var records = record(propertyValue, code + value + padding)
    if case .enumeration(let allowed) = property.form {
      // 3 says that each value has 32 bits.
      let values = allowed.flatMap { number(UInt32(truncatingIfNeeded: $0.number)) }
      records += record(allowedValues, code + number(3) + number(UInt32(allowed.count)) + values)
    }
    return records
  }

  static func record(_ type: UInt32, _ content: [UInt8]) -> [UInt8] {
    number(UInt32(8 + content.count)) + number(type) + content
  }

  /// Offsets from the record's start: handle 0x08, store 0x0C, format 0x10, length 0x1C, folder 0x20,
  /// name 0x28, zero-terminated.
  private static func added(_ object: CardObject) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(object.handle)
    writer.write(object.storage)
    writer.write(UInt32(object.format.rawValue))
    writer.write(UInt64(0))
    writer.write(UInt32(clamping: object.length))
    writer.write(object.parent)
    writer.write(UInt32(0))
    writer.write(Array(object.name.utf8) + [0])
    return writer.bytes
  }

  /// Offsets from the record's start: handle 0x08, format 0x0C, length 0x14, name 0x1C, zero-terminated.
  private static func offered(_ object: CardObject, handle: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(handle)
    writer.write(UInt32(object.format.rawValue))
    writer.write(UInt32(0))
    writer.write(UInt32(clamping: object.length))
    writer.write(UInt32(0))
    writer.write(Array(object.name.utf8) + [0])
    return writer.bytes
  }

  private static func number(_ value: UInt32) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(value)
    return writer.bytes
  }
}
