import Foundation
import Testing

/// The live page's pure modules, tested where they run: in a browser. A module that imports nothing can be
/// loaded from a blob, so no server is needed.
@Suite(
  "The live page's rules",
  .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
struct BrowserPageTests {
  private static let page = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/AlbumServer/Page")

  /// The value of a script that uses a module of the page as `module`.
  private func evaluate<Value: Decodable & Sendable>(_ name: String, _ script: String) async throws -> Value {
    let source = try String(contentsOf: Self.page.appending(path: name), encoding: .utf8)
    return try await Browser.run { browser in
      try await browser.open(try #require(URL(string: "data:text/html,<p>")))
      return try await browser.evaluate(
        """
        const blob = new Blob([arguments[0]], { type: "text/javascript" });
        const module = await import(URL.createObjectURL(blob));
        \(script)
        """, source)
    }
  }

  @Test("Every row fills the width, none overlaps, and every frame has exactly one place")
  func rowsFill() async throws {
    let faults: [String] = try await evaluate(
      "layout.js",
      """
      const faults = [];
      for (const width of [312, 382, 760, 1408, 2528]) {
        for (const count of [1, 2, 3, 5, 8, 40, 1000]) {
          const ratios = Array.from({ length: count }, (_, i) => [1.5, 0.667, 1.333, 0.75, 2.4, 0.5][(i * 7) % 6]);
          const room = { width, gap: 8, target: module.targetHeight(width), tallest: 600 };
          const { rows, height } = module.layOut(ratios, room);
          let next = 0;
          let bottom = -room.gap;
          for (const row of rows) {
            const sum = ratios.slice(row.start, row.end).reduce((a, b) => a + b, 0);
            const wide = sum * row.height + room.gap * (row.end - row.start - 1) + 2 * row.left;
            if (Math.abs(wide - width) > 0.01) faults.push(`${width}/${count}: a row is ${wide} wide`);
            if (row.start !== next || row.end <= row.start) faults.push(`${width}/${count}: row from ${row.start}`);
            if (Math.abs(row.top - bottom - room.gap) > 0.01) faults.push(`${width}/${count}: row at ${row.top}`);
            if (row.height > room.tallest + 0.01) faults.push(`${width}/${count}: row ${row.height} high`);
            next = row.end;
            bottom = row.top + row.height;
          }
          if (next !== count) faults.push(`${width}/${count}: ${next} placed`);
          if (Math.abs(height - bottom) > 0.01) faults.push(`${width}/${count}: height ${height}`);
        }
      }
      return faults;
      """)
    #expect(faults == [])
  }

  @Test("A newest frame changes at most the three rows at the top; all below only move as a whole")
  func oldRowsStay() async throws {
    let faults: [String] = try await evaluate(
      "layout.js",
      """
      const room = { width: 1200, gap: 8, target: 280, tallest: 600 };
      const ratio = (n) => [1.5, 0.667, 1.5, 1.333, 0.75][(n * 3) % 5];
      const shape = (count) => {
        const ratios = Array.from({ length: count }, (_, i) => ratio(count - 1 - i));
        return module.layOut(ratios, room).rows.map((row) => [count - row.end, count - row.start, row.height].join());
      };
      const faults = [];
      for (let count = 20; count < 120; count++) {
        const now = new Set(shape(count + 1));
        shape(count).slice(3).forEach((row) => now.has(row) || faults.push(`${count}: ${row}`));
      }
      return faults;
      """)
    #expect(faults == [])
  }

  @Test("Frames are merged by identity: the later version wins in any order, and nothing is there twice")
  func merging() async throws {
    let names: [String] = try await evaluate(
      "album.js",
      """
      const album = new module.Album();
      const at = (second) => `2026-11-23T14:00:0${second}+08:00`;
      album.merge([
        { seq: 1, frame: "a", captured_at: at(1), thumbnail: null },
        { seq: 3, frame: "b", captured_at: at(3), thumbnail: "b3" },
        { seq: 2, frame: "b", captured_at: at(3), thumbnail: null },
        { seq: 4, frame: "c", captured_at: at(2), thumbnail: "c" },
      ]);
      const { added, changed } = album.merge([
        { seq: 5, frame: "a", captured_at: at(1), thumbnail: "a5" },
        { seq: 4, frame: "c", captured_at: at(2), thumbnail: "again" },
        { seq: 6, frame: "d", captured_at: null, thumbnail: "d" },
      ]);
      return [
        album.frames.map((frame) => frame.frame).join(""), album.get("b").thumbnail, album.get("a").thumbnail,
        album.get("c").thumbnail, added.map((f) => f.frame).join(""), changed.map((f) => f.frame).join(""),
      ];
      """)
    // A frame that does not say when it was taken stands where it arrived: before all others.
    #expect(names == ["dbca", "b3", "a5", "c", "d", "a"])
  }

  @Test("Feeds of several photographers make one album, as Model's MergedFeed does, in any order")
  func mergingFeeds() async throws {
    let albums: [[String]] = try await evaluate(
      "merge.js",
      """
      const entries = [
        ["bb", { frame: "f1", seq: 9, preview: "p", thumbnail: null, name: "other" }],
        ["aa", { frame: "f1", seq: 1, preview: null, thumbnail: null, name: "one" }],
        ["aa", { frame: "f1", seq: 2, preview: null, thumbnail: "t", name: "one" }],
        ["bb", { frame: "f2", seq: 1, preview: null, thumbnail: null, name: "two" }],
      ];
      return [[0, 1, 2, 3], [3, 2, 1, 0], [2, 1, 0, 3, 0, 1, 2]].map((order) => {
        const merger = new module.Merger();
        const album = new Map();
        let last = 0;
        for (const at of order) {
          for (const frame of merger.take([entries[at][1]], entries[at][0])) {
            if (frame.seq <= last) return ["not numbered"];
            last = frame.seq;
            album.set(frame.frame, [frame.name, frame.thumbnail, frame.preview].join());
          }
        }
        return [...album].sort().map(([id, said]) => id + ":" + said);
      });
      """)
    #expect(albums == Array(repeating: ["f1:one,t,p", "f2:two,,"], count: 3))
    let pair: [[String]] = try await evaluate(
      "merge.js",
      """
      const part = (name, media_type) => ({ frame: "1.NEF", seq: 1, name, media_type, original: name,
        originals: [{ sha256: name, name, media_type, bytes: 1, url: name }] });
      const merger = new module.Merger();
      merger.take([part("1.NEF", "image/x-nikon-nef")], "aa");
      const [frame] = merger.take([part("1.JPG", "image/jpeg")], "bb");
      return [[frame.name, frame.original, frame.media_type], frame.originals.map(({ name }) => name)];
      """)
    #expect(pair == [["1.JPG", "1.JPG", "image/jpeg"], ["1.NEF", "1.JPG"]])
    let other: [[String]] = try await evaluate(
      "merge.js",
      """
      const original = (name, media_type) => ({ sha256: name, name, media_type, bytes: 1, url: name });
      const [raw, jpeg] = [original("1.NEF", "image/x-nikon-nef"), original("1.JPG", "image/jpeg")];
      const entries = [
        ["aa", { frame: "1.NEF", seq: 1, preview: null, originals: [raw, jpeg] }],
        ["bb", { frame: "1.JPG", seq: 1, preview: "p", originals: [jpeg] }],
      ];
      return [[0, 1], [1, 0]].map((order) => {
        const merger = new module.Merger();
        const shown = order.flatMap((at) => merger.take([entries[at][1]], entries[at][0]));
        const last = shown.at(-1);
        return [new Set(shown.map(({ frame }) => frame)).size, last.name, last.preview,
          ...last.originals.map(({ name }) => name)].map(String);
      });
      """)
    #expect(other == Array(repeating: ["1", "1.JPG", "p", "1.NEF", "1.JPG"], count: 2))
    // A link may have been shared from a page that calls it by the other.
    let found: [String] = try await evaluate(
      "album.js",
      """
      const album = new module.Album();
      album.merge([{ seq: 1, frame: "abc", originals: [{ sha256: "abc" }, { sha256: "def" }] }]);
      return [album.find("ab"), album.find("de"), album.find("f")].map((frame) => frame?.frame ?? "none");
      """)
    #expect(found == ["abc", "abc", "none"])
  }

  @Test("Both languages say everything")
  func languages() async throws {
    let sets: [[String]] = try await evaluate(
      "words.js",
      """
      const keys = ["skip", "photos", "live", "connecting", "reconnecting", "offline", "ended", "coming", "emptyTitle",
        "emptyText", "missingTitle", "missingText", "unreachableTitle", "unreachableText", "retry", "share", "copied",
        "download", "downloadWaiting", "info", "close", "newer", "older", "noPicture"];
      const said = () => [...keys.map((key) => module.say(key)), module.say("fresh", 1), module.say("count", 1200),
        module.kindOf({ media_type: "video/quicktime" }), module.clock("2026-11-23T14:03:07.25+08:00")];
      const first = said();
      module.switchLanguage();
      return [first, said()].map((texts) => texts.map((text) => text ?? ""));
      """)
    #expect(sets.count == 2)
    for set in sets { #expect(!set.contains("")) }
    #expect(sets[0].contains("1 new photo"))
    #expect(sets[0].contains("1,200 photos"))
    #expect(sets[0].contains { $0.contains("14:03:07") })
    #expect(sets[1].contains("1 张新照片"))
  }
}
