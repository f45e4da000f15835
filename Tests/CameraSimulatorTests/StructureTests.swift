import Foundation
import Testing

@testable import CameraSimulator

/// PTP's datasets against bytes written out by hand from PIMA 15740:2000.
@Suite("PTP's structures are as the standard writes them")
struct StructureTests {
  @Test("A string has a count with the closing zero, then UTF-16, little endian")
  func strings() {
    var writer = ByteWriter()
    writer.write(string: "Aé")
    writer.write(string: "")
    #expect(writer.bytes == [3, 0x41, 0, 0xE9, 0, 0, 0, 0])
    var reader = ByteReader(writer.bytes)
    #expect(reader.readString() == "Aé")
    #expect(reader.readString()?.isEmpty == true)
    #expect(reader.readString() == nil)
  }

  @Test("A string of more than 254 units is cut, so that its count fits into a byte")
  func longStrings() {
    var writer = ByteWriter()
    writer.write(string: String(repeating: "x", count: 400))
    #expect(writer.bytes.count == 1 + 255 * 2)
    #expect(writer.bytes[0] == 255)
  }

  @Test("An emoji takes two units")
  func emoji() {
    var writer = ByteWriter()
    writer.write(string: "🧀")
    #expect(writer.bytes == [3, 0x3E, 0xD8, 0xC0, 0xDD, 0, 0])
  }

  @Test("An array has a 32-bit count, and one that is longer than its bytes is refused")
  func arrays() {
    var writer = ByteWriter()
    writer.write(array: [UInt16(0x1001), 0x1002])
    #expect(writer.bytes == [2, 0, 0, 0, 0x01, 0x10, 0x02, 0x10])
    var reader = ByteReader(writer.bytes)
    #expect(reader.readArray(of: UInt16.self) == [0x1001, 0x1002])
    var short = ByteReader([255, 255, 255, 255, 1, 2])
    #expect(short.readArray(of: UInt16.self) == nil)
  }

  @Test("Numbers are read little endian, with their sign")
  func numbers() {
    var reader = ByteReader([0x34, 0x12, 0xFE, 0xFF, 0xFF])
    #expect(reader.read(UInt16.self) == 0x1234)
    #expect(reader.read(Int16.self) == -2)
    #expect(reader.read(Int8.self) == -1)
    #expect(reader.read(UInt8.self) == nil)
  }

