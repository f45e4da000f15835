import CCurl
import Foundation

/// One easy handle with its request and what has come back. Lives on the loop's thread only.
final class Transfer {
  let ticket: Ticket
  let easy: UnsafeMutableRawPointer
  private var headerList: UnsafeMutablePointer<curl_slist>?
  private let errorBuffer: UnsafeMutablePointer<CChar>
  private let tuning: SocketTuning
  private let desk: SendDesk
  private let sockets: OpenSockets

  private var position: Int64 = 0
  private var headers = HeaderFields()
  private var body: [UInt8] = []
  private var bodyIsTruncated = false
  private var bodyFailure: String?
  private var reported: Int64 = 0
  private var measured = (at: ContinuousClock.now, bytes: Int64(0))
  private(set) var isPaused = false
  private var pausedSince: ContinuousClock.Instant?
  private var pausedFor = Duration.zero
  /// The read callback has stopped libcurl from sending; the other direction is still to be stopped.
  private var pauseIsHalf = false

  /// Makes the handle and sets everything that the request asks for.
  init(
    _ ticket: Ticket, _ options: CurlClient.Options, _ desk: SendDesk, _ sockets: OpenSockets
  ) throws(CurlError) {
    guard let easy = curl_easy_init() else { throw CurlError(CURLE_OUT_OF_MEMORY, detail: "") }
    self.ticket = ticket
    self.easy = easy
    errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    tuning = SocketTuning(
      congestionControl: options.congestionControl, unacknowledged: ticket.request.timeouts.stall)
    self.desk = desk
    self.sockets = sockets
    try configure(options)
    try configureConnection(options)
    try configureBody()
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headerList)
    errorBuffer.deallocate()
  }

  private func configure(_ options: CurlClient.Options) throws(CurlError) {
    let request = ticket.request
    try set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
    try set(CURLOPT_URL, request.url.absoluteString)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_NOSIGNAL, 1)
    // A name that is still being resolved must not hold up the loop when its transfer is cancelled.
    try set(CURLOPT_QUICK_EXIT, 1)
    try set(CURLOPT_USERAGENT, options.userAgent)
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    // A large body gets a connection of its own: streams of one HTTP/2 connection share one congestion window, and stop
    // together when a packet is lost. Small requests share one, where the server has HTTP/2.
    let version = request.priority == .background ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS
    try set(CURLOPT_HTTP_VERSION, Int(version))
    if let file = options.certificateFile { try set(CURLOPT_CAINFO, file) }
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    for line in ["Expect:"] + request.headers.map(Self.line) {
      guard let list = curl_slist_append(headerList, line) else {
        throw CurlError(CURLE_OUT_OF_MEMORY, detail: "")
      }
      headerList = list
    }
    try set(CURLOPT_HTTPHEADER, pointer: headerList)
  }

  private func configureConnection(_ options: CurlClient.Options) throws(CurlError) {
    let request = ticket.request
    // A proxy knows nothing of this machine's own servers.
    if request.isToThisMachine { try set(CURLOPT_PROXY, "") }
    try set(CURLOPT_TCP_NODELAY, 1)
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try set(CURLOPT_TCP_KEEPIDLE, 15)
    try set(CURLOPT_TCP_KEEPINTVL, 5)
    // Home routers forget an idle connection after a minute or two, and say nothing.
    try set(CURLOPT_MAXAGE_CONN, 50)
    if let age = desk.networkAge(now: .now) {
      // What was opened before the network changed is not used again, and names are asked for anew at first.
      try set(CURLOPT_MAXLIFETIME_CONN, max(1, age.milliseconds / 1000))
      if age < .seconds(60) { try set(CURLOPT_DNS_CACHE_TIMEOUT, 0) }
    }
    if request.needsFreshConnection { try set(CURLOPT_FRESH_CONNECT, 1) }
    try set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.timeouts.connect.milliseconds))
    try set(CURLOPT_LOW_SPEED_LIMIT, 1)
    try set(CURLOPT_LOW_SPEED_TIME, max(1, request.timeouts.stall.milliseconds / 1000))
    if let total = request.timeouts.total { try set(CURLOPT_TIMEOUT_MS, max(1, total.milliseconds)) }
  }

  /// An empty value is written with a semicolon: libcurl takes `Name:` for "do not send it".
  private static func line(_ field: HeaderFields.Field) -> String {
    let clean = { (text: String) in text.filter { !$0.isNewline && $0 != "\0" } }
    let value = clean(field.value)
    return value.isEmpty ? "\(clean(field.name));" : "\(clean(field.name)): \(value)"
  }

  private func configureBody() throws(CurlError) {
    let request = ticket.request
    switch request.method {
    case .head:
      try set(CURLOPT_NOBODY, 1)
    case .get:
      try set(CURLOPT_HTTPGET, 1)
    case .options, .delete:
      try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    case .post, .put, .patch:
      try set(CURLOPT_UPLOAD, 1)
      try set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
      try check(pixcheese_curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, curl_off_t(request.body.length)))
      // The most of a body that is in memory for one transfer.
      try set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
    }
  }

  /// Gives the handle to libcurl. From here to `detach` its callbacks hold this transfer: the one place where it
  /// is retained for them.
  func attach(to multi: UnsafeMutableRawPointer) throws(CurlError) {
    let context = Unmanaged.passRetained(self).toOpaque()
    do throws(CurlError) {
      try set(CURLOPT_READDATA, pointer: context)
      try set(CURLOPT_SEEKDATA, pointer: context)
      try set(CURLOPT_WRITEDATA, pointer: context)
      try set(CURLOPT_HEADERDATA, pointer: context)
      try set(CURLOPT_XFERINFODATA, pointer: context)
      try set(CURLOPT_SOCKOPTDATA, pointer: context)
      // A connection outlives the transfer that opened it.
      let sockets = Unmanaged.passUnretained(sockets).toOpaque()
      try set(CURLOPT_OPENSOCKETDATA, pointer: sockets)
      try set(CURLOPT_CLOSESOCKETDATA, pointer: sockets)
      try set(CURLOPT_NOPROGRESS, 0)
      try check(pixcheese_curl_set_data_callback(easy, CURLOPT_READFUNCTION, readBody))
      try check(pixcheese_curl_set_seek_callback(easy, seekBody))
      try check(pixcheese_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, takeBody))
      try check(pixcheese_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, takeHeader))
      try check(pixcheese_curl_set_progress_callback(easy, takeProgress))
      try check(pixcheese_curl_set_open_socket_callback(easy, openSocket))
      try check(pixcheese_curl_set_close_socket_callback(easy, closeSocket))
      try check(pixcheese_curl_set_socket_callback(easy, tuneSocket))
      guard curl_multi_add_handle(multi, easy) == CURLM_OK else {
        throw CurlError(CURLE_OUT_OF_MEMORY, detail: "")
      }
    } catch {
      Unmanaged<Transfer>.fromOpaque(context).release()
      throw error
    }
  }

  /// Takes the handle back and releases what `attach` retained.
  func detach(from multi: UnsafeMutableRawPointer) {
    curl_multi_remove_handle(multi, easy)
    Unmanaged.passUnretained(self).release()
  }

  /// What a finished transfer comes to.
  func outcome(_ code: CURLcode) -> Result<Response, CurlError> {
    if let bodyFailure {
      return .failure(CurlError(.unreadableBody, curlCode: Int(code.rawValue), text: bodyFailure))
    }
    // Cutting a long body off is reported by libcurl as a write error, and is none.
    guard code == CURLE_OK || (code == CURLE_WRITE_ERROR && bodyIsTruncated) else {
      var verdict = 0
      pixcheese_curl_get_long(easy, CURLINFO_SSL_VERIFYRESULT, &verdict)
      return .failure(CurlError(code, detail: String(cString: errorBuffer), verifyResult: verdict))
    }
    var status = 0
    var connections = 0
    var sent: curl_off_t = 0
    var microseconds: curl_off_t = 0
    pixcheese_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
    pixcheese_curl_get_long(easy, CURLINFO_NUM_CONNECTS, &connections)
    pixcheese_curl_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent)
    pixcheese_curl_get_offset(easy, CURLINFO_TOTAL_TIME_T, &microseconds)
    return .success(
      Response(
        status: status, headers: headers, body: body, bodyIsTruncated: bodyIsTruncated,
        bytesSent: Int64(sent),
        duration: max(.zero, .microseconds(Int64(microseconds)) - pausedFor), madeConnection: connections > 0)
    )
  }
}

