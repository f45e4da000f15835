import Delivery
import Foundation
import Ingest
import SystemPackage
import TestServers
import Testing

@testable import Commands

@Suite("Albums of earlier runs")
struct LeftoverAlbumTests {
  private let folder: TemporaryFolder
  let file: FilePath
  let accounts: BucketAccounts

  init() throws {
    accounts = BucketAccounts(try Settings(file: "/nonexistent/config.toml", environment: [:]))
    folder = try TemporaryFolder()
    file = folder.filePath.appending("credentials.toml")
  }

  @Test("What waits for an album of this machine, or one whose token is written down, goes on by itself")
  func goesOn() throws {
    var credentials = try Credentials(file: file, environment: [:])
    try credentials.remember("secret", for: #require(URL(string: "https://albums.example/a/known")))
    var choice = try AlbumChoice(["Today"], credentials: credentials, accounts: accounts)
    choice.add(
      leftover: ["Today", "Yesterday", "https://albums.example/a/known", "s3://bucket/x"],
      credentials: credentials)
    #expect(choice.albums == ["Today"])
    #expect(choice.leftover == ["Yesterday", "https://albums.example/a/known"])
    #expect(choice.needsEmbedded)
  }

  @Test("A token of this run's environment goes to no server that the run does not name")
  func strangers() throws {
    let credentials = try Credentials(file: file, environment: ["PIXCHEESE_TOKEN": "secret"])
    var choice = try AlbumChoice(["https://one.example/a/x"], credentials: credentials, accounts: accounts)
    choice.add(
      leftover: ["https://other.example/a/y", "tus+https://other.example/files"], credentials: credentials)
    #expect(choice.leftover.isEmpty)
    #expect(!choice.needsEmbedded)
  }
}
