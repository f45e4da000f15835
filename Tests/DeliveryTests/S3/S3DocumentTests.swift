import Foundation
import Model
import Testing

@testable import Delivery

@Suite("What S3 stores answer")
struct S3DocumentTests {
  @Test("Elements, text, entities, comments and CDATA are read")
  func reads() throws {
    let text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- hello -->
      <ListPartsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <Key>a &amp; b&#39;s &#x4E00;</Key><Empty/><IsTruncated>false</IsTruncated>
        <Part><PartNumber>1</PartNumber><ETag>&quot;x&quot;</ETag></Part>
        <Part><PartNumber>2</PartNumber><ETag><![CDATA["<y>"]]></ETag></Part>
      </ListPartsResult>

      """
    let root = try #require(S3Document(text.utf8))
    #expect(root.name == "ListPartsResult")
    #expect(root["Key"] == "a & b's 一")
    #expect(root["Empty"] == "")
    #expect(root["Nothing"] == nil)
    #expect(root.all("Part").map { $0["ETag"] } == ["\"x\"", "\"<y>\""])
  }

  @Test(
    "Hostile or torn text is nothing",
    arguments: [
      "", "   ", "<", "<>", "<a", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "text", "<a>&unknown;</a>",
      "<a>&#xD800;</a>", "<a>&amp</a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a><![CDATA[</a>",
      "<a><!--</a>",
      "{\"a\": 1}", "<!doctype html><html><p>Sign in</html>",
      String(repeating: "<a>", count: 10_000), "<\(String(repeating: "a", count: 10_000))/>",
    ])
  func hostile(text: String) {
    #expect(S3Document(text.utf8) == nil)
  }

  @Test("An answer of any bytes is read or refused, and nothing else happens")
  func anyBytes() {
    var generator = SplitMix(seed: 7)
    let pieces = [
      "<a>", "</a>", "<b/>", "&lt;", "&", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "x", "\u{0}", "é",
    ]
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...20, using: &generator))
        .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      _ = S3Document(text.utf8)
    }
  }

  @Test("Ten thousand parts are read; a document without end is not")
  func large() throws {
    let part = "<Part><PartNumber>1</PartNumber><ETag>x</ETag><Size>5242880</Size></Part>"
    let parts = String(repeating: part, count: 1000)
    #expect(S3Document("<L>\(parts)</L>".utf8)?.all("Part").count == 1000)
    #expect(S3Document("<L>\(String(repeating: "<a/>", count: 60_000))</L>".utf8) == nil)
  }
}
