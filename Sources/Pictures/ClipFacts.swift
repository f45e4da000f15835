import Model

/// What a video clip says of itself.
enum ClipFacts {
  static func read(_ input: PictureInput) throws(PictureError) -> PictureFacts {
    PictureFacts()
  }
}
