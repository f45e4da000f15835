/// The value of a device property with its data type (PIMA 15740:2000, clause 5.3, table 3).
public enum PropertyValue: Hashable, Sendable {
  case int8(Int8)
  case uint8(UInt8)
  case int16(Int16)
  case uint16(UInt16)
  case int32(Int32)
  case uint32(UInt32)
  case string(String)

  /// The data type's code.
  public var dataType: UInt16 {
    switch self {
    case .int8: 0x0001
    case .uint8: 0x0002
    case .int16: 0x0003
    case .uint16: 0x0004
    case .int32: 0x0005
    case .uint32: 0x0006
    case .string: 0xFFFF
    }
  }

  public var encoded: [UInt8] {
    var writer = ByteWriter()
    switch self {
    case .int8(let value): writer.write(value)
    case .uint8(let value): writer.write(value)
    case .int16(let value): writer.write(value)
    case .uint16(let value): writer.write(value)
    case .int32(let value): writer.write(value)
    case .uint32(let value): writer.write(value)
    case .string(let value): writer.write(string: value)
    }
    return writer.bytes
  }

  /// Reads a value of the same type as this one; `nil` if the bytes are too few.
  public func decodingSameType(from bytes: [UInt8]) -> PropertyValue? {
    var reader = ByteReader(bytes)
    return switch self {
    case .int8: reader.read(Int8.self).map { .int8($0) }
    case .uint8: reader.read(UInt8.self).map { .uint8($0) }
    case .int16: reader.read(Int16.self).map { .int16($0) }
    case .uint16: reader.read(UInt16.self).map { .uint16($0) }
    case .int32: reader.read(Int32.self).map { .int32($0) }
    case .uint32: reader.read(UInt32.self).map { .uint32($0) }
    case .string: reader.readString().map { .string($0) }
    }
  }

  /// The value as a number; 0 for a string.
  var number: Int {
    switch self {
    case .int8(let value): Int(value)
    case .uint8(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint32(let value): Int(value)
    case .string: 0
    }
  }
}

/// A device property: the DevicePropDesc dataset (PIMA 15740:2000, clause 13.3.3).
public struct PropertyDescription: Hashable, Sendable {
  /// Which values are allowed.
  public enum Form: Hashable, Sendable {
    case any
    case range(minimum: PropertyValue, maximum: PropertyValue, step: PropertyValue)
    case enumeration([PropertyValue])
  }

  public var code: PropertyCode
  public var isWritable: Bool
  public var factoryDefault: PropertyValue
  public var current: PropertyValue
  public var form: Form

  public init(
    _ code: PropertyCode, isWritable: Bool = false, factoryDefault: PropertyValue? = nil,
    current: PropertyValue, form: Form = .any
  ) {
    self.code = code
    self.isWritable = isWritable
    self.factoryDefault = factoryDefault ?? current
    self.current = current
    self.form = form
  }

  public var encoded: [UInt8] {
    var writer = ByteWriter()
    writer.write(code.rawValue)
    writer.write(current.dataType)
    writer.write(UInt8(isWritable ? 1 : 0))
    writeValues(to: &writer)
    return writer.bytes
  }

  /// What stands behind the head of the dataset; Sony's own dataset differs only in the head.
  func writeValues(to writer: inout ByteWriter) {
    writer.write(factoryDefault.encoded)
    writer.write(current.encoded)
    switch form {
    case .any:
      writer.write(UInt8(0))
    case .range(let minimum, let maximum, let step):
      writer.write(UInt8(1))
      for value in [minimum, maximum, step] { writer.write(value.encoded) }
    case .enumeration(let values):
      writer.write(UInt8(2))
      writer.write(UInt16(values.count))
      for value in values { writer.write(value.encoded) }
    }
  }
}
