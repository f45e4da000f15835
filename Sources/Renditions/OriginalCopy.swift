import Foundation
import Journal
import Model
import Pictures
import SystemPackage

/// What goes to albums in an original's place: a copy with words in it, or without its location, or both.
///
/// The original itself is read and never written.
struct OriginalCopy {
  let journal: Journal
  let darkroom: Darkroom
  let words: PictureWords
  let stripsLocation: Bool
  let sendsUnstrippable: Bool

  /// - Parameter retouched: what is published instead of the camera's file; `nil` is the camera's file.
  /// - Returns: what goes, and what could not be done to it, if something could not.
  /// - Throws: `JournalError`.
  func make(
    of original: Original, from retouched: DerivedFile?
  ) async throws -> (PublishedOriginal, note: String?) {
    let plain: PublishedOriginal = retouched.map { .copy($0) } ?? .asItIs
    guard stripsLocation || !words.isEmpty else { return (plain, nil) }
    let path = (retouched?.path ?? original.path).string
    let edited: Edited
    do throws(PictureError) {
      edited = try await darkroom.work { [self] () throws(PictureError) in try edit(path) }
    } catch {
      return fallback(plain, "its copy could not be made: \(error)")
    }
    switch edited {
    case .same(let note): return (plain, note)
    case .unstrippable(let reason): return fallback(plain, reason)
    case .changed(let bytes, let note):
      do {
        return (.copy(try await store(bytes, of: original, retouched)), note)
      } catch let error as JournalError where error.code == .full {
        return fallback(plain, error.message)
      }
    }
  }

  /// What is done where the copy cannot be made: a location never goes unless that was chosen.
  private func fallback(_ plain: PublishedOriginal, _ reason: String) -> (PublishedOriginal, note: String?) {
    if stripsLocation, !sendsUnstrippable {
      return (
        .held(
          reason: "its original is held back, since its location may be in it: \(reason). "
            + "--unstrippable send lets it go"), nil
      )
    }
    return (plain, reason)
  }

  private enum Edited: Sendable {
    case same(note: String?)
    case changed([UInt8], note: String?)
    case unstrippable(String)
  }

  private func edit(_ path: String) throws(PictureError) -> Edited {
    var bytes: [UInt8]?
    if stripsLocation {
      switch try LocationRemoval.remove(fromFile: path) {
      case .none: break
      case .removed(let rest): bytes = rest
      case .impossible(let reason): return .unstrippable(reason)
      }
    }
    guard !words.isEmpty else { return bytes.map { .changed($0, note: nil) } ?? .same(note: nil) }
    guard try PictureKind(ofFile: path).isJPEG else {
      return .same(note: "words can be written into JPEG files only")
    }
    let read = if let bytes { bytes } else { try PictureFile.bytes(path) }
    do throws(PictureError) {
      return .changed(try words.written(into: read), note: nil)
    } catch {
      return bytes.map { .changed($0, note: error.description) } ?? .same(note: error.description)
    }
  }

  private func store(
    _ bytes: [UInt8], of original: Original, _ retouched: DerivedFile?
  ) async throws -> DerivedFile {
    let stored = try await journal.store(bytes, kind: .original, mediaType: "image/jpeg")
    return DerivedFile(
      hash: stored.hash, name: retouched?.name ?? original.name, mediaType: stored.mediaType,
      bytes: stored.bytes, path: stored.path)
  }
}
