import Foundation

/// The standard's operations (PIMA 15740:2000, clause 10.5).
extension CameraState {
  /// The operations that DeviceInfo lists.
  var operations: [OperationCode] {
    var codes: [OperationCode] = [
      .getDeviceInfo, .openSession, .closeSession, .getStorageIDs, .getStorageInfo, .getNumObjects,
      .getObjectHandles, .getObjectInfo, .getObject, .getThumb, .deleteObject, .formatStore,
      .setObjectProtection, .getDevicePropDesc, .getDevicePropValue, .setDevicePropValue,
    ]
    if behaviour.offersInitiateCapture { codes.append(.initiateCapture) }
    if configuration.offersPartialObject { codes.append(.getPartialObject) }
    return codes + behaviour.operations
  }

  var deviceInfo: DeviceInfo {
    DeviceInfo(
      vendorExtensionID: behaviour.extensionID, operations: operations,
      events: [
        .objectAdded, .objectRemoved, .storeAdded, .storeRemoved, .devicePropChanged, .objectInfoChanged,
        .captureComplete,
      ],
      properties: behaviour.listsProperties ? propertyCodes : [],
      manufacturer: configuration.vendor.manufacturer,
      model: configuration.model ?? configuration.vendor.defaultModel,
      serialNumber: configuration.serialNumber)
  }

  /// Answers one operation.
  mutating func answer(_ request: OperationRequest, data: [UInt8]) -> Reply {
    switch request.code {
    case .getDeviceInfo:
      return .bytes(deviceInfo.encoded)
    case .openSession:
      guard !isSessionOpen else { return .failed(.sessionAlreadyOpen) }
      openSession()
      return .ok
    default:
      guard isSessionOpen else { return .failed(.sessionNotOpen) }
    }
    if request.code == .closeSession {
      isSessionOpen = false
      return .ok
    }
    if faults.isBusy() { return .failed(.deviceBusy) }
    if let reply = behaviour.answer(request, data: data, state: &self) { return reply }
    guard operations.contains(request.code) else { return .failed(.operationNotSupported) }
    return answerStandard(request, data: data)
  }

  private mutating func answerStandard(_ request: OperationRequest, data: [UInt8]) -> Reply {
    switch request.code {
    case .getStorageIDs: storageIDs()
    case .getStorageInfo: storageInfo(request[0])
    case .getNumObjects: handles(request) { Reply(code: .ok, parameters: [UInt32($0.count)]) }
    case .getObjectHandles:
      handles(request) { handles in
        var writer = ByteWriter()
        writer.write(array: handles)
        return .bytes(writer.bytes)
      }
    case .getObjectInfo: objectInfo(request[0])
    case .getObject: download(request[0], offset: 0, count: nil)
    case .getPartialObject: download(request[0], offset: Int(request[1]), count: Int(request[2]))
    case .getThumb: thumbnail(request[0])
    case .deleteObject: delete(request[0])
    case .formatStore: format(request[0])
    case .setObjectProtection: setProtection(request[0], UInt16(truncatingIfNeeded: request[1]))
    case .getDevicePropDesc: withProperty(request[0]) { .bytes($0.encoded) }
    case .getDevicePropValue: withProperty(request[0]) { .bytes($0.current.encoded) }
    case .setDevicePropValue:
      setProperty(PropertyCode(UInt16(truncatingIfNeeded: request[0])), to: data)
    case .initiateCapture: Reply(code: .ok, afterwards: .shoot(behaviour.target(in: self)))
    default: .failed(.operationNotSupported)
    }
  }

  func storageIDs() -> Reply {
    var writer = ByteWriter()
    writer.write(array: cards.map(\.storage))
    return .bytes(writer.bytes)
  }

  func storageInfo(_ storage: UInt32) -> Reply {
    guard let index = cards.firstIndex(where: { $0.storage == storage }) else {
      return .failed(.invalidStorageID)
    }
    let info = StorageInfo(
      accessCapability: isReadOnly ? 1 : 0, capacity: cards[index].capacity, free: cards[index].free,
      freeImages: framesLeft,
      storageDescription: "Card \(index + 1)", volumeLabel: "PIXCHEESE")
    return .bytes(info.encoded)
  }

