import Foundation
import GRDB
import Model

/// One row of `frames`: what viewers see of a frame.
struct FrameRow: Hashable, Sendable {
  var frame: ContentHash
  var seq: Int64
  var name: String
  var mediaType: String
  var bytes: Int64?
  var facts: PictureFacts
  /// File names below the album's media address.
  var thumbnail: String?
  var preview: String?
  var original: String?
  /// All originals that are there; `url` is the file name here.
  var originals: [AlbumOriginal] = []
  var lacksRenditions = false

  init(frame: ContentHash, name: String, mediaType: String) {
    self.frame = frame
    self.name = name
    self.mediaType = mediaType
    seq = 0
    facts = PictureFacts()
  }

  init(row: Row) throws {
    frame = try ContentHash(column: row["frame"])
    seq = row["seq"]
    name = row["name"]
    mediaType = row["media_type"]
    bytes = row["bytes"]
    let json: String = row["facts"]
    facts = try JSONDecoder().decode(PictureFacts.self, from: Data(json.utf8))
    thumbnail = row["thumbnail"]
    preview = row["preview"]
    original = row["original"]
    let list: String = row["originals"]
    originals = try JSONDecoder().decode([AlbumOriginal].self, from: Data(list.utf8))
    lacksRenditions = row["lacks_renditions"]
  }

  func save(album: Int64, in database: Database) throws {
    let facts = String(decoding: try JSONEncoder().encode(facts), as: UTF8.self)
    let originals = String(decoding: try JSONEncoder().encode(originals), as: UTF8.self)
    try database.run(
      """
      INSERT INTO frames(
        album, frame, seq, name, media_type, bytes, facts, thumbnail, preview, original, originals,
        lacks_renditions)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT(album, frame) DO UPDATE SET
        seq = excluded.seq, name = excluded.name, media_type = excluded.media_type, bytes = excluded.bytes,
        facts = excluded.facts, thumbnail = excluded.thumbnail, preview = excluded.preview,
        original = excluded.original, originals = excluded.originals, lacks_renditions = excluded.lacks_renditions
      """,
      [
        album, frame.column, seq, name, mediaType, bytes, facts, thumbnail, preview, original,
        originals, lacksRenditions,
      ])
  }

  /// Whether it has an asset of a kind.
  func has(_ kind: AssetKind) -> Bool {
    switch kind {
    case .thumbnail: thumbnail != nil
    case .preview: preview != nil
    case .original: original != nil
    }
  }

  /// As the API shows it. The URLs have no host: one answer is right on every address the server has.
  func albumFrame(slug: String) -> AlbumFrame {
    func url(_ file: String?) -> String? { file.map { "/media/\(slug)/\($0)" } }
    return AlbumFrame(
      seq: seq, frame: frame, name: name, mediaType: mediaType, bytes: bytes, thumbnail: url(thumbnail),
      preview: url(preview), original: url(original),
      originals: originals.map { original in
        var original = original
        original.url = "/media/\(slug)/\(original.url)"
        return original
      }, facts: facts)
  }
}
