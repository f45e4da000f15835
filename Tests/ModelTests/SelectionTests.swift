import Model
import Testing

@Suite("What is sent")
struct SelectionTests {
  @Test(
    "--originals says which and when, in either order",
    arguments: [
      ("jpeg", OriginalsPolicy(which: .jpeg)), ("raw", OriginalsPolicy(which: .raw)),
      ("both", OriginalsPolicy()), ("none", OriginalsPolicy(which: .none)),
      ("never", OriginalsPolicy(which: .none)), ("now", OriginalsPolicy()),
      ("later", OriginalsPolicy(when: .later)), ("on-wifi", OriginalsPolicy(when: .onWifi)),
      ("raw,on-wifi", OriginalsPolicy(which: .raw, when: .onWifi)),
      ("later, JPEG", OriginalsPolicy(which: .jpeg, when: .later)),
    ])
  func originals(text: String, policy: OriginalsPolicy) {
    #expect(OriginalsPolicy(text) == policy)
    #expect(OriginalsPolicy(policy.description) == policy)
  }

  @Test(
    "what says nothing clear of originals is refused",
    arguments: ["", ",", "jpeg,", "tiff", "jpeg,raw", "now,later", "never,later", "none,now", "later,later"])
  func unclearOriginals(text: String) {
    #expect(OriginalsPolicy(text) == nil)
  }

  @Test("What a run sends is read as it was written, and nothing else is")
  func sendingPolicy() {
    let policy = SendingPolicy(frames: .rated(3), originals: OriginalsPolicy(which: .raw, when: .onWifi))
    #expect(policy.description == "rated:3 raw,on-wifi")
    #expect(SendingPolicy(policy.description) == policy)
    #expect(SendingPolicy(SendingPolicy().description) == SendingPolicy())
    for text in ["", "all", "all both x", "some both", "all tiff"] { #expect(SendingPolicy(text) == nil) }
  }

  @Test("jpeg is everything but RAW, raw is RAW alone")
  func which() {
    let names = ["A.JPG", "A.HIF", "A.MOV", "A.CR3", "A.NEF", "A.DNG"]
    func taken(_ which: OriginalsPolicy.Which) -> [String] {
      names.filter { OriginalsPolicy(which: which).takes(MediaType.forFile(named: $0)) }
    }
    #expect(taken(.jpeg) == ["A.JPG", "A.HIF", "A.MOV"])
    #expect(taken(.raw) == ["A.CR3", "A.NEF", "A.DNG"])
    #expect(taken(.both) == names)
    #expect(taken(.none).isEmpty)
  }

  @Test("--send is read in its four forms, and no other")
  func selection() {
    for (text, selection) in [
      ("all", FrameSelection.all), ("marked", .marked), ("rated:3", .rated(3)), ("none", .none),
    ] {
      #expect(FrameSelection(text) == selection)
      #expect(selection.description == text)
    }
    for text in ["", "some", "rated", "rated:", "rated:0", "rated:6", "rated:-1", "rated:x"] {
      #expect(FrameSelection(text) == nil)
    }
  }

  @Test("a star or protection marks a frame; stars alone rate it")
  func marks() {
    let none = FrameMark()
    let rejected = FrameMark(rating: -1)
    let starred = FrameMark(rating: 3)
    let protected = FrameMark(isProtected: true)
    let all = [none, rejected, starred, protected]
    #expect(all.map(FrameSelection.all.takes) == [true, true, true, true])
    #expect(all.map(FrameSelection.marked.takes) == [false, false, true, true])
    #expect(all.map(FrameSelection.rated(3).takes) == [false, false, true, false])
    #expect(all.map(FrameSelection.rated(4).takes) == [false, false, false, false])
    #expect(all.map(FrameSelection.none.takes) == [false, false, false, false])
  }
}

@Suite("Names of other content")
struct MediaTypeNameTests {
  @Test(
    "A name gets the usual extension of what it is for, and keeps one that says it already",
    arguments: [
      ("IMG_1.NEF", "image/jpeg", "IMG_1.jpg"), ("a.JPEG", "image/jpeg", "a.JPEG"),
      ("婚礼", "image/png", "婚礼.png"),
      (".hidden", "image/tiff", ".hidden.tif"), ("a.b.CR3", "image/webp", "a.b.webp"),
      ("x.jpg", "text/plain", "x.jpg"),
    ])
  func name(own: String, mediaType: String, expected: String) {
    #expect(MediaType.name(own, for: mediaType) == expected)
  }
}