extension Transfer {
  /// The address of this machine that the transfer's connection uses; `nil` while there is none.
  var localAddress: String? {
    var text: UnsafePointer<CChar>?
    pixcheese_curl_get_string(easy, CURLINFO_LOCAL_IP, &text)
    return text.map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}

// MARK: Pausing

extension Transfer {
  /// How far a body is that others have to wait for.
  enum Claim {
    case none
    /// libcurl has some of it.
    case handing
    /// The kernel has the rest, and has not sent it.
    case unsent
  }

  var claim: Claim {
    guard ticket.request.priority == .foreground, position > 0 else { return .none }
    if reported < ticket.request.body.length { return .handing }
    return socket.map(SocketTuning.hasUnsentBytes) == true ? .unsent : .none
  }

  /// Stops or goes on sending the body. Both directions pause together: libcurl then leaves the stall timer alone.
  func setPaused(_ paused: Bool) {
    guard paused != isPaused else { return }
    isPaused = paused
    if paused { desk.forget(self) }
    if let pausedSince { pausedFor += pausedSince.duration(to: .now) }
    pausedSince = paused ? .now : nil
    pauseIsHalf = false
    curl_easy_pause(easy, paused ? CURLPAUSE_ALL : CURLPAUSE_CONT)
  }

  /// Goes on after the budget had nothing left for it.
  func goOn() {
    curl_easy_pause(easy, CURLPAUSE_CONT)
  }

