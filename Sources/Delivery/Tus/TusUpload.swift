import Curl
import Foundation

/// The rules of one upload by tus 1.0: what is known of it, and what each answer makes of that.
///
/// No I/O happens here. `begin` says the first step; whoever does the steps tells what came of each (`answered`, `failed`) and
/// is told the next, until one of them is `done` or `stop`. What has to survive is `location` and
/// `acknowledged`, to be written down after every step.
struct TusUpload: Hashable, Sendable {
  /// What to do next.
  enum Step: Hashable, Sendable {
    /// Make the upload, with its first bytes if `carrying` is more than 0.
    case create(carrying: Int64)
    /// Ask how much of it is there.
    case ask
    /// Ask whether it is a tus server that answers (`OPTIONS`).
    case identify
    /// Send these bytes.
    case send(Range<Int64>)
    /// All of it is there.
    case done
    /// Leave it for now, or until a person acts (`DeliveryReason.needsPerson`); begin again later.
    case stop(DeliveryReason, retryAfter: Duration? = nil)
  }

  let endpoint: TusEndpoint
  /// The file's length in bytes.
  let length: Int64
  /// The upload's address; `nil` while there is none.
  private(set) var location: URL?
  /// Bytes that the server has acknowledged. It shrinks only when the server itself says that it has less.
  private(set) var acknowledged: Int64
  /// The most bytes of one request; the sender may change it before any step.
  var chunk: Int64

  /// Whether the last request got an answer, and one that the rules could go on from.
  private(set) var isInTouch = false

  /// No byte from here on can be at the server, for none was ever sent.
  private var sentUpTo: Int64
  private var carriesAtCreation: Bool
  private var last: Step?
  private var hasRestarted = false
  private var hasFailed = false
  /// Whether the last answer was a tus server's introduction.
  private var isIdentified = false
  private var conflicts = 0
  private var corruptions = 0

  /// - Parameters:
  ///   - location: the address of an upload made earlier, as the journal has it.
  ///   - acknowledged: what the journal has of it.
  ///   - carriesAtCreation: whether the creation request may carry the whole of it.
  init(
    endpoint: TusEndpoint, length: Int64, location: URL? = nil, acknowledged: Int64 = 0, chunk: Int64 = .max,
    carriesAtCreation: Bool = false
  ) {
    self.endpoint = endpoint
    self.length = length
    self.location = location
    self.acknowledged = location == nil ? 0 : acknowledged
    self.chunk = chunk
    self.carriesAtCreation = carriesAtCreation
    // Of an upload made by an earlier run nobody knows how much was sent.
    sentUpTo = location == nil ? 0 : length
  }

  /// The first step of a run: an upload made earlier is asked about, for its last acknowledgement may be lost.
  mutating func begin() -> Step {
    take(location == nil ? creation : .ask)
  }

  /// The step after an answer to the last one.
  mutating func answered(_ answer: TusAnswer) -> Step {
    isInTouch = true
    return switch last {
    case .create(let carrying): take(created(answer, carrying: carrying))
    case .ask: take(asked(answer))
    case .identify: take(identified(answer))
    case .send(let range): take(sent(answer, range))
    case .done, .stop, nil: last ?? begin()
    }
  }

  /// The step after a request that got no answer. Bytes may have arrived nevertheless: the server is asked, once.
  mutating func failed(_ error: CurlError) -> Step {
    isInTouch = false
    guard error.isRetryable else { return take(.stop(DeliveryReason(.refused, error.text))) }
    if case .send = last, !hasFailed, location != nil {
      hasFailed = true
      return take(.ask)
    }
    let code: DeliveryReason.Code = error.code == .certificate ? .certificate : .offline
    return take(.stop(DeliveryReason(code, error.text)))
  }

  private mutating func take(_ step: Step) -> Step {
    if case .send(let range) = step { sentUpTo = max(sentUpTo, range.upperBound) }
    last = step
    return step
  }

  private var creation: Step {
    .create(carrying: carriesAtCreation && length <= chunk ? length : 0)
  }

  private var next: Step {
    acknowledged == length
      ? .done : .send(acknowledged..<acknowledged + min(max(1, chunk), length - acknowledged))
  }

  /// Takes an offset that the server has stated: the truth, as long as it can be.
  private mutating func adopt(_ offset: Int64) -> Step {
    guard offset <= length, offset <= sentUpTo else {
      return restart(
        .conflict, "The server claims \(offset) bytes of which only \(min(length, sentUpTo)) were sent.")
    }
    if offset > acknowledged {
      hasFailed = false
      conflicts = 0
      corruptions = 0
    }
    acknowledged = offset
    return next
  }

