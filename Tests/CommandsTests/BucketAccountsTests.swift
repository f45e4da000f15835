import Delivery
import Foundation
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite("Where buckets are and whose keys open them")
struct BucketAccountsTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func accounts(_ file: String = "", _ environment: [String: String] = [:]) throws -> BucketAccounts {
    let path = try folder.file("config.toml", file)
    return BucketAccounts(try Settings(file: path, environment: environment))
  }

  private let variables = [
    "AWS_ACCESS_KEY_ID": "VARIABLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-1",
    "AWS_ENDPOINT_URL": "http://variable.example",
  ]

  @Test("A bucket's own table is nearest, then the variables, then [s3], then a profile")
  func nearness() throws {
    let aws = try folder.file(
      "credentials",
      "[default]\naws_access_key_id = PROFILE\naws_secret_access_key=s\n[other]\naws_access_key_id=OTHER\naws_secret_access_key = s\n"
    )
    let file = "[s3]\naccess_key_id = \"ALL\"\nsecret_access_key = \"s\"\nregion = \"us-2\"\n"
    let own =
      file
      + "[s3.my-party]\naccess_key_id = \"OWN\"\nsecret_access_key = \"s\"\nendpoint = \"http://own.example\"\n"
    let profile = ["AWS_SHARED_CREDENTIALS_FILE": aws.string]
    func key(_ file: String, _ environment: [String: String]) throws -> String {
      try accounts(file, environment).destination(bucket: "my-party", prefix: "p").credentials.accessKeyID
    }
    #expect(try key(own, variables) == "OWN")
    #expect(try key(file, variables) == "VARIABLE")
    #expect(try key(file, profile) == "ALL")
    #expect(try key("", profile) == "PROFILE")
    #expect(try key("", profile.merging(["AWS_PROFILE": "other"]) { $1 }) == "OTHER")
    #expect(try key("[s3.my-party]\nprofile = \"other\"\n", profile.merging(variables) { $1 }) == "OTHER")
    let place = try accounts(own, variables).destination(bucket: "my-party", prefix: "p")
    #expect(place.location.url(of: "k").absoluteString == "http://own.example/my-party/k")
    #expect(place.location.region == "eu-1")
    #expect(try accounts(own).remembers("my-party") && !accounts("", variables).remembers("my-party"))
  }

  @Test("Without keys it is 77, half of a pair is none, and no secret is in the words")
  func none() throws {
    for environment in [[:], ["AWS_ACCESS_KEY_ID": "A"], ["AWS_SECRET_ACCESS_KEY": "hush"]] {
      let complaint = try #require(throws: Complaint.self) {
        try accounts("", environment).destination(bucket: "party", prefix: "")
      }
      #expect(complaint.status == .notAllowed && !complaint.message.contains("hush"))
    }
    let complaint = try #require(throws: Complaint.self) {
      try accounts("[s3]\nsecret_access_key = [\"hush\"]\n", ["AWS_ACCESS_KEY_ID": "A"])
        .destination(bucket: "party", prefix: "")
    }
    #expect(!complaint.message.contains("hush"))
  }

  @Test("What is written wrong of a bucket is 78 with its key")
  func wrong() throws {
    let unknown = try #require(throws: Complaint.self) { try accounts("[s3]\nacces_key_id = \"A\"\n") }
    #expect(unknown.status == .configuration && unknown.message.contains("acces_key_id"))
    let keys = ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"]
    for (field, text) in [("style", "odd"), ("endpoint", "ftp://h"), ("region", "a b"), ("public_url", "x")] {
      for table in ["s3", "s3.my-party"] {
        let complaint = try #require(throws: Complaint.self) {
          let accounts = try accounts("# buckets\n[\(table)]\n\(field) = \"\(text)\"\n", keys)
          _ = try accounts.page(of: accounts.destination(bucket: "my-party", prefix: ""))
        }
        #expect(complaint.status == .configuration, "\(field)")
        let key = "\(table.replacing("-", with: "_")).\(field)"
        #expect(
          complaint.message.contains("config.toml:3: \(key) = \(text): "), "\(complaint.message)")
      }
    }
    for (name, text) in [("AWS_ENDPOINT_URL", "ftp://h"), ("AWS_REGION", "a b")] {
      let complaint = try #require(throws: Complaint.self) {
        try accounts("", keys.merging([name: text]) { $1 }).destination(bucket: "party", prefix: "")
      }
      #expect(complaint.status == .configuration && complaint.message.hasPrefix("\(name)=\(text): "))
    }
    let secret = try #require(throws: Complaint.self) {
      try accounts("[s3]\nendpoint = \"https://me:hush@h\"\n", keys).destination(bucket: "party", prefix: "")
    }
    #expect(!secret.message.contains("hush") && secret.message.contains("config.toml:2:"))
  }

  @Test("Guests' link is the endpoint's, or the address that was said")
  func page() throws {
    let plain = try accounts("", variables)
    let place = try plain.destination(bucket: "party", prefix: "a b")
    #expect(try plain.page(of: place).absoluteString == "http://variable.example/party/a%20b/index.html")
    let cdn = try #require(URL(web: "https://cdn.example/x"))
    #expect(
      try plain.page(of: place, shownAt: cdn).absoluteString
        == "https://cdn.example/x/a%20b/index.html")
  }
}