  /// Completes a pause that began before the body did, when `curl_easy_pause` had nothing to stop yet.
  func completePause() {
    guard isPaused, pauseIsHalf else { return }
    pauseIsHalf = false
    curl_easy_pause(easy, CURLPAUSE_ALL)
  }
}

// MARK: What the callbacks do

extension Transfer {
  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    if isPaused {
      pauseIsHalf = true
      return Int(CURL_READFUNC_PAUSE)
    }
    let wanted = Int(min(Int64(buffer.count), ticket.request.body.length - position))
    guard wanted > 0 else { return 0 }
    let count = ticket.request.isToThisMachine ? wanted : desk.take(wanted, for: self)
    guard count > 0 else { return Int(CURL_READFUNC_PAUSE) }
    switch ticket.request.body {
    case .none:
      return 0
    case .bytes(let bytes):
      bytes[Int(position)..<Int(position) + count].withUnsafeBytes { buffer.copyMemory(from: $0) }
    case .file(let file, let offset, _):
      let read = file.read(
        into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset + position)
      guard read == count else {
        bodyFailure = read == nil ? "\(file.path) cannot be read" : "\(file.path) is shorter than it was"
        return Int(CURL_READFUNC_ABORT)
      }
    }
    position += Int64(count)
    return count
  }

  /// Takes that libcurl sends the body again by itself, on another connection, since one that was kept open is dead.
  ///
  /// Of a large one a good part may have arrived, or all but its answer: whoever sends it asks the server first.
  fileprivate func seek(to offset: Int64) -> Bool {
    guard (0...ticket.request.body.length).contains(offset), position - offset <= Self.mostSentAgain else {
      return false
    }
    position = offset
    return true
  }

  /// Bytes that may go twice without a question: a preview's.
  private static let mostSentAgain: Int64 = 512 << 10

  fileprivate func take(body bytes: UnsafeRawBufferPointer) -> Int {
    let room = ticket.request.maximumResponseBytes - body.count
    body.append(contentsOf: bytes.prefix(room))
    guard bytes.count <= room else {
      bodyIsTruncated = true
      return 0
    }
    return bytes.count
  }

