import Delivery
import Foundation
import SystemPackage

/// Where buckets are and which keys open them: `[s3.BUCKET]` and `[s3]` in `config.toml`, the usual `AWS_…` variables, and
/// the profiles of `~/.aws`.
///
/// What is written for one bucket is nearest; then the variables, then `[s3]`, then the profile. Keys come from one place,
/// never the one half from here and the other from there. No secret is ever part of a message.
struct BucketAccounts: Sendable {
  private let settings: Settings
  private var environment: [String: String] { settings.environment }

  init(_ settings: Settings) {
    self.settings = settings
  }

  /// What a table of `config.toml` may say of a bucket.
  private static let fields: Set<String> = [
    "endpoint", "region", "style", "profile", "access_key_id", "secret_access_key", "session_token",
    "public_url",
  ]

  /// Whether a dotted key of `config.toml` is one of a bucket's.
  static func knows(_ key: String) -> Bool {
    key.hasPrefix("s3.") && fields.contains(String(key.split(separator: ".").last ?? ""))
  }

  /// A bucket with its place and keys.
  /// - Throws: `Complaint`: 77 where no keys are found, 78 for what is not right.
  func destination(bucket: String, prefix: String) throws(Complaint) -> BucketDestination {
    guard let credentials = try credentials(for: bucket) else {
      throw Complaint(
        .notAllowed,
        """
        No keys are known for the bucket \(Text.harmless(bucket)). Nothing was sent.
        Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them under [s3] in config.toml (docs/configuration.md).
        """)
    }
    return BucketDestination(location: try location(of: bucket), credentials: credentials, prefix: prefix)
  }

  /// Whether keys are written down for a bucket, whatever this run's variables say.
  func remembers(_ bucket: String) -> Bool {
    let quiet = BucketAccounts(settings.without(variables: "AWS_"))
    return ((try? quiet.credentials(for: bucket)) ?? nil) != nil
  }

  /// The page that guests open.
  /// - Parameter given: the bucket's own address for guests, where it is not what is written of the bucket.
  /// - Throws: `Complaint` (78).
  func page(of bucket: BucketDestination, shownAt given: URL? = nil) throws(Complaint) -> URL {
    let path = (bucket.prefix.isEmpty ? "" : bucket.prefix + "/") + "index.html"
    var shown = given
    if shown == nil, let found = try found("public_url", of: bucket.location.bucket) {
      guard let url = URL(web: found.text) else {
        throw found.refusal("an address is needed, https://photos.example.")
      }
      shown = url
    }
    return shown?.appending(path: path) ?? bucket.location.url(of: path)
  }

  private func location(of bucket: String) throws(Complaint) -> S3Location {
    let profile = try profile(for: bucket)
    let endpoint = try found(
      "endpoint", of: bucket, variables: ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
      profile: ("endpoint_url", profile))
    let region = try found(
      "region", of: bucket, variables: ["AWS_REGION", "AWS_DEFAULT_REGION"], profile: ("region", profile))
    let style = try found("style", of: bucket)
    if let style, S3Location.Style(rawValue: style.text) == nil {
      throw style.refusal("path or virtual-host is needed.")
    }
    var url: URL?
    if let endpoint {
      guard let read = URL(string: endpoint.text) else {
        throw endpoint.refusal("this cannot be read as an address.")
      }
      url = read
    }
    do {
      return try S3Location(
        bucket: bucket, endpoint: url, region: region?.text ?? "us-east-1",
        style: style.flatMap { S3Location.Style(rawValue: $0.text) })
    } catch {
      let words = Text.harmless(error.description)
      switch error.part {
      case .endpoint: throw endpoint?.refusal(words) ?? Complaint(.configuration, words)
      case .region: throw region?.refusal(words) ?? Complaint(.configuration, words)
      case .bucket: throw Complaint(.configuration, words)
      }
    }
  }