  /// Parameters: store (0xFFFFFFFF: all), format (0: all), folder (0: everything, 0xFFFFFFFF: the root).
  private func handles(_ request: OperationRequest, _ reply: ([UInt32]) -> Reply) -> Reply {
    let chosen = request[0] == 0xFFFF_FFFF ? cards : cards.filter { $0.storage == request[0] }
    guard !chosen.isEmpty else { return .failed(.invalidStorageID) }
    let found = chosen.flatMap { card in card.handles.compactMap { card.object($0) } }.filter { object in
      let isInFolder =
        switch request[2] {
        case 0: true
        case 0xFFFF_FFFF: object.parent == 0
        default: object.parent == request[2]
        }
      return isInFolder && (request[1] == 0 || UInt32(object.format.rawValue) == request[1])
    }
    return reply(found.map(\.handle))
  }

  private mutating func objectInfo(_ handle: UInt32) -> Reply {
    if ActiveFaults.strike(&faults.unknownObjects) { return .failed(.invalidObjectHandle) }
    guard let object = object(handle) else { return .failed(.invalidObjectHandle) }
    return .bytes(object.info(in: configuration.timeZone).encoded)
  }

  /// An object or a part of it; the response to a part says how many bytes it has.
  private mutating func download(_ handle: UInt32, offset: Int, count: Int?) -> Reply {
    guard let content = object(handle)?.content else { return .failed(.invalidObjectHandle) }
    var length = content.length
    if faults.short.downloads > 0 {
      length = max(0, length - faults.short.bytes)
      // In parts, the end of the object counts as one download.
      if count.map({ offset + $0 >= length }) ?? true { faults.short.downloads -= 1 }
    }
    guard offset <= content.length else { return .failed(.invalidParameter) }
    let start = min(offset, length)
    let range = start..<min(length, start + (count ?? length))
    var reply = Reply(code: .ok, payload: .content(content, range))
    if count != nil { reply.parameters = [UInt32(range.count)] }
    if count == nil, memory.contains(where: { $0.handle == handle }) { reply.afterwards = .release(handle) }
    return reply
  }

  private func thumbnail(_ handle: UInt32) -> Reply {
    guard let object = object(handle) else { return .failed(.invalidObjectHandle) }
    guard !object.picture.thumbnail.isEmpty else { return .failed(.noThumbnailPresent) }
    return .bytes(object.picture.thumbnail)
  }

  private func withProperty(_ code: UInt32, _ reply: (PropertyDescription) -> Reply) -> Reply {
    property(PropertyCode(UInt16(truncatingIfNeeded: code))).map(reply) ?? .failed(.devicePropNotSupported)
  }

  mutating func setProperty(_ code: PropertyCode, to data: [UInt8]) -> Reply {
    guard let property = property(code) else { return .failed(.devicePropNotSupported) }
    guard property.isWritable else { return .failed(.accessDenied) }
    guard let value = property.current.decodingSameType(from: data) else {
      return .failed(.invalidDevicePropFormat)
    }
    if code == .dateTime, case .string(let text) = value {
      guard let date = PTPDate.date(text, in: configuration.timeZone) else {
        return .failed(.invalidDevicePropFormat)
      }
      clockOffset = date.timeIntervalSinceNow
    } else {
      store(value, in: code)
    }
    return .ok
  }

  private mutating func setProtection(_ handle: UInt32, _ status: UInt16) -> Reply {
    guard let index = cards.firstIndex(where: { $0.object(handle) != nil }) else {
      return .failed(.invalidObjectHandle)
    }
    cards[index].setProtection(status != 0, of: handle)
    return .ok
  }

  /// The computer asked for it, so no event tells of it.
  private mutating func delete(_ handle: UInt32) -> Reply {
    guard let index = cards.firstIndex(where: { $0.object(handle) != nil }),
      let object = cards[index].object(handle)
    else { return .failed(.invalidObjectHandle) }
    guard !isReadOnly else { return .failed(.storeReadOnly) }
    guard !object.isProtected else { return .failed(.objectWriteProtected) }
    do {
      try cards[index].remove(handle)
      return .ok
    } catch {
      return .failed(.generalError)
    }
  }

  private mutating func format(_ storage: UInt32) -> Reply {
    guard cards.contains(where: { $0.storage == storage }) else { return .failed(.invalidStorageID) }
    do {
      try format(storage: storage)
      return .ok
    } catch {
      return .failed(.generalError)
    }
  }
}
