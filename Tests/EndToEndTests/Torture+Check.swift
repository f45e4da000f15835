import Foundation
import Model
import Testing

extension Torture {
  /// The end of the day.
  func check() async throws {
    let tether = try current
    let shots = cameras.map(\.shots)
    let all = shots.flatMap { $0 }
    #expect(all.count == shot)
    let album = try AlbumReader(page: try await tether.first("album.ready").url, on: tether)
    let found = try await settled(album, all.count)
    try record.say("\(found.count) frames in the album", workersOf: cameras, and: tether)
    #expect(try await album.frames().count == all.count, "each is there once")
    let (there, wanted) = (Set(found.map(\.frame.hex)), Set(all.map(\.sha256)))
    let missing = shots.indices.flatMap { index in
      shots[index].filter { !there.contains($0.sha256) }.map { "camera \(index): \($0.name)" }
    }
    #expect(missing == [], "every frame is there")
    let others = found.filter { !wanted.contains($0.frame.hex) }.map(\.name)
    #expect(others == [], "and nothing else is")
    var wrong = 0
    for frame in found {
      if try await album.hash(of: frame.original) != frame.frame.hex { wrong += 1 }
    }
    #expect(wrong == 0, "originals that differ from the camera's")
    expectOrder(of: found, shots)
    record.report(all.count)
    try await expectCleanEnd(of: tether)
    try await expectNothingLeft(in: home, frames: all.count)
    for camera in cameras { #expect(try camera.workers() == [], "a worker outlives tether") }
  }

  /// The album's frames when all are there with their renditions, or when nothing has come for two minutes; and what
  /// the journal knows of them.
  private func settled(_ album: AlbumReader, _ count: Int) async throws -> [AlbumFrame] {
    var most = -1
    var last = ContinuousClock.now
    while true {
      // A frame that changed between two pages is on both; the later one is true.
      let found = Array(
        Dictionary(try await album.frames().map { ($0.frame, $0) }, uniquingKeysWith: { $1 }).values)
      let assets = found.reduce(0) { count, frame in
        count + [frame.thumbnail, frame.preview, frame.original].count { $0 != nil }
      }
      if assets > most {
        most = assets
        last = .now
      }
      if assets >= 3 * count, try await home.answer("status", as: JournalStatus.self).isQuiet { return found }
      guard ContinuousClock.now - last < .seconds(120) else {
        print("torture: \(assets) of \(3 * count) pictures are there, and no more come")
        print(try current.lines.suffix(12).map(\.text).joined(separator: "\n"))
        print(try current.words.suffix(1500))
        return found
      }
      try await Task.sleep(for: .milliseconds(max(50, count / 2)))
    }
  }

  /// Sorted by when they were captured, each camera's frames come in the order in which it took them.
  private func expectOrder(of found: [AlbumFrame], _ shots: [[SimulatedCamera.Shot]]) {
    let times = Dictionary(
      found.map { ($0.frame.hex, $0.facts.capturedAt ?? "") }, uniquingKeysWith: { first, _ in first })
    for (index, camera) in shots.enumerated() {
      let captured = camera.compactMap { times[$0.sha256] }
      #expect(
        captured == captured.sorted() && captured.count == camera.count, "camera \(index) is out of order")
    }
  }
}
