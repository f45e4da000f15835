import HTTPTypes
import Hummingbird

/// Everything that the server answers, in one table: the router, the `Allow` header of a 405 and the test of the OpenAPI
/// description are made from it.
struct Routes: Sendable {
  typealias Handler = @Sendable (Request, AlbumRequestContext) async throws -> Response

  struct Route: Sendable {
    let method: HTTPRequest.Method
    /// With parameters as `{name}`, the way OpenAPI writes them.
    let path: String
    let handler: Handler
  }

  let all: [Route]

  init(
    page: PageEndpoints, albums: AlbumEndpoints, media: MediaEndpoint, originals: OriginalEndpoint,
    uploads: UploadEndpoints,
    health: HealthEndpoints
  ) {
    let creation = "/api/v1/albums/{slug}/uploads"
    let upload = "/api/v1/albums/{slug}/uploads/{upload}"
    all = [
      Route(method: .get, path: "/", handler: page.root),
      Route(method: .get, path: "/a/{slug}", handler: page.album),
      Route(method: .get, path: "/assets/{file}", handler: page.asset),
      Route(method: .get, path: "/media/{slug}/{file}", handler: media.get),
      Route(method: .get, path: "/healthz", handler: health.health),
      Route(method: .get, path: "/metrics", handler: health.metrics),
      Route(method: .get, path: "/api/v1/openapi.yaml", handler: page.openAPI),
      Route(method: .get, path: "/api/v1/albums", handler: albums.list),
      Route(method: .post, path: "/api/v1/albums", handler: albums.create),
      Route(method: .get, path: "/api/v1/albums/{slug}", handler: albums.show),
      Route(method: .get, path: "/api/v1/albums/{slug}/frames", handler: albums.frames),
      Route(method: .get, path: "/api/v1/albums/{slug}/events", handler: albums.events),
      Route(method: .get, path: "/api/v1/albums/{slug}/originals/{sha256}", handler: originals.show),
      Route(method: .options, path: creation, handler: uploads.options),
      Route(method: .post, path: creation, handler: uploads.create),
      Route(method: .options, path: upload, handler: uploads.options),
      Route(method: .head, path: upload, handler: uploads.head),
      Route(method: .patch, path: upload, handler: uploads.patch),
      Route(method: .delete, path: upload, handler: uploads.delete),
    ]
  }

  /// The router for the table. HEAD goes wherever GET does; another method is 405 with those that are there.
  func responder() -> some HTTPResponder<AlbumRequestContext> {
    let router = Router(context: AlbumRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ProblemMiddleware())
    for (path, routes) in Dictionary(grouping: all, by: \.path) {
      let pattern = RouterPath(path)
      for route in routes { router.on(pattern, method: route.method, use: route.handler) }
      var there = Set(routes.map(\.method))
      if there.contains(.get) { there.insert(.head) }
      let allow = there.map(\.rawValue).sorted().joined(separator: ", ")
      for method in Self.methods where !there.contains(method) {
        router.on(pattern, method: method) { _, _ -> Response in
          throw Problem(.methodNotAllowed, "This address takes \(allow).", headers: [.allow: allow])
        }
      }
    }
    return MethodOverride(next: router.buildResponder())
  }

  private static let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
}

/// Obeys `X-HTTP-Method-Override` before anything is routed (tus 1.0, "X-HTTP-Method-Override").
private struct MethodOverride<Next: HTTPResponder<AlbumRequestContext>>: HTTPResponder {
  let next: Next

  func respond(to request: Request, context: AlbumRequestContext) async throws -> Response {
    let method = Tus.method(request.method, override: request.headers[.methodOverride])
    guard method != request.method else { return try await next.respond(to: request, context: context) }
    var head = request.head
    head.method = method
    return try await next.respond(to: Request(head: head, body: request.body), context: context)
  }
}
