import CCurl
import Streams

/// What a transfer takes from its owner and gives to it; called by libcurl on the thread that drives the handle.
protocol CurlPeer: AnyObject {
    /// One line of the response's head.
    func receive(header: UnsafeRawBufferPointer)
    /// A piece of the body; false asks for the same piece again after `CurlHandle.resume()`.
    func receive(body: UnsafeRawBufferPointer) -> Bool
    /// The next bytes to send, 0 at their end; an error ends the transfer and is what `step` throws.
    func provide(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// One libcurl easy handle with the connection that it keeps open between transfers; freed when it goes out of scope.
///
/// Knows nothing of any protocol. Driven by whoever holds it, from one thread at a time: `begin(for:)`, then `step(…)`
/// until it returns true, then `end()`. Nothing moves between two steps, so a slow reader slows the server.
///
/// `@unchecked Sendable`: it wanders between threads through a pool, and is with one of them at a time.
final class CurlHandle: @unchecked Sendable {
    private let easy: UnsafeMutableRawPointer
    /// A multi handle of its own: it keeps the connection, and lets a transfer be driven piece by piece.
    private let multi: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private var peer: (any CurlPeer)?
    private var peerFailure: (any Error)?
    private var isRunning = false
    /// How often nothing came for as long as a wait may last.
    private(set) var vainWaits = 0

    init() throws {
        guard CurlLibrary.isReady, let easy = curl_easy_init() else { throw CurlFailure(CURLE_FAILED_INIT) }
        guard let multi = curl_multi_init() else {
            curl_easy_cleanup(easy)
            throw CurlFailure(CURLE_FAILED_INIT)
        }
        self.easy = easy
        self.multi = multi
    }

    deinit {
        end()
        curl_easy_cleanup(easy)
        curl_multi_cleanup(multi)
        errorText.deallocate()
    }

    // MARK: Options

    func set(_ option: CURLoption, _ value: Int) throws { try check(ccurl_set_long(easy, option, value)) }

    func set(_ option: CURLoption, offset: Int64) throws {
        try check(ccurl_set_offset(easy, option, curl_off_t(offset)))
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ text: String) throws { try check(ccurl_set_string(easy, option, text)) }

    /// The handle keeps the list until the transfer has ended.
    func set(_ option: CURLoption, _ lines: [String]) throws {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = curl_slist_append(list, line) else { throw CurlFailure(CURLE_OUT_OF_MEMORY) }
            list = longer
        }
        guard let list else { return }
        lists.append(list)
        try check(ccurl_set_list(easy, option, list))
    }

    /// `names` are separated by commas; `mask` says the same to libcurl before 7.85.
    func allowProtocols(_ names: String, mask: Int) throws { try check(ccurl_allow_protocols(easy, names, mask)) }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(easy, info, &value) == CURLE_OK ? value : 0
    }

    /// Body bytes sent and received so far.
    var movedBytes: Int64 {
        var sent: curl_off_t = 0
        var received: curl_off_t = 0
        ccurl_get_offset(easy, CURLINFO_SIZE_UPLOAD_T, &sent)
        ccurl_get_offset(easy, CURLINFO_SIZE_DOWNLOAD_T, &received)
        return Int64(sent) + Int64(received)
    }

    // MARK: A transfer

    /// Forgets every option of the transfer before; the connection stays.
    func reset() throws {
        end()
        curl_easy_reset(easy)
        errorText[0] = 0
        try check(ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText))
        try set(CURLOPT_NOSIGNAL, 1)
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(ccurl_set_transfer(easy, CURLOPT_WRITEFUNCTION, takeBody))
        try check(ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(ccurl_set_transfer(easy, CURLOPT_HEADERFUNCTION, takeHeader))
        try check(ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(ccurl_set_transfer(easy, CURLOPT_READFUNCTION, giveBody))
        try check(ccurl_set_pointer(easy, CURLOPT_READDATA, context))
    }

    /// Starts what the options describe; `peer` is kept until the transfer ends.
    func begin(for peer: any CurlPeer) throws {
        self.peer = peer
        peerFailure = nil
        guard curl_multi_add_handle(multi, easy) == CURLM_OK else { throw CurlFailure(CURLE_FAILED_INIT) }
        isRunning = true
    }

    /// Moves what can be moved, and waits up to `milliseconds` for more unless there is enough then; true when the transfer
    /// is complete.
    ///
    /// Asked after the moving: of a transfer that is paused the socket is not watched, and the wait would last to its end.
    func step(waiting milliseconds: Int32, unless isEnough: () -> Bool) throws -> Bool {
        guard isRunning else { return true }
        var running: Int32 = 0
        guard curl_multi_perform(multi, &running) == CURLM_OK else { throw CurlFailure(CURLE_FAILED_INIT) }
        if let peerFailure { throw peerFailure }
        var result = CURLE_OK
        if ccurl_finished(multi, &result) != 0 {
            guard result == CURLE_OK else { throw failure(result) }
            return true
        }
        if !isEnough() {
            var active: Int32 = 0
            curl_multi_poll(multi, nil, 0, milliseconds, &active)
            if active == 0 { vainWaits += 1 }
        }
        return false
    }

    /// Goes on with a body whose last piece was not taken; that piece comes again, perhaps before this returns.
    func resume() throws { try check(curl_easy_pause(easy, CURLPAUSE_CONT)) }

    /// Ends the transfer, complete or not; a connection with an unfinished transfer is closed.
    func end() {
        if isRunning {
            curl_multi_remove_handle(multi, easy)
            isRunning = false
        }
        peer = nil
        for list in lists { curl_slist_free_all(list) }
        lists = []
    }

    private func failure(_ code: CURLcode) -> CurlFailure {
        let own = String(cString: errorText)
        return own.isEmpty ? CurlFailure(code) : CurlFailure(code, own)
    }

    private func check(_ code: CURLcode) throws {
        guard code == CURLE_OK else { throw CurlFailure(code) }
    }

    // MARK: What libcurl calls

    fileprivate func take(header: UnsafeRawBufferPointer) { peer?.receive(header: header) }

    fileprivate func take(body: UnsafeRawBufferPointer) -> Bool { peer?.receive(body: body) ?? true }

    fileprivate func give(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        do {
            return try peer?.provide(into: buffer) ?? 0
        } catch {
            peerFailure = error
            return nil
        }
    }
}

private func handle(_ context: UnsafeMutableRawPointer) -> CurlHandle {
    Unmanaged<CurlHandle>.fromOpaque(context).takeUnretainedValue()
}

@c private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let taken = handle(context).take(body: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return taken ? size * count : ccurl_write_pause
}

@c private func takeHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    handle(context).take(header: UnsafeRawBufferPointer(start: bytes, count: size * count))
    return size * count
}

@c private func giveBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let context else { return 0 }
    let room = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return handle(context).give(into: room) ?? ccurl_read_abort
}
