import Foundation
import Model

/// Where a camera's new frames come from. Blocks while it draws or reads: it runs on the camera's own threads.
struct FrameSource: Sendable {
  private let pictures: CameraConfiguration.Pictures
  private let seed: UInt64
  private let keepsNames: Bool
  /// The files of `Pictures.files`, by name.
  private let files: [URL]
  private var count: UInt64 = 0
  private var scenes: [DrawnScene] = []
  /// The grain that fits the length asked for.
  private var grain: Double?

  /// - Throws: `CameraSimulatorError` with code `file` if the folder of shots cannot be read or has no file.
  init(_ configuration: CameraConfiguration) throws(CameraSimulatorError) {
    pictures = configuration.pictures
    seed = configuration.seed
    keepsNames = configuration.keepsFileNames
    guard case .files(let folder) = configuration.pictures else {
      files = []
      return
    }
    do {
      files = try FileManager.default.contentsOfDirectory(
        at: folder, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles]
      )
      .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
    } catch {
      throw CameraSimulatorError(
        .file, "the folder of shots \(folder.path) cannot be read", underlying: error)
    }
    guard !files.isEmpty else {
      throw CameraSimulatorError(.file, "the folder of shots \(folder.path) has no files")
    }
  }

  /// The next frame.
  mutating func next(_ facts: FrameFacts) throws(CameraSimulatorError) -> FramePicture {
    defer { count += 1 }
    switch pictures {
    case .files:
      let file = files[Int(count % UInt64(files.count))]
      let content = try ObjectContent(file: file)
      return FramePicture(
        content: content, head: JPEGHead(try content.prefix(JPEGHead.length)),
        fileExtension: file.pathExtension.uppercased(), name: keepsNames ? file.lastPathComponent : nil)
    case .noise(let bytes):
      return noise(bytes, facts)
    case .scenes(let options):
      return try scene(options, facts)
    }
  }

  private func noise(_ length: Int, _ facts: FrameFacts) -> FramePicture {
    var generator = SplitMix(seed: seed &+ count &* 0x1_0000_0001)
    var bytes: [UInt8] = [0xFF, 0xD8] + ExifSegment.bytes(facts, width: 0, height: 0, thumbnail: [])
    let wanted = max(0, length - bytes.count)
    let words = (0..<(wanted + 7) / 8).map { _ in generator.next() }
    words.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(wanted)) }
    return FramePicture(content: ObjectContent([.bytes(bytes)]), head: JPEGHead(), fileExtension: "JPG")
  }

  private mutating func scene(
    _ options: SceneOptions, _ facts: FrameFacts
  ) throws(CameraSimulatorError) -> FramePicture {
    let drawn: DrawnScene
    if options.distinct > 0, scenes.count == options.distinct {
      drawn = scenes[Int(count % UInt64(options.distinct))]
    } else {
      let text = PTPDate.exif(facts.date, in: facts.zone)
      drawn = try DrawnScene(
        Scene(
          seed: seed &+ count &* 0x9E37, number: facts.number.fileName(extension: "").filter(\.isNumber),
          caption: text.replacing(":", with: "-", maxReplacements: 2)),
        bytes: options.bytes, grain: &grain)
      if options.distinct > 0 { scenes.append(drawn) }
    }
    return drawn.frame(facts, bytes: options.bytes)
  }
}
