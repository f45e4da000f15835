public import ArgumentParser

/// `pixcheese`: live photo streaming from a tethered camera to an album.
public struct Pixcheese: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "pixcheese", abstract: "Live photo streaming: from a tethered camera to an album.")
  public init() {}
}
