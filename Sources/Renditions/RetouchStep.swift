import Blocking
import Foundation
import Journal
import Model
import Pictures
import Programs
import SystemPackage

/// The retouching of one frame: runs the program on a copy of the original, and looks at what it made.
struct RetouchStep {
  let journal: Journal
  let darkroom: Darkroom
  let retouch: Publishing.Retouch

  /// Why there is no retouched picture.
  struct Failure: Error {
    let reason: String
  }

  /// What a program made that can be published.
  struct Made {
    let file: DerivedFile
    let rendered: RenderedPicture
  }

  /// Runs the program and looks at its picture; the journal knows nothing of it yet.
  /// - Parameter finish: for the renditions, which are made to look whether the picture can be decoded.
  /// - Throws: `Failure`, `JournalError`, or `CancellationError` when the run is over.
  func run(_ frame: Frame, finish: Finish) async throws -> Made {
    let spool = journal.spool
    let folder = try await offload { try spool.workFolder() }
    let ended = await Result { () async throws in try await run(frame, in: folder, finish: finish) }
    // What stays goes at the next start.
    await offload { _ = try? FileManager.default.removeItem(atPath: folder.string) }
    return try ended.get()
  }

  private func run(_ frame: Frame, in folder: FilePath, finish: Finish) async throws -> Made {
    let name = frame.lead.path.lastComponent ?? "frame"
    let input = folder.appending(name)
    let output = folder.appending("retouched").appending("\(name.stem).jpg")
    let original = frame.lead.path
    // The program gets a copy: what it does to its input is done to nothing of ours.
    do {
      try await offload {
        try FileManager.default.createDirectory(
          atPath: output.removingLastComponent().string, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: original.string, toPath: input.string)
      }
    } catch {
      throw Failure(reason: "it could not be copied: \(error.localizedDescription)")
    }
    let arguments = retouch.arguments.map { word in
      word.replacing("{input}", with: input.string).replacing("{output}", with: output.string)
        .replacing("{name}", with: name.string)
    }
    let ending = await ProgramRun(
      arguments,
      environment: [
        "PIXCHEESE_FRAME": frame.hash.hex, "PIXCHEESE_NAME": frame.lead.name,
        "PIXCHEESE_CAMERA": frame.source,
      ], timeLimit: retouch.timeLimit
    ).perform()
    if ending.cause == .cancelled { throw CancellationError() }
    if let reason = ending.reason(limit: retouch.timeLimit) {
      throw Failure(reason: reason + (ending.lastLines.isEmpty ? "" : "; it said: \(ending.lastLines)"))
    }
    return try await look(at: output, of: frame, finish: finish)
  }

  /// Takes what a program made, if it is a whole picture of a size that somebody can mean.
  private func look(at output: FilePath, of frame: Frame, finish: Finish) async throws -> Made {
    let rendered: RenderedPicture
    do throws(PictureError) {
      rendered = try await darkroom.render(
        file: output.string, finish: finish, mark: journal.spool.attemptMark(of: frame.hash).string)
    } catch {
      throw Failure(
        reason: access(output.string, F_OK) == 0
          ? "what it made cannot be used: \(error)" : "it ended well, but made no picture")
    }
    guard !rendered.isDamaged else { throw Failure(reason: "what it made is damaged") }
    guard let width = rendered.facts.width, let height = rendered.facts.height, min(width, height) >= 64
    else {
      throw Failure(reason: "what it made is too small to be meant")
    }
    let kind: PictureKind
    do throws(PictureError) {
      kind = try await darkroom.work { () throws(PictureError) in try PictureKind(ofFile: output.string) }
    } catch {
      throw Failure(reason: "what it made cannot be used: \(error)")
    }
    let renamed = output.removingLastComponent().appending("picture.\(kind.fileExtension)")
    guard rename(output.string, renamed.string) == 0 else {
      throw Failure(reason: "what it made cannot be moved: \(String(cString: strerror(errno)))")
    }
    let file = try await journal.adopt(
      renamed, name: MediaType.name(frame.lead.name, for: kind.mediaType), mediaType: kind.mediaType)
    return Made(file: file, rendered: rendered)
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