  fileprivate func take(header bytes: UnsafeRawBufferPointer) -> Int {
    headers.take(line: String(decoding: bytes, as: UTF8.self))
    return bytes.count
  }

  fileprivate func take(sent: Int64) {
    // After a rewind (a connection that was already dead when it was used again) libcurl counts from nothing.
    if sent > reported { ticket.request.onProgress?(sent - reported) }
    reported = sent
    adaptQueue()
  }

  /// Bytes of the body that libcurl has not taken yet.
  var left: Int64 { ticket.request.body.length - position }

  /// Others have ended, and nothing follows them.
  func linkWasFreed() {
    if let socket { tuning.probeAnew(socket) }
  }

  private var socket: curl_socket_t? {
    var port = 0
    pixcheese_curl_get_long(easy, CURLINFO_LOCAL_PORT, &port)
    return port > 0 ? sockets.socket(from: port) : nil
  }

  /// A few times a second, the kernel's queue is made as long as the connection is fast.
  private func adaptQueue() {
    let now = ContinuousClock.now
    let seconds = measured.at.duration(to: now) / .seconds(1)
    guard seconds > 0.2 else { return }
    let bytes = reported - measured.bytes
    measured = (now, reported)
    guard bytes > 0, let socket else { return }
    tuning.adapt(socket, toBytesPerSecond: Double(bytes) / seconds)
  }

  fileprivate func tune(socket: Int32) {
    tuning.apply(to: socket)
  }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
  context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func readBody(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context)?.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
    ?? Int(CURL_READFUNC_ABORT)
}

private func seekBody(_ context: UnsafeMutableRawPointer?, _ offset: curl_off_t, _ origin: Int32) -> Int32 {
  guard origin == SEEK_SET, transfer(context)?.seek(to: Int64(offset)) == true else {
    return CURL_SEEKFUNC_FAIL
  }
  return CURL_SEEKFUNC_OK
}

private func takeBody(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context)?.take(body: UnsafeRawBufferPointer(start: buffer, count: size * count)) ?? 0
}

private func takeHeader(
  _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
  transfer(context)?.take(header: UnsafeRawBufferPointer(start: buffer, count: size * count)) ?? 0
}

private func takeProgress(
  _ context: UnsafeMutableRawPointer?, _ downloadTotal: curl_off_t, _ downloaded: curl_off_t,
  _ uploadTotal: curl_off_t, _ uploaded: curl_off_t
) -> Int32 {
  transfer(context)?.take(sent: Int64(uploaded))
  return 0
}

private func openSocket(
  _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype,
  _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
  guard let address = address?.pointee, let context else { return CURL_SOCKET_BAD }
  return Unmanaged<OpenSockets>.fromOpaque(context).takeUnretainedValue().open(address)
}

private func closeSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t) -> Int32 {
  context.map { Unmanaged<OpenSockets>.fromOpaque($0).takeUnretainedValue().close(socket) } ?? -1
}

private func tuneSocket(_ context: UnsafeMutableRawPointer?, _ socket: curl_socket_t, _ use: curlsocktype)
  -> Int32
{
  transfer(context)?.tune(socket: socket)
  return Int32(CURL_SOCKOPT_OK)
}

// MARK: Options

extension Transfer {
  private func set(_ option: CURLoption, _ value: Int) throws(CurlError) {
    try check(pixcheese_curl_set_long(easy, option, value))
  }

  private func set(_ option: CURLoption, _ value: String) throws(CurlError) {
    try check(pixcheese_curl_set_string(easy, option, value))
  }

  private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(CurlError) {
    try check(pixcheese_curl_set_pointer(easy, option, pointer))
  }

  private func check(_ result: CURLcode) throws(CurlError) {
    guard result == CURLE_OK else { throw CurlError(result, detail: String(cString: errorBuffer)) }
  }
}

extension Duration {
  /// Whole milliseconds, rounded down.
  var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
