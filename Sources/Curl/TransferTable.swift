import CCurl

/// The transfers under way. Lives on the loop's thread only.
final class TransferTable {
  private let multi: UnsafeMutableRawPointer
  private let options: CurlClient.Options
  /// By the address of their easy handles, which is how libcurl names them.
  private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
  private let desk = SendDesk()
  private let sockets: OpenSockets
  private var freedLink = FreedLink()
  /// Whether background bodies wait for what the kernel has not sent yet.
  private var looksAgain = false

  /// - Parameter sockets: has to outlive the multi handle, whose connections are closed through it.
  init(multi: UnsafeMutableRawPointer, options: CurlClient.Options, sockets: OpenSockets) {
    self.multi = multi
    self.options = options
    self.sockets = sockets
  }

  func start(_ ticket: Ticket) {
    guard !ticket.token.isCancelled else {
      ticket.continuation.resume(returning: .failure(Self.cancelled))
      return
    }
    do {
      let transfer = try Transfer(ticket, options, desk, sockets)
      try transfer.attach(to: multi)
      transfers[transfer.easy] = transfer
      settlePauses()
    } catch {
      ticket.continuation.resume(returning: .failure(error))
    }
  }

  func cancel(_ token: CancelToken) {
    guard let transfer = transfers.values.first(where: { $0.ticket.token === token }) else { return }
    end(transfer, .failure(Self.cancelled))
  }

  func fail(with error: CurlError) {
    for transfer in Array(transfers.values) { end(transfer, .failure(error)) }
  }

  func setLimit(_ bytesPerSecond: Double?) {
    desk.setLimit(bytesPerSecond)
  }

  /// Gives up what goes over an address that this machine no longer has, and lets no open connection be used again.
  func networkChanged() {
    desk.networkChanged(now: .now)
    guard let addresses = LocalAddresses.now() else { return }
    for transfer in Array(transfers.values) {
      if let address = transfer.localAddress, !addresses.contains(address) {
        end(
          transfer,
          .failure(CurlError(.reset, text: "the network changed: this machine is no longer \(address)")))
      }
    }
  }

  /// The longest that the loop may wait, in milliseconds.
  var longestWait: Int32 { Int32(clamping: min(desk.nextTurn ?? 60_000, looksAgain ? Self.look : 60_000)) }

  /// Nothing tells when the kernel has sent the last of what it holds.
  private static let look = 10

  /// Moves every transfer as far as it goes without waiting, and ends those that are done.
  func perform() {
    desk.serve()
    var running: Int32 = 0
    curl_multi_perform(multi, &running)
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let transfer = transfers[message.pointee.easy_handle] else {
        continue
      }
      let code = message.pointee.data.result
      end(transfer, transfer.outcome(code))
    }
    settlePauses()
    for transfer in transfers.values { transfer.completePause() }
    settleSenders()
  }

  /// Has the bodies that are left when others end find out how much of the link is theirs now.
  private func settleSenders() {
    let senders = transfers.filter { _, transfer in
      transfer.ticket.request.priority == .background && !transfer.ticket.request.isToThisMachine
        && transfer.left > Self.worthIt
    }
    for easy in freedLink.take(Set(senders.keys), at: .now) { senders[easy]?.linkWasFreed() }
  }

  /// Bytes that take longer than finding out how fast the link is.
  private static let worthIt: Int64 = 256 << 10

  private func end(_ transfer: Transfer, _ result: Result<Response, CurlError>) {
    transfers[transfer.easy] = nil
    desk.forget(transfer)
    transfer.detach(from: multi)
    transfer.ticket.continuation.resume(returning: result)
  }

  /// Background bodies pause exactly while a foreground body for the same origin has not gone out. Whoever connects, asks a
  /// question or waits for an answer needs the link for nothing: it would be idle for a round trip.
  private func settlePauses() {
    let background = transfers.values.filter { $0.ticket.request.priority == .background }
    // Most of the time there is nobody to pause, and looking into the kernel's queues costs system calls.
    guard !background.isEmpty else {
      looksAgain = false
      return
    }
    let claims = transfers.values.map { (origin: $0.ticket.request.origin, claim: $0.claim) }
    let busy = Set(claims.filter { $0.claim != .none }.map(\.origin))
    for transfer in background { transfer.setPaused(busy.contains(transfer.ticket.request.origin)) }
    looksAgain = background.contains(where: \.isPaused) && claims.contains { $0.claim == .unsent }
  }

  private static let cancelled = CurlError(.cancelled, text: "cancelled")
}
