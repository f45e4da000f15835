import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// For those who watch the server.
struct HealthEndpoints: Sendable {
  let store: AlbumStore
  let desk: UploadDesk

  /// `GET /healthz`: 200 while the store answers.
  func health(_: Request, _: AlbumRequestContext) async throws -> Response {
    _ = try await store.totals()
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: "ok\n")))
  }

  /// `GET /metrics`: Prometheus' text format, version 0.0.4. Only sums: no album can be told from it.
  func metrics(_: Request, _: AlbumRequestContext) async throws -> Response {
    let totals = try await store.totals()
    let figures: [(name: String, type: String, help: String, value: Int64)] = [
      ("pixcheese_albums", "gauge", "Albums.", Int64(totals.albums)),
      ("pixcheese_frames", "gauge", "Frames in all albums.", Int64(totals.frames)),
      (
        "pixcheese_published_bytes", "gauge", "Bytes of renditions and originals in all albums.", totals.bytes
      ),
      ("pixcheese_uploads", "gauge", "Uploads that are not finished.", Int64(totals.uploads)),
      (
        "pixcheese_frames_lacking_renditions", "gauge", "Frames whose renditions are still to be made.",
        Int64(totals.lackingRenditions)
      ),
      ("pixcheese_viewers", "gauge", "Open event streams.", Int64(store.feeds.viewerCount)),
      (
        "pixcheese_received_bytes_total", "counter", "Bytes of uploads received since the start.",
        desk.received.load(ordering: .relaxed)
      ),
      (
        "pixcheese_uploads_finished_total", "counter", "Uploads finished since the start.",
        desk.finished.load(ordering: .relaxed)
      ),
    ]
    let text = figures.map { figure in
      "# HELP \(figure.name) \(figure.help)\n# TYPE \(figure.name) \(figure.type)\n\(figure.name) \(figure.value)\n"
    }
    return Response(
      status: .ok,
      headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: text.joined())))
  }
}
