import Curl
import Foundation
import Model
import Testing

@testable import Delivery

/// The examples that AWS publishes: the four of "Signature Calculations for the Authorization Header: Transferring Payload
/// in a Single Chunk" (Amazon S3 API reference), and requests of the Signature Version 4 test suite.
@Suite("Signatures")
struct S3SignatureTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    var name: String
    var method = "GET"
    var path = "/"
    var query: [(name: String, value: String)] = []
    var headers: [HeaderFields.Field] = []
    var body = ""
    var signed: String
    var signature: String

    var testDescription: String { name }
    var payload: String { ContentHash(of: Data(body.utf8)).hex }
  }

  private static func field(_ name: String, _ value: String) -> HeaderFields.Field {
    HeaderFields.Field(name: name, value: value)
  }

  private func date(_ text: String) throws -> Date {
    try Date.ISO8601FormatStyle().parse(text)
  }

  private func authorization(_ fields: [HeaderFields.Field]) -> String? {
    fields.first { $0.name == "Authorization" }?.value
  }

  static let documented = [
    Vector(
      name: "GET Object", path: "/test.txt", headers: [field("Range", "bytes=0-9")],
      signed: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    Vector(
      name: "PUT Object", method: "PUT", path: "/test%24file.text",
      headers: [
        field("Date", "Fri, 24 May 2013 00:00:00 GMT"), field("x-amz-storage-class", "REDUCED_REDUNDANCY"),
      ], body: "Welcome to Amazon S3.",
      signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    Vector(
      name: "GET Bucket Lifecycle", query: [("lifecycle", "")],
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    Vector(
      name: "Get Bucket (List Objects)", query: [("max-keys", "2"), ("prefix", "J")],
      signed: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]

  @Test("The S3 reference's four examples come out to the letter", arguments: documented)
  func reference(vector: Vector) throws {
    let signature = S3Signature(
      credentials: S3Credentials(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1")
    let fields = signature.fields(
      for: S3Signature.Subject(
        method: vector.method, authority: "examplebucket.s3.amazonaws.com", path: vector.path,
        query: vector.query,
        headers: vector.headers + [Self.field("x-amz-content-sha256", vector.payload)],
        payload: vector.payload), at: try date("2013-05-24T00:00:00Z"))
    #expect(
      authorization(fields)
        == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        + "SignedHeaders=\(vector.signed), Signature=\(vector.signature)")
    #expect(fields.contains(Self.field("x-amz-date", "20130524T000000Z")))
  }

  static let suite = [
    Vector(
      name: "get-vanilla", signed: "host;x-amz-date",
      signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Vector(
      name: "get-vanilla-query-order-key-case", query: [("Param2", "value2"), ("Param1", "value1")],
      signed: "host;x-amz-date", signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
    ),
    Vector(
      name: "get-unreserved", path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      signed: "host;x-amz-date", signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"
    ),
    Vector(
      name: "get-utf8", path: S3Signature.encode("/ሴ", keepsSlashes: true), signed: "host;x-amz-date",
      signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    Vector(
      name: "get-vanilla-utf8-query", query: [("ሴ", "bar")], signed: "host;x-amz-date",
      signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    Vector(
      name: "get-header-value-trim",
      headers: [field("My-Header1", " value1"), field("My-Header2", " \"a   b   c\"")],
      signed: "host;my-header1;my-header2;x-amz-date",
      signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    Vector(
      name: "get-header-key-duplicate",
      headers: [field("My-Header1", "value2"), field("My-Header1", "value2"), field("My-Header1", "value1")],
      signed: "host;my-header1;x-amz-date",
      signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
    Vector(
      name: "post-vanilla", method: "POST", signed: "host;x-amz-date",
      signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    Vector(
      name: "post-x-www-form-urlencoded", method: "POST",
      headers: [field("Content-Type", "application/x-www-form-urlencoded")], body: "Param1=value1",
      signed: "content-type;host;x-amz-date",
      signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
  ]

  @Test("The test suite's requests come out to the letter", arguments: suite)
  func generic(vector: Vector) throws {
    let signature = S3Signature(
      credentials: S3Credentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      region: "us-east-1", service: "service")
    let fields = signature.fields(
      for: S3Signature.Subject(
        method: vector.method, authority: "example.amazonaws.com", path: vector.path, query: vector.query,
        headers: vector.headers, payload: vector.payload), at: try date("2015-08-30T12:36:00Z"))
    #expect(
      authorization(fields)
        == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        + "SignedHeaders=\(vector.signed), Signature=\(vector.signature)")
  }

  @Test("The token of temporary keys is sent and signed")
  func token() throws {
    let signature = S3Signature(
      credentials: S3Credentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T"), region: "eu-1")
    let fields = signature.fields(
      for: S3Signature.Subject(method: "GET", authority: "h", path: "/", payload: ContentHash.nothing.hex),
      at: try date("2026-11-23T00:00:00Z"))
    #expect(fields.contains(Self.field("x-amz-security-token", "T")))
    #expect(authorization(fields)?.contains("SignedHeaders=host;x-amz-date;x-amz-security-token,") == true)
  }

  @Test("A secret is in no text that could be printed")
  func secret() {
    let keys = S3Credentials(accessKeyID: "AKID", secretAccessKey: "hush-hush", sessionToken: "psst-psst")
    var dumped = ""
    dump(keys, to: &dumped)
    let wrapped = [Optional(keys)]
    for text in ["\(keys)", String(reflecting: keys), dumped, "\(wrapped)", String(reflecting: wrapped)] {
      #expect(!text.contains("hush") && !text.contains("psst"), "\(text)")
    }
  }
}
