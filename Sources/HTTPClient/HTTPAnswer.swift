import CCurl
import Streams

/// An answer whose body is pulled.
///
/// Belongs to one thread. Between two reads nothing is taken from the network, so a slow reader slows the server.
package final class HTTPAnswer: ByteSource {
    /// What libcurl delivers at once, at most.
    static let pieceSize = 256 << 10
    private static let pollMilliseconds: Int32 = 200

    package private(set) var head = HTTPHead()
    /// How often the server sent nothing for as long as a wait lasts; of a fast one, hardly ever.
    package private(set) var vainWaits = 0
    private let client: HTTPClient
    private let outgoing: any ByteSource
    private let stop: Stop?
    private var handle: CurlHandle?
    private var hasStarted = false
    private var isComplete = false
    private var isPaused = false
    private var hasBody = false
    private let piece = IOBuffer(capacity: HTTPAnswer.pieceSize)
    private var pending = 0..<0

    init(_ handle: CurlHandle, of client: HTTPClient, body: HTTPBody, stop: Stop?) {
        self.handle = handle
        self.client = client
        self.stop = stop
        outgoing = body.source
    }

    deinit { release() }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !buffer.isEmpty else { return 0 }
        if pending.isEmpty { try advance { !pending.isEmpty } }
        let count = min(buffer.count, pending.count)
        guard count > 0 else { return 0 }
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece.storage[pending.prefix(count)]))
        pending = pending.dropFirst(count)
        return count
    }

    /// Returns when the head is complete: with the body's first byte, or at its end.
    func awaitHead() throws { try advance { hasBody } }

    /// Drives the transfer until `isEnough` or the end; throws when no byte moves for too long.
    private func advance(until isEnough: () -> Bool) throws {
        guard let handle, !isComplete else { return }
        do {
            try translatingCurl {
                try startOrResume(handle)
                let before = handle.vainWaits
                defer { vainWaits += handle.vainWaits - before }
                var clock = StallClock(seconds: client.settings.stallSeconds)
                while !isEnough() {
                    if stop?.isRequested == true { throw Stopped() }
                    if try handle.step(waiting: Self.pollMilliseconds, unless: isEnough) {
                        isComplete = true
                        break
                    }
                    try clock.check(handle.movedBytes)
                }
            }
        } catch {
            // Not used again: after a failed lookup libcurl refuses to have a handle set up anew.
            self.handle = nil
            isComplete = true
            throw error
        }
        if isComplete { release() }
    }

    private func startOrResume(_ handle: CurlHandle) throws {
        if !hasStarted {
            hasStarted = true
            try handle.begin(for: Peer(self))
        } else if isPaused {
            isPaused = false
            try handle.resume()
        }
    }
    private func release() {
        guard let handle else { return }
        self.handle = nil
        isComplete = true
        client.recycle(handle)
    }

    fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        hasBody = true
        if pending.isEmpty { pending = 0..<0 }
        guard pending.upperBound + bytes.count <= piece.storage.count else {
            isPaused = true
            return false
        }
        UnsafeMutableRawBufferPointer(rebasing: piece.storage[pending.upperBound...]).copyMemory(from: bytes)
        pending = pending.lowerBound..<pending.upperBound + bytes.count
        return true
    }

    /// What the handle holds on to; it must not keep the answer itself alive, whose end ends the transfer.
    private final class Peer: CurlPeer {
        private unowned let answer: HTTPAnswer
        init(_ answer: HTTPAnswer) { self.answer = answer }

        func receive(header: UnsafeRawBufferPointer) {
            answer.head.take(line: String(decoding: header, as: UTF8.self))
        }

        func receive(body: UnsafeRawBufferPointer) -> Bool { answer.take(body) }

        func provide(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            try answer.outgoing.read(into: buffer)
        }
    }
}

/// Notices when nothing moves; counts only the time in which the transfer was driven.
private struct StallClock {
    private let limit: Duration
    private var moved: Int64 = -1
    private var since = ContinuousClock.now

    init(seconds: Int) { limit = .seconds(seconds) }

    mutating func check(_ bytes: Int64) throws {
        if bytes != moved {
            moved = bytes
            since = .now
        } else if .now - since > limit {
            throw HTTPFailure(.stalled, "no byte moved for \(limit.components.seconds) seconds")
        }
    }
}
