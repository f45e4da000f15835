import Curl
import Foundation
import Journal
import Model
import Testing

@testable import Delivery

extension ObjectStoreTests {
  @Suite("What a bucket album has")
  struct Content {
    @Test(
      "RAW and JPEG are one frame with two originals, whichever comes first, and the JPEG is what guests get",
      arguments: [["DSC_1.JPG", "DSC_1.NEF"], ["DSC_1.NEF", "DSC_1.JPG"]])
    func pairs(names: [String]) async throws {
      let place = try await BucketPlace(.seaweedfs)
      let bench = try await DeliveryBench()
      let bytes = names.map { DeliveryBench.random($0.hasSuffix("NEF") ? 9000 : 700) }
      let renditions: [AssetKind: Data] = [.thumbnail: DeliveryBench.random(50)]
      let frame = try await bench.frame(
        names[0], bytes[0], album: place.album, renditions: renditions, at: 1000)
      await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 2 }
      #expect(try await place.albums.show()?.frames.first?.originals.map(\.name) == [names[0]])
      try await bench.frame(names[1], bytes[1], album: place.album, renditions: renditions, at: 1000)
      await bench.run(bench.deliverer([place.destination])) { events in
        events.sent.contains { $0.kind == .original && $0.name == names[1] }
      }
      let shown = try #require(try await place.albums.show()).frames
      let entry = try #require(shown.first)
      #expect(shown.count == 1 && entry.frame == frame.hash)
      #expect(entry.name == "DSC_1.JPG" && entry.mediaType == "image/jpeg" && entry.bytes == 700)
      #expect(entry.originals.map(\.name) == names)
      #expect(entry.originals.map(\.sha256) == bytes.map { ContentHash(of: $0) })
      #expect(entry.originals.first { $0.name == "DSC_1.JPG" }?.url == entry.original)
      for (original, bytes) in zip(entry.originals, bytes) {
        #expect(try await place.store.read(place.key(original.url)) == bytes)
        #expect(original.bytes == Int64(bytes.count))
      }
    }

    @Test(
      "What the bucket has lost is found, and sent again when it is queued again")
    func verified() async throws {
      let place = try await BucketPlace(.seaweedfs)
      let bench = try await DeliveryBench()
      let original = DeliveryBench.random(9_000_000)
      let renditions: [AssetKind: Data] = [
        .thumbnail: DeliveryBench.random(50), .preview: DeliveryBench.random(500),
      ]
      try await bench.frame("DSC_1.JPG", original, album: place.album, renditions: renditions)
      try await bench.frame("DSC_2.JPG", DeliveryBench.random(3000), album: place.album)
      await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 4 }
      guard case .bucket(let bucket) = place.destination.place else { return }
      func missing() async throws -> [MissingDelivery] {
        let sent = try await bench.journal.sentDeliveries(to: place.album, after: 0, limit: 9)
        #expect(sent.count == 4)
        return try await BucketVerifier(bucket, curl: bench.curl).missing(of: sent)
      }
      #expect(try await missing().isEmpty)

      // An object is gone, another is cut short, and the list of those whose feeds there are is gone.
      let client = try place.store.client()
      let preview = BucketLayout.medium(ContentHash(of: renditions[.preview] ?? Data()), extension: "jpg")
      _ = try await client.send(S3Request(method: .delete, key: place.key(preview)))
      let first = BucketLayout.medium(ContentHash(of: original), extension: "jpg")
      let headers = ObjectHeaders(contentType: "image/jpeg", cacheControl: "no-store")
      _ = try await client.put(Array(original.prefix(100)), at: place.key(first), headers: headers)
      var found = try await missing()
      #expect(found.map(\.delivery.kind).sorted() == [.preview, .original])
      #expect(
        Set(found.map(\.reason)) == ["its file is gone", "its file has 100 bytes, not 9000000"])
      _ = try await client.send(S3Request(method: .delete, key: place.key("photographers.json")))
      found = try await missing()
      #expect(found.map(\.reason) == Array(repeating: "its frame is not in the album", count: 4))

      #expect(try await bench.journal.requeue(found.map(\.delivery)) == 4)
      await bench.run(bench.deliverer([place.destination])) { $0.sent.count == 4 }
      #expect(try await missing().isEmpty)
      #expect(try await place.store.read(place.key(first)) == original)
    }

    @Test("An album that is not there, or may not be looked into, is said and not taken for an empty one")
    func unverifiable() async throws {
      let place = try await BucketPlace(.seaweedfs, isMade: false)
      guard case .bucket(let bucket) = place.destination.place else { return }
      let bench = try await DeliveryBench()
      await #expect { try await BucketVerifier(bucket, curl: bench.curl) } throws: {
        ($0 as? VerificationError)?.code == .noSuchAlbum
      }
      let closed = BucketDestination(
        location: bucket.location,
        credentials: S3Credentials(accessKeyID: "AKTEST", secretAccessKey: "hush-hush"), prefix: bucket.prefix
      )
      await #expect { try await BucketVerifier(closed, curl: bench.curl) } throws: {
        ($0 as? VerificationError)?.code == .notAllowed
      }
    }
  }
}
