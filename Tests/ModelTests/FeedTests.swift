import Foundation
import Model
import Testing

@Suite("Feeds of a bucket album")
struct FeedTests {
  private func hash(_ number: Int) -> ContentHash { ContentHash(of: Data("frame \(number)".utf8)) }

  private func entry(
    _ number: Int, thumbnail: String? = nil, preview: String? = nil, original: String? = nil,
    at time: String? = nil,
    seq: Int64 = 0, name: String? = nil
  ) -> AlbumFrame {
    AlbumFrame(
      seq: seq, frame: hash(number), name: name ?? "IMG_\(number).JPG", mediaType: "image/jpeg", bytes: 7,
      thumbnail: thumbnail, preview: preview, original: original, facts: PictureFacts(capturedAt: time))
  }

  @Test("A head numbers its changes, keeps each frame's last, and says nothing twice")
  func head() throws {
    var head = FeedHead(photographer: "a1")
    _ = try head.take([entry(1, thumbnail: "t"), entry(2)])
    _ = try head.take([entry(1, thumbnail: "t", preview: "p")])
    #expect(head.recent.map(\.frame) == [hash(2), hash(1)])
    #expect(head.recent.map(\.seq) == [2, 3])
    let before = head
    _ = try head.take([entry(1, thumbnail: "t", preview: "p")])
    #expect(head == before, "a batch that is shown again after a crash changes nothing")
    #expect(try JSONDecoder().decode(FeedHead.self, from: head.encoded()) == head)
    #expect(try head.encoded() == before.encoded())
  }

