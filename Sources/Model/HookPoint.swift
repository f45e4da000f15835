/// A point on a frame's way at which a program of the photographer's may be run.
public enum HookPoint: String, CaseIterable, Codable, Sendable {
  /// A camera has announced it; its bytes are not here yet.
  case captured
  /// Its original is safe.
  case safe
  /// Its preview is in an album.
  case viewable
  /// Its original is in an album.
  case delivered
}
