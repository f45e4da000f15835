import Foundation
import Testing

/// The feed of a page that lies in a bucket (`bucket.js`), tested where it runs, in a browser, with a bucket that is
/// made of a few objects and fails when it is told to.
@Suite(
  "A guest's page on a bucket that fails now and then",
  .enabled(if: Browser.isInstalled, "needs Debian's packages chromium and chromium-driver"))
struct BucketPageTests {
  private static let page = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/AlbumServer/Page")

  /// Defines `feed` and what the tests tell of its bucket. A module from a blob has no address that others are beside,
  /// so the two that `bucket.js` imports are named by their blobs.
  private static let bucket = """
    const [bucket, common, merge] = arguments;
    const blob = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const { BucketFeed } = await import(
      blob(bucket.replace("./feed.js", blob(common)).replace("./merge.js", blob(merge))));

    const objects = { "album.json": { name: "Party" } };
    /** By path: how many requests fail from now on. */
    const failing = {};
    const requests = [];
    globalThis.fetch = async (url) => {
      const path = url.pathname.slice(1);
      requests.push(path);
      if (failing[path] > 0) {
        failing[path] -= 1;
        throw new TypeError("Failed to fetch");
      }
      if (!(path in objects)) return new Response("", { status: 404 });
      const text = JSON.stringify(objects[path]);
      return new Response(text, { headers: { ETag: `"${text}"` } });
    };

    const entries = (photographer, from, through) =>
      Array.from({ length: through - from + 1 }, (_, i) => ({ frame: `${photographer}${from + i}`, seq: from + i }));
    /** Each segment goes through one of the numbers; the head has what comes after them. */
    const put = (photographer, throughs, seq) => {
      const folder = `feeds/${photographer}`;
      let from = 1;
      const segments = throughs.map((through) => {
        const name = `${through}.json`;
        const frames = entries(photographer, from, through);
        objects[`${folder}/${name}`] = { version: 1, frames };
        from = through + 1;
        return { name, entries: frames.length, through };
      });
      const recent = entries(photographer, from, seq);
      objects[`${folder}/head.json`] = { version: 1, photographer, seq, segments, recent };
      objects["photographers.json"] ??= { photographers: [] };
      const { photographers } = objects["photographers.json"];
      if (!photographers.includes(photographer)) photographers.push(photographer);
    };

    const feed = new BucketFeed(new URL("http://bucket.test/album.json"));
    const shown = [];
    const give = (frames) => shown.push(...frames.map(({ frame }) => frame));
    const states = [];
    const follow = () => feed.follow({ frames: give, state: (state) => states.push(state) });
    const ended = (promise) => promise.then(() => "done", (error) => error.code ?? String(error));
    /** Waits until a guest sees these many frames and the page says this of its connection, or for long. */
    const until = async (count, state) => {
      const end = performance.now() + 60_000;
      while (performance.now() < end && (shown.length < count || states.at(-1) !== state)) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const seen = () => [...shown].sort().join();
    """

  private func evaluate(_ script: String) async throws -> [String] {
    let sources = try ["bucket.js", "feed.js", "merge.js"].map {
      try String(contentsOf: Self.page.appending(path: $0), encoding: .utf8)
    }
    return try await Browser.run { browser in
      try await browser.open(try #require(URL(string: "data:text/html,<p>")))
      return try await browser.evaluate(
        "\(Self.bucket)\n\(script)", sources[0], sources[1], sources[2])
    }
  }

  @Test("A first view that fails in its middle has all photos when it is tried again")
  func firstView() async throws {
    let said = try await evaluate(
      """
      put("a", [1, 2], 3);
      failing["feeds/a/1.json"] = 1;
      await feed.open();
      const first = await ended(feed.load(give));
      await feed.open();
      return [first, await ended(feed.load(give)), await ended(feed.loadRest(give)), seen()];
      """)
    #expect(said == ["unreachable", "done", "done", "a1,a2,a3"])
  }

  @Test("What a poll had before one of its requests failed comes with the next poll")
  func following() async throws {
    let said = try await evaluate(
      """
      put("a", [], 1);
      await feed.open();
      const first = await ended(feed.load(give));
      put("a", [2, 3], 4);
      failing["feeds/a/3.json"] = 1;
      follow();
      await until(4, "live");
      feed.close();
      return [first, seen(), ...states];
      """)
    #expect(said == ["done", "a1,a2,a3,a4", "connecting", "reconnecting", "live"])
  }

  @Test("A photographer's new photos come although another's feed fails in the same poll")
  func twoPhotographers() async throws {
    let said = try await evaluate(
      """
      put("a", [], 1);
      put("b", [], 1);
      await feed.open();
      const first = await ended(feed.load(give));
      put("a", [], 2);
      put("b", [], 2);
      failing["feeds/b/head.json"] = 1;
      follow();
      await until(3, "reconnecting");
      const without = seen();
      await until(4, "live");
      feed.close();
      return [first, without, seen()];
      """)
    #expect(said == ["done", "a1,a2,b1", "a1,a2,b1,b2"])
  }

  @Test("A feed of which a segment is gone keeps nobody from others' photos, and shows when it is whole")
  func brokenFeed() async throws {
    let said = try await evaluate(
      """
      put("b", [1], 2);
      put("a", [1, 700], 701);
      const gone = objects["feeds/b/1.json"];
      delete objects["feeds/b/1.json"];
      await feed.open();
      const first = await ended(feed.load(give));
      const newest = shown.length;
      const rest = await ended(feed.loadRest(give));
      const old = shown.length;
      put("a", [1, 700], 702);
      follow();
      await until(702, "reconnecting");
      const news = shown.length;
      const times = ["feeds/a/1.json", "feeds/a/700.json"].map(
        (path) => requests.filter((other) => other === path).length);
      objects["feeds/b/1.json"] = gone;
      const last = await ended(feed.loadRest(give));
      await until(704, "live");
      feed.close();
      return [first, rest, last, ...[newest, old, news, shown.length, new Set(shown).size, ...times].map(String),
        states.at(-1)];
      """)
    #expect(said == ["done", "unreachable", "done", "700", "701", "702", "704", "704", "1", "1", "live"])
  }
}
