import Testing

@testable import AlbumServer

/// Ranges, types and names without a socket.
@Suite struct MediaRulesTests {
  @Test(
    "A range is the part it names",
    arguments: [
      ("bytes=0-0", 0, 1), ("bytes=0-", 0, 100), ("bytes=90-200", 90, 100), ("bytes=-10", 90, 100),
      ("bytes=-1000", 0, 100), ("BYTES=5-9", 5, 10), ("bytes=99-99999999999999999999", 99, 100),
    ])
  func parts(header: String, start: Int64, end: Int64) {
    #expect(ByteRange(header: header, ifRange: nil, tag: "\"t\"", length: 100) == .part(start..<end))
  }

  @Test(
    "A range that cannot be read, or several, is the whole file",
    arguments: [
      "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "0-1", "bytes=--1",
    ])
  func whole(header: String) {
    #expect(ByteRange(header: header, ifRange: nil, tag: "\"t\"", length: 100) == .whole)
  }

  @Test(
    "A range beyond the end cannot be had",
    arguments: ["bytes=100-", "bytes=99999999999999999999-", "bytes=-0"])
  func beyond(header: String) {
    #expect(ByteRange(header: header, ifRange: nil, tag: "\"t\"", length: 100) == .unsatisfiable)
  }

  @Test("If-Range with another tag, or a date, makes the range void")
  func ifRange() {
    let part = ByteRange(header: "bytes=0-0", ifRange: "\"t\"", tag: "\"t\"", length: 100)
    #expect(part == .part(0..<1))
    for other in ["\"u\"", "W/\"t\"", "Sun, 06 Nov 1994 08:49:37 GMT"] {
      #expect(ByteRange(header: "bytes=0-0", ifRange: other, tag: "\"t\"", length: 100) == .whole)
    }
  }

  @Test("Entity tags are compared weakly, and a star is any")
  func tags() {
    #expect(EntityTag.matches("\"a\", W/\"t\"", "\"t\""))
    #expect(EntityTag.matches("*", "\"t\""))
    #expect(!EntityTag.matches("\"a\"", "\"t\""))
    #expect(!EntityTag.matches(nil, "\"t\""))
  }

  @Test("The bytes decide the type, the name only where they cannot")
  func types() {
    let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, 0, 0]
    #expect(ContentType(head: jpeg, name: "page.html").mediaType == "image/jpeg")
    #expect(ContentType(head: jpeg, name: "page.html").fileExtension == "jpg")
    let tiff: [UInt8] = [0x49, 0x49, 0x2A, 0x00, 8, 0, 0, 0]
    #expect(ContentType(head: tiff, name: "IMG.NEF").mediaType == "image/x-nikon-nef")
    #expect(ContentType(head: tiff, name: "IMG.NEF").fileExtension == "nef")
    #expect(ContentType(head: tiff, name: nil).mediaType == "image/tiff")
    let heic = [0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0]
    #expect(ContentType(head: heic, name: "a.jpg").mediaType == "image/heic")
  }

  @Test(
    "Nothing that a browser could run is served as what it is",
    arguments: ["a.html", "a.svg", "a.js", "a.jpg", "a"])
  func noPages(name: String) {
    let type = ContentType(head: Array("<!doctype html><script>".utf8), name: name)
    #expect(type.mediaType == "application/octet-stream")
    #expect(type.fileExtension == "bin")
    #expect(!type.isRendition)
  }

  @Test("A name is only its last part, without what does not show")
  func names() {
    #expect(FileName.clean("../../etc/passwd") == "passwd")
    #expect(FileName.clean("C:\\DCIM\\IMG_1.JPG") == "IMG_1.JPG")
    #expect(FileName.clean("a\u{202E}gpj.exe\n") == "agpj.exe")
    #expect(FileName.clean("婚礼.jpg") == "婚礼.jpg")
    for nothing in ["", "/", "..", "\u{0}", nil] { #expect(FileName.clean(nothing) == nil) }
    #expect(FileName.clean(String(repeating: "é", count: 400))?.utf8.count == 254)
  }

  @Test("A name is offered in both of RFC 6266's forms")
  func disposition() {
    #expect(
      FileName.disposition(saving: "a \"b\" 婚.jpg")
        == "attachment; filename=\"a _b_ _.jpg\"; filename*=UTF-8''a%20%22b%22%20%E5%A9%9A.jpg")
  }

  @Test(
    "A slug reads as its album's name",
    arguments: [
      ("Anna & Jörg", "anna-jorg"), ("2026-11-23", "2026-11-23"), ("婚礼", "hun-li"), ("!!!", ""),
      ("It's  a   day", "its-a-day"), ("../../x", "x"),
    ])
  func slugs(name: String, readable: String) {
    #expect(Slug.readable(name) == readable)
    let slug = Slug.make(for: name)
    #expect(Slug.isPlausible(slug))
    #expect(slug.hasPrefix(readable))
    #expect(slug != Slug.make(for: name))
  }

  @Test("A very long name makes a slug of bearable length")
  func longSlug() {
    #expect(Slug.make(for: String(repeating: "photo ", count: 33)).utf8.count <= 54)
    #expect(Slug.make(for: String(repeating: "x", count: 200)).utf8.count <= 54)
  }
}