  @Test("DeviceInfo")
  func deviceInfo() {
    let info = DeviceInfo(
      vendorExtensionID: 0x0A, operations: [.getDeviceInfo], events: [.objectAdded],
      properties: [.batteryLevel],
      captureFormats: [.exifJPEG], imageFormats: [.exifJPEG], manufacturer: "M", model: "D",
      deviceVersion: "1",
      serialNumber: "7")
    #expect(
      info.encoded == [
        100, 0,  // standard version 1.00
        0x0A, 0, 0, 0, 100, 0, 0,  // vendor extension: id, version, empty description
        0, 0,  // functional mode
        1, 0, 0, 0, 0x01, 0x10,  // operations
        1, 0, 0, 0, 0x02, 0x40,  // events
        1, 0, 0, 0, 0x01, 0x50,  // properties
        1, 0, 0, 0, 0x01, 0x38,  // capture formats
        1, 0, 0, 0, 0x01, 0x38,  // image formats
        2, 0x4D, 0, 0, 0, 2, 0x44, 0, 0, 0, 2, 0x31, 0, 0, 0, 2, 0x37, 0, 0, 0,
      ])
  }

  @Test("StorageInfo")
  func storageInfo() {
    let info = StorageInfo(
      capacity: 0x0102_0304_0506, free: 0x10, freeImages: 9, storageDescription: "C", volumeLabel: "")
    #expect(
      info.encoded == [
        4, 0, 3, 0, 0, 0, 6, 5, 4, 3, 2, 1, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 2, 0x43, 0, 0, 0, 0,
      ])
  }

  @Test("ObjectInfo; a file of more than 4 GiB says 0xFFFFFFFF")
  func objectInfo() {
    let info = ObjectInfo(
      storage: 0x0001_0001, format: .exifJPEG, isProtected: true, size: 5_000_000_000, thumbnailFormat: .jfif,
      thumbnailSize: 2, thumbnailWidth: 160, thumbnailHeight: 120, width: 6000, height: 4000, depth: 24,
      parent: 3, name: "A", captureDate: "20261123T140307", modificationDate: "")
    let date: [UInt8] = [16] + "20261123T140307".utf8.flatMap { [$0, 0] } + [0, 0]
    #expect(
      info.encoded == [
        1, 0, 1, 0, 0x01, 0x38, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x08, 0x38, 2, 0, 0, 0, 160, 0, 0, 0, 120, 0, 0,
        0,
        0x70, 0x17, 0, 0, 0xA0, 0x0F, 0, 0, 24, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x41, 0,
        0,
        0,
      ] + date + [0, 0])
  }

  @Test("DevicePropDesc with a range, with an enumeration and without a form")
  func propertyDescriptions() {
    let battery = PropertyDescription(
      .batteryLevel, factoryDefault: .uint8(100), current: .uint8(80),
      form: .range(minimum: .uint8(0), maximum: .uint8(100), step: .uint8(1)))
    #expect(battery.encoded == [0x01, 0x50, 2, 0, 0, 100, 80, 1, 0, 100, 1])
    let choice = PropertyDescription(
      PropertyCode(rawValue: 0xD222), isWritable: true, current: .uint16(0x11),
      form: .enumeration([.uint16(1), .uint16(0x11)]))
    #expect(choice.encoded == [0x22, 0xD2, 4, 0, 1, 0x11, 0, 0x11, 0, 2, 2, 0, 1, 0, 0x11, 0])
    let text = PropertyDescription(.dateTime, isWritable: true, current: .string("T"))
    #expect(text.encoded == [0x11, 0x50, 0xFF, 0xFF, 1, 2, 0x54, 0, 0, 0, 2, 0x54, 0, 0, 0, 0])
  }

  @Test("A date is local time, and comes back from its text")
  func dates() throws {
    let zone = try #require(TimeZone(secondsFromGMT: 8 * 3600))
    let date = Date(timeIntervalSince1970: 1_795_413_787)
    #expect(PTPDate.text(date, in: zone) == "20261123T140307")
    #expect(PTPDate.date("20261123T140307.5", in: zone) == date)
    #expect(PTPDate.exif(date, in: zone) == "2026:11:23 14:03:07")
    #expect(PTPDate.offset(date, in: zone) == "+08:00")
    #expect(PTPDate.date("yesterday", in: zone) == nil)
  }

  @Test("Sony's property has two bytes between type and value")
  func sonyProperty() {
    var writer = ByteWriter()
    SonyBehaviour.write(
      PropertyDescription(SonyBehaviour.objectInMemory, current: .uint16(0x8001)), to: &writer)
    #expect(writer.bytes == [0x15, 0xD2, 4, 0, 0, 0, 0x01, 0x80, 0x01, 0x80, 0])
  }

  @Test("Canon's records have a length, a type and padded values, and an empty one at the end")
  func canonRecords() {
    #expect(CanonRecord.end == [8, 0, 0, 0, 0, 0, 0, 0])
    let battery = PropertyDescription(CanonBehaviour.batteryPower, current: .uint16(2))
    #expect(
      CanonRecord.values(of: battery) == [
        16, 0, 0, 0, 0x89, 0xC1, 0, 0, 0x11, 0xD1, 0, 0, 2, 0, 0, 0,
      ])
    let target = PropertyDescription(
      CanonBehaviour.captureDestination, current: .uint32(2), form: .enumeration([.uint32(2), .uint32(4)]))
    #expect(
      CanonRecord.values(of: target) == [
        16, 0, 0, 0, 0x89, 0xC1, 0, 0, 0x1C, 0xD1, 0, 0, 2, 0, 0, 0,
        28, 0, 0, 0, 0x8A, 0xC1, 0, 0, 0x1C, 0xD1, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0,
      ])
  }
}
