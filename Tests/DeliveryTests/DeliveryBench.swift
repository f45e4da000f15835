import Curl
import Foundation
import Journal
import Logging
import Model
import SystemPackage
import TestServers
import Testing

@testable import Delivery

/// A journal with frames in it, and deliverers that run until something has happened.
final class DeliveryBench {
  let folder: TemporaryFolder
  private(set) var journal: Journal
  let curl: CurlClient

  init() async throws {
    folder = try TemporaryFolder()
    journal = try await Journal.open(
      at: FilePath(folder.path).appending("journal.sqlite"), spool: FilePath(folder.path).appending("spool"))
    curl = try CurlClient(CurlClient.Options(userAgent: "pixcheese-tests/1"))
  }

  static func random(_ count: Int) -> Data {
    var generator = SystemRandomNumberGenerator()
    var data = Data(capacity: count + 8)
    while data.count < count { withUnsafeBytes(of: generator.next()) { data.append(contentsOf: $0) } }
    return data.prefix(count)
  }

  /// A safe frame in the spool, with or without renditions.
  /// - Parameter second: when it was shot by the camera's clock; two of a name and a time are a pair.
  @discardableResult
  func frame(
    _ name: String, _ bytes: Data, album: String, renditions: [AssetKind: Data] = [:],
    from source: String = "7", at second: Int64? = nil, leavesCard: Bool = false
  ) async throws -> Frame {
    let path = try journal.spool.reserve(name, day: "2026-11-23")
    try bytes.write(to: URL(filePath: Spool.partPath(for: path).string))
    try Spool.publish(path)
    let original = Original(
      hash: ContentHash(of: bytes), name: name, mediaType: MediaType.forFile(named: name),
      bytes: Int64(bytes.count), path: path, isInPlace: false)
    let object = second.map {
      SourceObject(folder: "/store_00010001/DCIM", name: name, bytes: original.bytes, modified: $0)
    }
    let frame = try await journal.recordSafe(
      SafeOriginal(
        original: original, source: source, object: object, announcedAt: Date(), isToLeaveCard: leavesCard),
      session: nil,
      albums: [album]
    ).frame
    let stored = try renditions.sorted { $0.key < $1.key }.map { kind, bytes in
      let hash = ContentHash(of: bytes)
      let path = try journal.spool.store(rendition: Array(bytes), hash: hash, extension: "jpg")
      return StoredRendition(
        kind: kind, hash: hash, mediaType: "image/jpeg", bytes: Int64(bytes.count), path: path)
    }
    try await journal.recordRenditions(stored, facts: PictureFacts(width: 3), failure: nil, of: frame)
    return frame
  }

  /// A frame whose original lies where the person keeps it.
  func frameInPlace(_ path: String, _ bytes: Data, album: String) async throws {
    try bytes.write(to: URL(filePath: path))
    let original = Original(
      hash: ContentHash(of: bytes), name: "in-place.JPG", mediaType: "image/jpeg", bytes: Int64(bytes.count),
      path: FilePath(path), isInPlace: true,
      modifiedNanoseconds: try ReadableFile(path: path).stamp().modifiedNanoseconds)
    _ = try await journal.recordSafe(
      SafeOriginal(original: original, source: "file"), session: nil, albums: [album])
  }

  func deliverer(_ destinations: [DeliveryDestination], _ options: Deliverer.Options? = nil) -> Deliverer {
    Deliverer(
      journal: journal, destinations: destinations, curl: curl,
      options: options ?? Deliverer.Options(firstRest: .milliseconds(50), longestRest: .milliseconds(200)),
      logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Runs a deliverer until an event says that it is enough, and gives all events up to then.
  @discardableResult
  func run(
    _ deliverer: Deliverer, until isEnough: @escaping @Sendable ([DeliveryEvent]) async -> Bool
  ) async -> [DeliveryEvent] {
    await withTaskGroup(of: Void.self, returning: [DeliveryEvent].self) { group in
      group.addTask { await deliverer.run() }
      var events: [DeliveryEvent] = []
      for await event in deliverer.events {
        events.append(event)
        if await isEnough(events) { break }
      }
      group.cancelAll()
      return events
    }
  }
}

extension TusClient {
  /// Carries one delivery as a lane does.
  func carry(_ delivery: Delivery) async throws -> DeliveryOutcome {
    let source = try await DeliverySource.open(delivery, on: DispatchQueue(label: "tests"))
    return try await carry(delivery, from: source) { true }
  }
}

extension [DeliveryEvent] {
  var sent: [DeliveryEvent.Sent] {
    compactMap { if case .sent(let sent) = $0 { sent } else { nil } }
  }

  var parked: [DeliveryReason.Code] {
    compactMap { if case .parked(_, let reason) = $0 { reason.code } else { nil } }
  }

  var standings: [DestinationStanding] {
    compactMap { if case .standing(_, let standing) = $0 { standing } else { nil } }
  }

  var waiting: [DeliveryEvent.Waiting] {
    compactMap { if case .waiting(let waiting) = $0 { waiting } else { nil } }
  }
}
