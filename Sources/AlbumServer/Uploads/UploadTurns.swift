/// One request at a time works on an upload, and the newest wins: a request that arrives cuts the connections of those
/// before it off, and waits until they have written down what they got.
///
/// So a client whose connection died in the middle of a PATCH, without the server noticing, gets on at once; nothing is
/// ever locked (tusd#335, tusdotnet#156).
actor UploadTurns {
  private struct Place {
    let number: Int
    let cutOff: @Sendable () -> Void
    var waiting: CheckedContinuation<Void, Never>?
  }

  private var lines: [UploadID: [Place]] = [:]
  private var lastNumber = 0

  /// Runs a request's work when it is its turn.
  /// - Parameter cutOff: ends the request early; it is called when a newer one arrives. One that is soon done anyway needs none.
  nonisolated func take<Success>(
    _ upload: UploadID, cutOff: @escaping @Sendable () -> Void = {}, _ work: () async throws -> Success
  ) async rethrows -> Success {
    try await take([upload], cutOff: cutOff, work)
  }

  /// Runs the work of a request for several uploads when it is its turn at all of them.
  nonisolated func take<Success>(
    _ uploads: [UploadID], cutOff: @escaping @Sendable () -> Void = {}, _ work: () async throws -> Success
  ) async rethrows -> Success {
    var places: [(upload: UploadID, number: Int)] = []
    // In the same order for everybody: no two requests ever wait for each other.
    for upload in Set(uploads).sorted(by: { $0.text < $1.text }) {
      places.append((upload, await enter(upload, cutOff: cutOff)))
    }
    do {
      let success = try await work()
      for place in places { await leave(place.upload, number: place.number) }
      return success
    } catch {
      for place in places { await leave(place.upload, number: place.number) }
      throw error
    }
  }

  /// How many requests hold or wait for a turn.
  var count: Int { lines.values.reduce(0) { $0 + $1.count } }

  /// How many requests wait for their turn at an upload.
  func waiting(for upload: UploadID) -> Int { lines[upload, default: []].count { $0.waiting != nil } }

  private func enter(_ upload: UploadID, cutOff: @escaping @Sendable () -> Void) async -> Int {
    lastNumber += 1
    let number = lastNumber
    let earlier = lines[upload, default: []]
    lines[upload, default: []].append(Place(number: number, cutOff: cutOff))
    guard !earlier.isEmpty else { return number }
    for place in earlier { place.cutOff() }
    await withCheckedContinuation { continuation in
      // Runs before this actor does anything else: the place is still there.
      let index = lines[upload]?.firstIndex { $0.number == number }
      if let index { lines[upload]?[index].waiting = continuation }
    }
    return number
  }

  private func leave(_ upload: UploadID, number: Int) {
    lines[upload]?.removeAll { $0.number == number }
    guard let first = lines[upload]?.first else {
      lines[upload] = nil
      return
    }
    // The oldest that is left; if there are newer ones it has been cut off already and will not be long.
    lines[upload]?[0].waiting = nil
    first.waiting?.resume()
  }
}
