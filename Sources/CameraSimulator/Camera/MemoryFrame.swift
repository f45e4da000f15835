/// A frame in the camera's RAM, which no folder shows.
struct MemoryFrame: Sendable {
  let handle: UInt32
  let object: CardObject
}