  /// Gives this upload up, which is not what was sent: a new one, once in a run.
  private mutating func restart(_ code: DeliveryReason.Code, _ text: String) -> Step {
    location = nil
    acknowledged = 0
    return replace(code, text)
  }

  /// Makes a new upload: once in a run, so that two sides that disagree do not go on for ever. The old one keeps its address
  /// until the new one has its own: what is said to be lost may only have been out of sight.
  private mutating func replace(_ code: DeliveryReason.Code, _ text: String) -> Step {
    guard !hasRestarted else { return .stop(DeliveryReason(code, text)) }
    hasRestarted = true
    return creation
  }
}

// MARK: Answers

extension TusUpload {
  private mutating func created(_ answer: TusAnswer, carrying: Int64) -> Step {
    switch answer.status {
    case 201 where answer.speaksTus:
      let made = answer.location.flatMap(endpoint.resolve)
      if let made, endpoint.wouldReplace(uploadAt: made) {
        return .stop(
          DeliveryReason(
            .refused,
            "This is SeaweedFS, which would put every photo in the place of the last: end the album's address with /{name}."
          ))
      }
      // Carried whole, or there already: an album server says so of content that it has.
      if answer.offset == length {
        location = made
        acknowledged = length
        return .done
      }
      guard let made else {
        if let location = answer.location, endpoint.wouldExpose(uploadAt: location) {
          return .stop(
            DeliveryReason(
              .refused,
              "The server is asked by https and wants the file by http, which everybody on the way could read. "
                + "It has to learn of the proxy before it: X-Forwarded-Proto and, for tusd, -behind-proxy."))
        }
        return .stop(DeliveryReason(.intercepted, "The server made an upload and did not say where."))
      }
      location = made
      acknowledged = 0
      sentUpTo = carrying
      guard let offset = answer.offset else { return carrying > 0 ? .ask : next }
      return offset <= carrying ? adopt(offset) : .ask
    case 413 where carrying > 0, 415 where carrying > 0, 460 where carrying > 0:
      carriesAtCreation = false
      return .create(carrying: 0)
    case 404 where answer.speaksTus, 410 where answer.speaksTus:
      return .stop(
        DeliveryReason(.noSuchAlbum, "There is no such album at \(endpoint.creation) (\(answer.status))."))
    case 409, 423:
      return .stop(
        DeliveryReason(.locked, "The server is not ready (\(answer.status))."), retryAfter: answer.retryAfter)
    default:
      return hindered(answer) ?? refusedOrIntercepted(answer)
    }
  }

  private mutating func asked(_ answer: TusAnswer) -> Step {
    defer { isIdentified = false }
    switch answer.status {
    case 200..<300 where answer.speaksTus:
      guard let offset = answer.offset else {
        return .stop(DeliveryReason(.intercepted, "The server did not say how much it has."))
      }
      if let stated = answer.length, stated != length {
        return restart(.conflict, "The server takes the file for \(stated) bytes long instead of \(length).")
      }
      return adopt(offset)
    case 409:
      // A question changes nothing and can be in conflict with nothing: some state of the server's that passes.
      return conflict(answer)
    default:
      return uploadAnswer(answer)
    }
  }

  /// What was said before was no tus server's: who is there? If it is one, the question is put again, which a proxy may have
  /// answered while the server was away.
  private mutating func identified(_ answer: TusAnswer) -> Step {
    guard answer.isIntroduction else { return hindered(answer) ?? intercepted(answer) }
    isIdentified = true
    return .ask
  }

  private mutating func sent(_ answer: TusAnswer, _ range: Range<Int64>) -> Step {
    switch answer.status {
    case 200..<300 where answer.speaksTus:
      // An acknowledgement that says nothing, nothing new, or too much is a doubt, and HEAD settles it.
      guard let offset = answer.offset, offset > range.lowerBound, offset <= sentUpTo else {
        return doubt(answer)
      }
      return adopt(offset)
    case 409:
      // An offset in the 409 saves the question, unless it is what was just refused, or means going back.
      guard answer.speaksTus, let offset = answer.offset, offset > range.lowerBound, offset <= sentUpTo else {
        return doubt(answer)
      }
      conflicts += 1
      return conflicts > Self.patience ? conflict(answer) : adopt(offset)
    case 413:
      let count = range.upperBound - range.lowerBound
      guard count > Self.smallestChunk else {
        return .stop(
          DeliveryReason(.tooLarge, "The server refuses the file as too large (413)\(words(answer))."))
      }
      // A proxy's limit, more often than the server's own.
      chunk = min(chunk, max(Self.smallestChunk, count / 2))
      return .ask
    case 460:
      corruptions += 1
      guard corruptions <= Self.patience else {
        return restart(.corrupted, "What arrives is not what was sent (460).")
      }
      return .send(range)
    default:
      return uploadAnswer(answer)
    }
  }

