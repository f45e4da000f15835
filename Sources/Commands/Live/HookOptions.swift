import ArgumentParser
import Hooks
import Model

/// Programs that are run for frames: for every command that feeds albums.
struct HookOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Run a program for each frame that a camera announces.", valueName: "command"))
  var onCaptured: String?

  @Option(help: ArgumentHelp("Run a program for each frame that is safe.", valueName: "command"))
  var onSafe: String?

  @Option(
    help: ArgumentHelp("Run a program for each frame that guests of an album can see.", valueName: "command"))
  var onViewable: String?

  @Option(
    help: ArgumentHelp("Run a program for each frame whose original is in an album.", valueName: "command"))
  var onDelivered: String?

  @Option(help: ArgumentHelp("End such a program after so long (30).", valueName: "seconds"))
  var hookSeconds: Int?

  @Option(help: ArgumentHelp("Run so many such programs at once (2).", valueName: "n"))
  var hookPlaces: Int?

  /// The programs, by options, variables and the file; `nil` where there is none.
  /// - Throws: `Complaint` (64, 78).
  func programs(in settings: Settings) throws(Complaint) -> HookPrograms? {
    var arguments: [HookPoint: [String]] = [:]
    for (point, option) in [
      (HookPoint.captured, onCaptured), (.safe, onSafe), (.viewable, onViewable), (.delivered, onDelivered),
    ] {
      arguments[point] = try settings.command("hooks.on_\(point.rawValue)", option: option)
    }
    let seconds = try settings.number("hooks.hook_seconds", option: hookSeconds, in: 1...3600) ?? 30
    let places = try settings.number("hooks.hook_places", option: hookPlaces, in: 1...64) ?? 2
    guard !arguments.isEmpty else { return nil }
    return HookPrograms(arguments, timeLimit: .seconds(seconds), places: places)
  }
}
