import Foundation

/// What the photographer does with the camera.
extension CameraState {
  /// What the next frame will be called by its number, and when it is taken.
  var nextFacts: FrameFacts {
    FrameFacts(
      number: number, date: now, zone: configuration.timeZone,
      maker: configuration.vendor.manufacturer, serialNumber: configuration.serialNumber)
  }

  /// Where a frame goes when the photographer presses the button: without a computer always to the card.
  var buttonTarget: FrameTarget { isSessionOpen ? behaviour.target(in: self) : .card }

  /// Puts a frame on the cards or into RAM and announces it. A frame on two cards is announced twice, as dual
  /// slots do.
  mutating func add(
    _ frame: FramePicture, facts: FrameFacts, target: FrameTarget
  ) throws(CameraSimulatorError) -> CardObject {
    let name =
      faults.names.isEmpty
      ? frame.name ?? facts.number.fileName(extension: frame.fileExtension) : faults.names.removeFirst()
    if target != .memory, cards.contains(where: { $0.free < UInt64(frame.content.length) }) {
      throw CameraSimulatorError(.cardFull, "the card is full")
    }
    if let buffer = configuration.buffer, isSessionOpen {
      buffered = buffered.filter { object($0) != nil }
      guard buffered.count < buffer else {
        throw CameraSimulatorError(
          .bufferFull, "the buffer is full of frames that the computer has not deleted")
      }
    }
    var added: CardObject?
    if target != .memory {
      let raw = configuration.rawExtension.map { RawTwin(of: frame, named: name, extension: $0) }
      if let raw, configuration.isRawFirst { try put(raw, facts: facts) }
      for index in cards.indices where raw == nil || index == 0 {
        let object = try put(frame, named: name, facts: facts, onCard: index)
        added = added ?? object
      }
      if let raw, !configuration.isRawFirst { try put(raw, facts: facts) }
    }
    // A body that stops offering its frames still has them on the card.
    let isForgotten =
      target == .both && behaviour.tellsByMemory && isSessionOpen
      && ActiveFaults.strike(&faults.missingEvents)
    if target != .card, !isForgotten {
      let object = CardObject(
        handle: newHandle(), storage: 0, parent: 0, name: name, format: .ofFile(named: name),
        content: frame.content, captured: facts.date, picture: frame.head, file: nil)
      keepInMemory(object)
      added = added ?? object
    }
    number = facts.number
    number.advance()
    guard let added else { throw CameraSimulatorError(.file, "the frame went nowhere") }
    return added
  }

  /// Where there are two cards the RAW is on the last one.
  private mutating func put(_ raw: RawTwin, facts: FrameFacts) throws(CameraSimulatorError) {
    _ = try put(raw.frame, named: raw.name, facts: facts, onCard: cards.count - 1)
  }

  private mutating func put(
    _ frame: FramePicture, named name: String, facts: FrameFacts, onCard index: Int
  ) throws(CameraSimulatorError) -> CardObject {
    var card = cards[index]
    let (dcim, isDCIMNew) = try card.folder(named: "DCIM", in: 0, at: facts.date, newHandle: { newHandle() })
    let (folder, isFolderNew) = try card.folder(
      named: facts.number.folderName, in: dcim.handle, at: facts.date, newHandle: { newHandle() })
    // A name that no file system takes, or that leads out of the card, is only in memory.
    let isPlain = !name.contains("/") && name.utf8.count < 255 && name != ".." && !name.contains("\0")
    let file = isPlain ? folder.file?.appendingPathComponent(name) : nil
    var content = frame.content
    if let file {
      try content.write(to: file)
      do {
        // The card says the same of the file when it is put in again.
        try FileManager.default.setAttributes([.modificationDate: facts.date], ofItemAtPath: file.path)
      } catch {
        throw CameraSimulatorError(.file, "the time of \(file.path) cannot be set", underlying: error)
      }
      content = try ObjectContent(file: file)
    }
    let object = CardObject(
      handle: newHandle(), storage: card.storage, parent: folder.handle, name: name,
      format: .ofFile(named: name), content: content, captured: facts.date, picture: frame.head, file: file)
    card.add(object)
    cards[index] = card
    if configuration.buffer != nil, isSessionOpen { buffered.insert(object.handle) }
    if isDCIMNew { announce(.objectAdded(dcim.handle)) }
    if isFolderNew { announce(.objectAdded(folder.handle)) }
    announce(.objectAdded(object.handle))
    return object
  }

  /// Deletes everything on a card and counts frames from 0001 again, without telling anybody.
  mutating func format(storage: UInt32) throws(CameraSimulatorError) {
    for index in cards.indices where cards[index].storage == storage {
      for object in cards[index].children(of: 0) { try cards[index].remove(object.handle) }
    }
    number = FrameNumber()
  }

  /// The card is taken out and put in again: the camera says so.
  mutating func reinsertCards() {
    for card in cards {
      announce(.storeRemoved(card.storage))
      announce(.storeAdded(card.storage))
    }
  }

  /// Deletes all files of a name, by the camera's own buttons.
  /// - Returns: how many there were.
  mutating func deleteFiles(named name: String) throws(CameraSimulatorError) -> Int {
    var count = 0
    for index in cards.indices {
      for object in cards[index].files(named: name) {
        try cards[index].remove(object.handle)
        announce(.objectRemoved(object.handle))
        count += 1
      }
    }
    return count
  }

  /// Protects all files of a name, or lifts that.
  /// - Returns: how many there were.
  mutating func protectFiles(named name: String, _ isProtected: Bool) -> Int {
    var count = 0
    for index in cards.indices {
      for object in cards[index].files(named: name) {
        cards[index].setProtection(isProtected, of: object.handle)
        announce(.objectChanged(object.handle))
        count += 1
      }
    }
    return count
  }

  /// Gives all files of a name stars, as a camera does: the length and the time stay, some bytes change.
  /// - Returns: how many there were.
  mutating func rateFiles(named name: String, _ stars: Int) throws(CameraSimulatorError) -> Int {
    var count = 0
    for index in cards.indices {
      for object in cards[index].files(named: name) {
        guard let content = object.content else { continue }
        let rated = try RatedContent.rating(content, stars)
        if let file = object.file { try rated.write(to: file) }
        cards[index].setContent(try object.file.map(ObjectContent.init(file:)) ?? rated, of: object.handle)
        announce(.objectChanged(object.handle))
        count += 1
      }
    }
    return count
  }

  /// Turns a fault on. The faults of connections are the server's.
  mutating func inject(_ fault: Fault) {
    switch fault {
    case .dropAfter(let bytes): faults.dropAfter = bytes
    case .busy(let operations, let after):
      faults.busy += operations
      faults.busyAfter = after
    case .slow(let rate): faults.bytesPerSecond = rate
    case .latency(let milliseconds): faults.milliseconds = milliseconds
    case .short(let bytes, let downloads): faults.short = (bytes, downloads)
    case .truncate(let bytes): faults.truncate = bytes
    case .duplicateEvents(let count): faults.duplicateEvents += count
    case .missingEvents(let count): faults.missingEvents += count
    case .unknownObjects(let count): faults.unknownObjects += count
    case .refuse(let connections): faults.refusals += connections
    case .initFail(let reason, let times): faults.initFail = (reason, times)
    case .name(let name): faults.names.append(name)
    case .rollover: number = FrameNumber(folder: number.folder, file: 9999)
    case .drop, .stall: break
    }
  }
}