  @Test("Ten thousand frames with three changes each: every last change is found in few objects")
  func compaction() throws {
    var head = FeedHead(photographer: "a1")
    var objects: [String: FeedSegment] = [:]
    var written = 0
    for round in 0..<3 {
      for start in stride(from: 0, to: 10_000, by: 20) {
        let batch = (start..<start + 20).map {
          entry($0, thumbnail: "t", preview: round > 0 ? "p" : nil, original: round > 1 ? "o" : nil)
        }
        if let segment = try head.take(batch) {
          objects[segment.name] = segment
          written += segment.bytes.count
        }
        while let run = head.mergeable {
          let whole = try FeedSegment(merging: run.map { try #require(objects[$0.name]) })
          let isReplaced = head.replace(run, by: whole)
          #expect(isReplaced)
          objects[whole.name] = whole
          written += whole.bytes.count
        }
        #expect(head.recent.count <= FeedHead.mostRecent)
      }
    }
    #expect(head.segments.count <= 25, "\(head.segments.count) requests for a guest")
    #expect(try head.encoded().count < 40_000)
    var merged = MergedFeed()
    for segment in head.segments {
      let read = try FeedSegment(reading: try #require(objects[segment.name]).bytes)
      #expect(read.listed == segment)
      merged.take(read.frames, from: "a1")
    }
    merged.take(head.recent, from: "a1")
    #expect(merged.frames.count == 10_000)
    #expect(merged.frames.allSatisfy { $0.original == "o" && $0.preview == "p" && $0.thumbnail == "t" })
    #expect(written < 30_000 * 400 * 4, "a change is written \(written / 30_000) bytes long in all")
  }

  @Test("A merged segment that no longer fits is not put in")
  func stale() throws {
    var head = FeedHead(photographer: "a1")
    head.segments = (0..<8).map { .init(name: "\($0).json", entries: 70, through: Int64($0)) }
    let run = try #require(head.mergeable)
    let whole = try FeedSegment([entry(1, seq: 1)])
    head.segments.removeFirst()
    let isReplaced = head.replace(run, by: whole)
    #expect(!isReplaced)
    #expect(head.segments.count == 7)
  }

  @Test("Several photographers' feeds make one album in the order of capture, however they come")
  func merging() throws {
    let a = [
      entry(1, at: "2026-11-23T14:00:00+08:00", seq: 1),
      entry(1, thumbnail: "t", at: "2026-11-23T14:00:00+08:00", seq: 2),
      entry(3, at: "2026-11-23T05:00:00Z", seq: 3), entry(4, seq: 4),
    ]
    let b = [
      entry(2, at: "2026-11-23T06:00:00.500Z", seq: 1), entry(1, preview: "p", seq: 9, name: "other.jpg"),
    ]
    var expected: [AlbumFrame]?
    for order in [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 5, 1, 0, 2, 4], [1, 0, 1, 5, 4, 3, 2, 0]] {
      var merged = MergedFeed()
      for index in order {
        if index < 4 { merged.take([a[index]], from: "aa") } else { merged.take([b[index - 4]], from: "bb") }
      }
      expected = expected ?? merged.frames
      #expect(merged.frames == expected)
    }
    let frames = try #require(expected)
    #expect(frames.map(\.frame) == [hash(2), hash(1), hash(3), hash(4)])
    #expect(frames[1].thumbnail == "t" && frames[1].preview == "p" && frames[1].name == "IMG_1.JPG")
  }

  @Test("Where one laptop has the RAW and another the JPEG, both are listed and the JPEG leads")
  func mergedPair() throws {
    func part(_ name: String, _ number: Int) -> AlbumFrame {
      let original = AlbumOriginal(
        sha256: hash(number), name: name, mediaType: MediaType.forFile(named: name), bytes: Int64(number),
        url: name)
      var frame = entry(1, seq: 1, name: name)
      (frame.original, frame.originals) = (name, [original])
      return frame
    }
    var merged = MergedFeed()
    merged.take([part("1.NEF", 1)], from: "aa")
    merged.take([part("1.JPG", 2)], from: "bb")
    let frame = try #require(merged.frames.first)
    #expect(frame.originals.map(\.name) == ["1.NEF", "1.JPG"])
    #expect(frame.name == "1.JPG" && frame.original == "1.JPG" && frame.bytes == 2)
    #expect(frame.mediaType == "image/jpeg")
  }

  @Test(
    "A photo that one laptop names by its RAW and another by its JPEG is one frame as soon as one has both")
  func otherOriginal() throws {
    func entry(_ frame: Int, _ originals: [Int], preview: String? = nil, seq: Int64 = 1) -> AlbumFrame {
      var entry = self.entry(frame, preview: preview, seq: seq)
      entry.originals = originals.map { number in
        let name = number == 1 ? "1.NEF" : "1.JPG"
        return AlbumOriginal(
          sha256: hash(number), name: name, mediaType: MediaType.forFile(named: name), bytes: 7, url: name)
      }
      return entry
    }
    let (raw, both) = (entry(1, [1]), entry(1, [1, 2], seq: 2))
    let jpeg = entry(2, [2], preview: "p")
    for order in [[(both, "aa"), (jpeg, "bb")], [(jpeg, "bb"), (both, "aa")]] {
      var merged = MergedFeed()
      for (entry, photographer) in order { merged.take([entry], from: photographer) }
      let frame = try #require(merged.frames.first)
      #expect(merged.frames.count == 1)
      #expect(frame.frame == hash(1) && frame.preview == "p" && frame.name == "1.JPG")
      #expect(frame.originals.map(\.name) == ["1.NEF", "1.JPG"])
      #expect(merged.named == [hash(1): frame, hash(2): frame])
    }
    var merged = MergedFeed()
    merged.take([raw], from: "aa")
    merged.take([jpeg], from: "bb")
    #expect(merged.frames.count == 2)
    merged.take([both], from: "aa")
    #expect(merged.frames.count == 1)
  }

  @Test("The list of photographers only grows, and a strange id is none")
  func photographers() throws {
    let list = PhotographerList(["b", "a", "b"])
    #expect(list.photographers == ["a", "b"])
    #expect(list.union(PhotographerList(["c"])).photographers == ["a", "b", "c"])
    for text in ["", "../x", "a/b", "A", "ü", String(repeating: "a", count: 65)] {
      #expect(!PhotographerList.isID(text), "\(text)")
    }
    #expect(PhotographerList.isID("f00dcafe12345678"))
  }

  @Test("Objects are named by content; what a file is called at the camera never becomes a path")
  func layout() {
    let layout = BucketLayout(prefix: "2026/party")
    #expect(layout.page == "2026/party/index.html")
    #expect(BucketLayout(prefix: "").album == "album.json")
    #expect(layout.head(of: "a1") == "2026/party/feeds/a1/head.json")
    #expect(BucketLayout.ending(of: .original, named: "IMG.CR3") == "cr3")
    #expect(BucketLayout.ending(of: .preview, named: "IMG.CR3") == "jpg")
    #expect(BucketLayout.ending(of: .original, named: "../../x.html") == "bin")
    #expect(BucketLayout.ending(of: .original, named: "noending") == "bin")
  }

  @Test(
    "A bucket's prefix has no empty part and none that means another folder",
    arguments: [
      ("s3://b", ""), ("s3://b/", ""), ("s3://b/p", "p"), ("s3://b//p//", "p"), ("s3://b/a/b c", "a/b c"),
      ("s3://b/a//b", nil), ("s3://b/../x", nil), ("s3://b/a/.", nil), ("s3://b/a\u{7}b", nil),
      ("s3://", nil),
    ])
  func prefixes(text: String, prefix: String?) {
    #expect((try? Destination(parsing: text)) == prefix.map { .bucket(name: "b", prefix: $0) })
  }
}
