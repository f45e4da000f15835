import Foundation
import Model
import Testing

@Suite("An album as it is named")
struct DestinationTests {
  private func refusal(_ text: String) throws -> Destination.ParseError {
    try #require(throws: Destination.ParseError.self) { try Destination(parsing: text) }
  }

  @Test("Each form of the contract is read")
  func forms() throws {
    #expect(try Destination(parsing: "Anna & Ben") == .embedded(name: "Anna & Ben"))
    #expect(try Destination(parsing: "anna@home") == .embedded(name: "anna@home"))
    let page = try #require(URL(string: "https://photos.example/a/anna-5ad8"))
    #expect(try Destination(parsing: page.absoluteString) == .albumServer(page))
    let uploads = try #require(URL(string: "https://up.example/photos/files/"))
    #expect(try Destination(parsing: "tus+https://up.example/photos/files/") == .tus(uploads))
    #expect(try Destination(parsing: "s3://photos/anna/") == .bucket(name: "photos", prefix: "anna"))
  }

  @Test(
    "A password in an address is refused, and nobody repeats it",
    arguments: [
      "tus+https://anna:secret@up.example/files/", "https://anna:secret@photos.example/a/x",
      "HTTP://secret@photos.example/a/x", "https://anna:sec/secret@photos.example/a/x",
      "https://anna:secret @photos.example/a/x", "s3://anna:secret@photos/x", "ftp://anna:secret@h/x",
    ])
  func password(text: String) throws {
    let error = try refusal(text)
    #expect(!"\(error) \(error.text) \(error.reason)".contains("secret"))
    #expect(!"\(error)".contains("anna"))
  }

  @Test("What to do about a password is said", arguments: ["tus+https", "http"])
  func passwordWords(scheme: String) throws {
    let error = try refusal("\(scheme)://anna:secret@h.example/a/x")
    #expect(error.text == "\(scheme)://…@h.example/a/x")
    #expect(error.reason.contains("PIXCHEESE_TOKEN"))
  }

  @Test("An album server under a path of its host is refused: it would name its uploads at the root")
  func underPath() throws {
    #expect(try refusal("https://h.example/photos/a/x").reason.contains("before /a/SLUG"))
    #expect(try refusal("https://h.example/b").reason.contains("ends in /a/SLUG"))
  }
}
