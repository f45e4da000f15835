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
