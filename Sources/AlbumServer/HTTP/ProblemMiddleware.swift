import HTTPTypes
import Hummingbird
import Logging

/// Makes every failure an answer that helps, and gives every answer the headers that all of them have.
struct ProblemMiddleware: RouterMiddleware {
  typealias Context = AlbumRequestContext

  func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response: Response
    do {
      response = try await next(request, context)
    } catch {
      response = try problem(error, request: request, logger: context.logger)
        .response(from: request, context: context)
      if request.method == .head { response = response.createHeadResponse() }
    }
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    // tus: in every answer. A client tells by it that it was us who answered, and not some network's sign-in page.
    if request.headers[.tusResumable] != nil { response.headers[.tusResumable] = Tus.version }
    return response
  }

  private func problem(_ error: any Error, request: Request, logger: Logger) -> Problem {
    switch error {
    case let problem as Problem: return problem
    case let refusal as TusRefusal: return Problem(refusal)
    case let error as AlbumServerError:
      let problem = Problem(error)
      if problem.status.code >= 500 {
        logger.error("\(request.method) failed", metadata: ["error": "\(error)"])
      }
      return problem
    case let error as HTTPError:
      guard error.status == .notFound else {
        return Problem(error.status, error.body ?? error.status.reasonPhrase)
      }
      return Problem(.notFound, "There is nothing at this address.")
    case is CancellationError:
      return Problem(.serviceUnavailable, "The server is stopping.", headers: [.retryAfter: "5"])
    default:
      logger.error("\(request.method) failed", metadata: ["error": "\(error)"])
      return Problem(.internalServerError, "The server cannot do this now; its log says why.")
    }
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
