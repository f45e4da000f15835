import Model

extension Scoreboard {
  /// How far a run with a known end is, in bytes of all that it sends: a frame's small renditions go first, and are
  /// progress too.
  struct Upload: Sendable {
    /// Files found, and their bytes.
    let files: Int
    let bytes: Int64
    /// Albums that they go to, and how many of those take renditions.
    let albums: Int
    let takers: Int

    /// Files looked at until now, and the different frames that they are.
    private(set) var taken = 0
    private(set) var frames = 0
    /// Frames delivered everywhere, in this run or before.
    var done = 0
    /// Bytes given to the sockets, whether or not they arrived.
    var moved: Int64 = 0
    /// Bytes of files that were delivered before.
    private(set) var deliveredBytes: Int64 = 0
    private var sentBytes: Int64 = 0
    private var renditions: [AssetKind: (count: Int64, bytes: Int64)] = [:]

    init(files: Int, bytes: Int64, albums: Int, takers: Int) {
      self.files = files
      self.bytes = bytes
      self.albums = albums
      self.takers = takers
    }

    /// How many frames it will be, as far as can be told: files that turned out to be the same count once.
    var expected: Int { files - (taken - frames) }

    /// Some more files were looked at.
    /// - Parameters:
    ///   - frames: the different frames that all files until now are.
    ///   - deliveredBytes: the originals among them that were delivered everywhere before.
    mutating func take(files: Int, frames: Int, deliveredBytes: Int64) {
      taken += files
      self.frames = frames
      self.deliveredBytes += deliveredBytes
    }

    /// An asset has arrived.
    mutating func sent(_ kind: AssetKind, bytes: Int64) {
      sentBytes += bytes
      guard kind != .original else { return }
      let known = renditions[kind] ?? (0, 0)
      renditions[kind] = (known.count + 1, known.bytes + bytes)
    }

    /// How much of all the bytes has arrived: 0 to 1, and 1 only when everything has.
    var share: Double {
      let toSend = Double(bytes - deliveredBytes) * Double(albums) + renditionBytes
      guard toSend >= 1, done < expected else { return done >= expected ? 1 : 0 }
      return min(0.999, Double(max(sentBytes, moved)) / toSend)
    }

    /// What the renditions of what is not delivered yet will be: by those that were sent, and until then by a guess.
    private var renditionBytes: Double {
      let left = files == 0 ? 0 : Double(bytes - deliveredBytes) / Double(max(1, bytes)) * Double(files)
      let average = Double(bytes) / Double(max(1, files))
      func size(_ kind: AssetKind, guess: Double) -> Double {
        renditions[kind].map { Double($0.bytes) / Double($0.count) } ?? min(guess, average)
      }
      return left * Double(takers) * (size(.thumbnail, guess: 30_000) + size(.preview, guess: 400_000))
    }
  }
}
