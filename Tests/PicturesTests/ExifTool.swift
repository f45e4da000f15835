import Foundation

/// What a stranger reads in a picture: exiftool, which is nobody's library here.
enum ExifTool {
  static let path = "/usr/bin/exiftool"
  static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }

  /// Every tag by its group and name, such as `XMP-dc:Creator`.
  static func tags(_ bytes: [UInt8], _ options: String...) throws -> [String: String] {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "pixcheese-exiftool-\(UUID().uuidString).jpg")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = options + ["-a", "-G1", "-j", "-charset", "iptc=UTF8", file.path]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let json = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let objects = try JSONSerialization.jsonObject(with: json) as? [[String: Any]]
    return (objects?.first ?? [:]).mapValues { value in
      (value as? [Any])?.map { "\($0)" }.joined(separator: "|") ?? "\(value)"
    }
  }
}