  /// What HEAD and PATCH have in common.
  private mutating func uploadAnswer(_ answer: TusAnswer) -> Step {
    switch answer.status {
    case 404 where answer.speaksTus || isIdentified, 410 where answer.speaksTus || isIdentified:
      return replace(.forgotten, "The server has forgotten the upload (\(answer.status)).")
    case 404, 410:
      // A proxy's, while the server is away, must not cost what is already there.
      isInTouch = false
      conflicts += 1
      return conflicts > Self.patience ? intercepted(answer) : .identify
    case 423:
      return .stop(
        DeliveryReason(.locked, "Another request still holds the upload (423)."),
        retryAfter: answer.retryAfter)
    default:
      return hindered(answer) ?? refusedOrIntercepted(answer)
    }
  }

  private mutating func doubt(_ answer: TusAnswer) -> Step {
    conflicts += 1
    return conflicts > Self.patience ? conflict(answer) : .ask
  }

  private func conflict(_ answer: TusAnswer) -> Step {
    .stop(
      DeliveryReason(
        .conflict, "The server does not agree with itself on how much it has (\(answer.status))."),
      retryAfter: answer.retryAfter)
  }

  /// What any request can meet, and what passes by itself or is a matter of rights; `nil` for anything else.
  private func hindered(_ answer: TusAnswer) -> Step? {
    switch answer.status {
    case 401 where answer.speaksTus, 403 where answer.speaksTus:
      .stop(
        DeliveryReason(
          .notAllowed,
          isAtCreation || location.map(endpoint.isTrusted) ?? true
            ? "The token is not accepted for this album (\(answer.status))\(words(answer))."
            : "The upload lies at another server, which does not get the token and refuses it (\(answer.status))."
        ))
    case 407:
      .stop(DeliveryReason(.intercepted, "A proxy asks for a password (407)."))
    case 408, 425, 429, 503:
      .stop(
        DeliveryReason(.busy, "The server asks for patience (\(answer.status))\(words(answer))."),
        retryAfter: answer.retryAfter)
    case 507:
      .stop(
        DeliveryReason(.noRoom, "The server's disk is full (507)\(words(answer))."),
        retryAfter: answer.retryAfter)
    case 501, 505:
      nil
    case 500..<600 where answer.status != 511:
      .stop(
        DeliveryReason(.failing, "The server fails (\(answer.status))\(words(answer))."),
        retryAfter: answer.retryAfter)
    case ..<400, 511:
      intercepted(answer)
    default:
      nil
    }
  }

  private func intercepted(_ answer: TusAnswer) -> Step {
    .stop(
      .intercepted(
        insteadOf: "tus server", status: answer.status, isPage: answer.isPage, location: answer.location,
        asked: endpoint.creation),
      retryAfter: answer.retryAfter)
  }

  /// Whether it is the creation that is answered; an upload that is to be replaced still has its address then.
  private var isAtCreation: Bool { if case .create = last { true } else { false } }

  /// The server's own words, to follow ours.
  private func words(_ answer: TusAnswer) -> String {
    answer.detail.map { ": \($0.hasSuffix(".") ? String($0.dropLast()) : $0)" } ?? ""
  }

  /// A refusal parks a delivery until a person acts, and so it has to be a tus server's: the sign-in page of a network
  /// that answers 403 or 404 to everything for ten minutes must not park an event. 412 and 415 are such a server's even
  /// where it leaves its header out.
  private func refusedOrIntercepted(_ answer: TusAnswer) -> Step {
    answer.speaksTus || answer.status == 412 || answer.status == 413 || answer.status == 415
      ? refused(answer) : intercepted(answer)
  }

  private func refused(_ answer: TusAnswer) -> Step {
    switch answer.status {
    case 413:
      .stop(DeliveryReason(.tooLarge, "The server refuses the file as too large (413)\(words(answer))."))
    case 412: .stop(DeliveryReason(.refused, "The server does not speak tus 1.0.0 (412)."))
    case 405, 501:
      .stop(DeliveryReason(.refused, "No uploads are taken at \(endpoint.creation) (\(answer.status))."))
    default:
      .stop(DeliveryReason(.refused, "The server refuses the upload (\(answer.status))\(words(answer))."))
    }
  }

  /// How often the two sides may disagree without progress before the upload rests.
  private static let patience = 3
  /// The least that a request is made smaller to, in bytes.
  private static let smallestChunk: Int64 = 256 << 10
}
