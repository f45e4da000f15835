/// A frame's bytes before it has a place on a card.
struct FramePicture: Sendable {
  let content: ObjectContent
  let head: JPEGHead
  /// `JPG`, upper case as on cards.
  let fileExtension: String
  /// The name that the frame keeps; `nil`: it gets the next number.
  var name: String?
}
