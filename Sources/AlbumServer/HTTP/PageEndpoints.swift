import HTTPTypes
import Hummingbird
import NIOCore

/// The live page, its files, and the page that says what this is.
struct PageEndpoints: Sendable {
  /// Nothing from anywhere else, and nothing that stands in the page itself.
  private static let policy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'
    """

  let gate: Gate

  /// `GET /a/SLUG`
  ///
  /// A guest with a link that is not right gets the page too, which says so in words: people open this address, and no
  /// programs.
  func album(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    do {
      _ = try await gate.album(context)
    } catch let problem as Problem where problem.status == .notFound {
      return Response(
        status: .notFound,
        headers: [
          .contentType: PageFiles.index.mediaType, .cacheControl: "no-store",
          .contentSecurityPolicy: Self.policy,
        ],
        body: .init(byteBuffer: ByteBuffer(bytes: PageFiles.index.bytes)))
    }
    return Self.serve(PageFiles.index, to: request)
  }

  /// `GET /assets/NAME`
  func asset(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    guard let name = context.parameters.get("file"), let file = PageFiles.assets[name] else {
      throw Problem(.notFound, "There is nothing at this address.")
    }
    return Self.serve(file, to: request)
  }

  /// `GET /api/v1/openapi.yaml`
  func openAPI(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    Self.serve(PageFiles.openAPI, to: request)
  }

  /// `GET /`: albums are only found by their links, so there is nothing to list.
  func root(_ request: Request, _ context: AlbumRequestContext) async throws -> Response {
    let page = """
      <!doctype html>
      <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
      <title>pixcheese</title>
      <p>This is a pixcheese album server. Open the link of your album to watch it.
      <p lang="zh">这是像素芝士的相册服务器，请用相册链接打开。
      </html>

      """
    return Response(
      status: .ok,
      headers: [.contentType: "text/html; charset=utf-8", .contentSecurityPolicy: Self.policy],
      body: .init(byteBuffer: ByteBuffer(string: page)))
  }

  private static func serve(_ file: PageFiles.File, to request: Request) -> Response {
    let headers: HTTPFields = [
      .contentType: file.mediaType, .eTag: file.tag, .cacheControl: "no-cache",
      .contentSecurityPolicy: policy,
    ]
    guard !EntityTag.matches(request.headers[.ifNoneMatch], file.tag) else {
      return Response(status: .notModified, headers: headers)
    }
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: file.bytes)))
  }
}
