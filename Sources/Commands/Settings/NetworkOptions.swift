import ArgumentParser
import Curl
import Foundation
import Model

/// Whom to trust: the option of commands that ask servers.
struct TrustOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Trust the certificates in this PEM file too: a CA of your own.", valueName: "file"))
  var caFile: String?
}

/// The options of commands that send: how fast, and whom to trust.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Send no faster: 5mbit, or \"08:00-18:00 2mbit\"; may be given several times, the first that holds decides.",
      valueName: "rate"))
  var limit: [String] = []

  @OptionGroup var trust: TrustOptions
}

/// What the network part of a command works with.
struct NetworkSettings: Sendable {
  let limit: LimitTimetable
  /// A file of certificates to trust besides the system's.
  let certificateFile: String?
  /// What is asked of the kernel; `nil` leaves the system's choice.
  let congestionControl: String?

  /// Reads options, variables and file, and looks whether the file of certificates is one.
  /// - Throws: `Complaint` (64, 78).
  init(_ settings: Settings, options: NetworkOptions? = nil) throws(Complaint) {
    try self.init(settings, limits: options?.limit ?? [], trust: options?.trust)
  }

  /// The same for a command that sends nothing of its own accord, so that its only option is whom to trust.
  init(_ settings: Settings, trust: TrustOptions) throws(Complaint) {
    try self.init(settings, limits: [], trust: trust)
  }

  private init(_ settings: Settings, limits: [String], trust: TrustOptions?) throws(Complaint) {
    let texts = try settings.texts("limit", options: limits)
    do {
      limit = try LimitTimetable(parsing: texts)
    } catch {
      throw settings.refusal(
        of: "limit", isOption: !limits.isEmpty, value: error.text, LimitTimetable.needed)
    }
    let named = try settings.text("network.ca_file", option: trust?.caFile)
    if let named {
      let text = try? String(contentsOfFile: named, encoding: .utf8)
      guard let text, text.contains("-----BEGIN CERTIFICATE-----") else {
        throw settings.refusal(
          of: "network.ca_file", isOption: trust?.caFile != nil, value: named,
          text == nil ? "this file cannot be read." : "there is no certificate in PEM form in it.")
      }
    }
    // As OpenSSL's own programs and curl have it; the nearer wins.
    certificateFile =
      named ?? settings.environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
    let congestion = try settings.text("network.congestion_control") ?? "bbr"
    congestionControl = congestion == "system" ? nil : congestion
  }

  /// A client for all transfers of a command.
  /// - Throws: `CurlError`.
  func client() throws(CurlError) -> CurlClient {
    try CurlClient(
      CurlClient.Options(
        userAgent: "pixcheese/\(Pixcheese.version)", congestionControl: congestionControl,
        certificateFile: certificateFile))
  }
}