  private func credentials(for bucket: String) throws(Complaint) -> S3Credentials? {
    func keys(_ field: (String) throws(Complaint) -> String?) throws(Complaint) -> S3Credentials? {
      guard let id = try field("access_key_id"), let secret = try field("secret_access_key") else {
        return nil
      }
      return S3Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: try field("session_token"))
    }
    if let own = try keys({ (name) throws(Complaint) in try written(name, in: bucket) }) { return own }
    // A profile that is named for this bucket is as near as keys that are.
    if try written("profile", in: bucket) == nil {
      if let keys = try keys({ (name) throws(Complaint) in variable("AWS_" + name.uppercased()) }) {
        return keys
      }
      if let keys = try keys({ (name) throws(Complaint) in try written(name) }) { return keys }
    }
    let profile = try profile(for: bucket)
    return try keys { (name) throws(Complaint) in profile["aws_" + name] }
  }

  private func profile(for bucket: String) throws(Complaint) -> [String: String] {
    let name =
      Self.nearest(try written("profile", in: bucket), variable("AWS_PROFILE"), try written("profile"))
      ?? "default"
    let home = variable("HOME").map { $0 + "/.aws/" }
    var profile: [String: String] = [:]
    for (file, section) in [
      (
        variable("AWS_CONFIG_FILE") ?? home.map { $0 + "config" },
        name == "default" ? name : "profile \(name)"
      ),
      (variable("AWS_SHARED_CREDENTIALS_FILE") ?? home.map { $0 + "credentials" }, name),
    ] {
      guard let file, FileManager.default.fileExists(atPath: file) else { continue }
      do {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        profile.merge(AWSProfiles(text)[section]) { $1 }
      } catch {
        throw Complaint(.configuration, "\(Text.harmless(file)) cannot be read: look at its owner and mode.")
      }
    }
    return profile
  }

  private func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }

  /// A text, and where it stands.
  private struct Found {
    let text: String
    /// What stands before the text where it was found, `AWS_REGION=` or `config.toml:3: s3.region = `.
    let place: String

    /// What is needed instead. An address with a name and a password in it is not repeated.
    func refusal(_ needed: String) -> Complaint {
      Complaint(
        .configuration, "\(place)\(text.contains("@") ? "…" : Text.harmless(text)): \(Text.sentence(needed))")
    }
  }

  /// What is said of a bucket: for this one in the file, by a variable, in the file for all, or by the profile.
  private func found(
    _ field: String, of bucket: String, variables: [String] = [],
    profile: (name: String, fields: [String: String]) = ("", [:])
  ) throws(Complaint) -> Found? {
    if let found = try found(key: Self.key(field, of: bucket)) { return found }
    for name in variables {
      if let text = variable(name) { return Found(text: text, place: "\(name)=") }
    }
    if let found = try found(key: "s3.\(field)") { return found }
    return profile.fields[profile.name].map { Found(text: $0, place: "The AWS profile's \(profile.name) = ") }
  }

  private func found(key: String) throws(Complaint) -> Found? {
    guard let text = try settings.written(key) else { return nil }
    return Found(text: text, place: "\(settings.place(of: key)): \(Text.harmless(key)) = ")
  }

  private static func nearest(_ texts: String?...) -> String? { texts.lazy.compactMap(\.self).first }

  private func written(_ field: String, in bucket: String) throws(Complaint) -> String? {
    try settings.written(Self.key(field, of: bucket))
  }

  private static func key(_ field: String, of bucket: String) -> String {
    "s3.\(bucket.replacing("-", with: "_")).\(field)"
  }

  private func written(_ field: String) throws(Complaint) -> String? { try settings.written("s3.\(field)") }
}

/// The files of `~/.aws`: sections of `name = value`.
struct AWSProfiles {
  private var sections: [String: [String: String]] = [:]

  init(_ text: String) {
    var section = ""
    for line in text.split(whereSeparator: \.isNewline) {
      // A deeper line belongs to a value of several lines, none of which is ours.
      guard line.first?.isWhitespace == false, !"#;".contains(line.first ?? "#") else { continue }
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        section = line[line.index(after: line.startIndex)..<end].split(separator: " ").joined(separator: " ")
      } else if let sign = line.firstIndex(of: "=") {
        let name = line[..<sign].trimmingCharacters(in: .whitespaces).lowercased()
        sections[section, default: [:]][name] =
          line[line.index(after: sign)...].trimmingCharacters(in: .whitespaces)
      }
    }
  }

  subscript(_ section: String) -> [String: String] { sections[section, default: [:]] }
}
