import Foundation

/// A memory card: a tree of objects with handles.
///
/// Handles are never used twice, not even after formatting, as real cameras do it within a session.
struct Card: Sendable {
  /// The store's id; the lower half is not 0, or the driver takes it for an empty slot.
  let storage: UInt32
  /// In bytes.
  let capacity: UInt64
  /// The folder on this machine that the card is; `nil` if it is only in memory.
  let root: URL?
  private(set) var objects: [UInt32: CardObject] = [:]
  /// Handles in the order in which the objects came.
  private(set) var handles: [UInt32] = []

  init(storage: UInt32, capacity: UInt64, root: URL?) {
    self.storage = storage
    self.capacity = capacity
    self.root = root
  }

  var used: UInt64 { objects.values.reduce(0) { $0 + UInt64($1.length) } }
  var free: UInt64 { capacity > used ? capacity - used : 0 }

  func object(_ handle: UInt32) -> CardObject? { objects[handle] }

  /// The objects in a folder; 0 is the root.
  func children(of parent: UInt32) -> [CardObject] {
    handles.compactMap { objects[$0] }.filter { $0.parent == parent }
  }

  /// The files of a name, in whichever folder.
  func files(named name: String) -> [CardObject] {
    handles.compactMap { objects[$0] }.filter { !$0.isFolder && $0.name == name }
  }

  /// The path on the card: `/DCIM/100PIXCH/IMG_0001.JPG`.
  func path(of object: CardObject) -> String {
    var path = "/" + object.name
    var parent = object.parent
    while parent != 0, let folder = objects[parent] {
      path = "/" + folder.name + path
      parent = folder.parent
    }
    return path
  }

  mutating func add(_ object: CardObject) {
    objects[object.handle] = object
    handles.append(object.handle)
  }

  /// The folder of that name in another, made if it is not there; and whether it was made.
  mutating func folder(
    named name: String, in parent: UInt32, at date: Date, newHandle: () -> UInt32
  ) throws(CameraSimulatorError) -> (folder: CardObject, isNew: Bool) {
    if let there = children(of: parent).first(where: { $0.isFolder && $0.name == name }) {
      return (there, false)
    }
    let base = parent == 0 ? root : objects[parent]?.file
    let file = base?.appendingPathComponent(name, isDirectory: true)
    if let file {
      do {
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
      } catch {
        throw CameraSimulatorError(.file, "the folder \(file.path) cannot be made", underlying: error)
      }
    }
    let folder = CardObject(
      handle: newHandle(), storage: storage, parent: parent, name: name, format: .association, content: nil,
      captured: date, picture: JPEGHead(), file: file)
    add(folder)
    return (folder, true)
  }

  mutating func setProtection(_ isProtected: Bool, of handle: UInt32) {
    objects[handle]?.isProtected = isProtected
  }

  mutating func setContent(_ content: ObjectContent, of handle: UInt32) {
    objects[handle]?.content = content
  }

  /// Removes an object and what lies in it.
  mutating func remove(_ handle: UInt32) throws(CameraSimulatorError) {
    for child in children(of: handle) { try remove(child.handle) }
    guard let object = objects.removeValue(forKey: handle) else { return }
    handles.removeAll { $0 == handle }
    guard let file = object.file else { return }
    do {
      try FileManager.default.removeItem(at: file)
    } catch {
      throw CameraSimulatorError(.file, "\(file.path) cannot be deleted", underlying: error)
    }
  }

  /// Everything in a folder of this machine becomes an object, in the order of the names.
  mutating func load(
    _ folder: URL, into parent: UInt32, newHandle: () -> UInt32
  ) throws(CameraSimulatorError) {
    let keys: Set<URLResourceKey> = [.isDirectoryKey, .contentModificationDateKey]
    let entries: [(url: URL, values: URLResourceValues)]
    do {
      entries = try FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: Array(keys), options: [.skipsHiddenFiles]
      )
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
      .map { ($0, try $0.resourceValues(forKeys: keys)) }
    } catch {
      throw CameraSimulatorError(.file, "the card \(folder.path) cannot be read", underlying: error)
    }
    for (url, values) in entries {
      let date = values.contentModificationDate ?? Date(timeIntervalSince1970: 0)
      let name = url.lastPathComponent
      if values.isDirectory == true {
        let handle = newHandle()
        add(
          CardObject(
            handle: handle, storage: storage, parent: parent, name: name, format: .association, content: nil,
            captured: date, picture: JPEGHead(), file: url))
        try load(url, into: handle, newHandle: newHandle)
      } else {
        let content = try ObjectContent(file: url)
        add(
          CardObject(
            handle: newHandle(), storage: storage, parent: parent, name: name,
            format: .ofFile(named: name), content: content, captured: date,
            picture: JPEGHead(try content.prefix(JPEGHead.length)), file: url))
      }
    }
  }
}
