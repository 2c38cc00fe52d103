package import Model
package import Streams
import Synchronization

/// Shares out a number of bytes a second among everybody who asks, in the order in which they ask.
///
/// A pause is never longer than what the bytes of one call take; unused time is not saved up for a burst.
package final class Pacer: Sendable {
    private let rate: ByteRate
    /// Time that only goes forward, from any beginning.
    private let now: @Sendable () -> Duration
    private let pause: @Sendable (Duration) -> Void
    /// When all bytes that were let through will have had their time.
    private let freeAt = Mutex<Duration?>(nil)

    /// Creates a pacer; clock and pause are arguments so that a test needs no time.
    package init(
        _ rate: ByteRate,
        now: @escaping @Sendable () -> Duration,
        pause: @escaping @Sendable (Duration) -> Void
    ) {
        self.rate = rate
        self.now = now
        self.pause = pause
    }

    /// Blocks until `count` bytes may move.
    package func take(_ count: Int) {
        guard count > 0 else { return }
        let moment = now()
        let length = Duration.microseconds(
            Int64((Double(count) / Double(rate.bytesPerSecond) * 1_000_000).rounded(.up))
        )
        let end = freeAt.withLock { freeAt in
            let end = max(freeAt ?? moment, moment) + length
            freeAt = end
            return end
        }
        pause(end - moment)
    }
}

/// A store whose reads and writes together move no faster than a pacer allows each way.
package final class ThrottledStore: ObjectStore {
    private let inner: any ObjectStore
    private let reads: Pacer
    private let writes: Pacer

    /// Slows down `inner`; small requests that carry no object are not counted.
    package init(_ inner: any ObjectStore, reads: Pacer, writes: Pacer) {
        self.inner = inner
        self.reads = reads
        self.writes = writes
    }

    package var displayName: String { inner.displayName }
    package var capabilities: StoreCapabilities { inner.capabilities }
    package var usefulConcurrency: Int { inner.usefulConcurrency }
    package var lock: Duration? { inner.lock }
    package func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }

    package func prepare() throws { try inner.prepare() }
    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try inner.holdsOnly(keys) }
    package func info(_ key: ObjectKey) throws -> ObjectInfo? { try inner.info(key) }
    package func list(_ prefix: String) throws -> [ObjectInfo] { try inner.list(prefix) }
    package func remove(_ key: ObjectKey) throws { try inner.remove(key) }
    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try inner.extendLock(key, until: instant)
    }
    package func removeAbandoned(before instant: Instant) throws { try inner.removeAbandoned(before: instant) }
    package func releaseReserve() throws { try inner.releaseReserve() }
    package func keepReserve() throws { try inner.keepReserve() }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        writes.take(bytes.count)
        try inner.replace(key, with: bytes)
    }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        ThrottledWriter(inner: try inner.create(key), pacer: writes)
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        ThrottledSource(inner: try inner.read(key, range: range), pacer: reads)
    }
}

private final class ThrottledWriter: ObjectWriter {
    private let inner: any ObjectWriter
    private let pacer: Pacer

    init(inner: any ObjectWriter, pacer: Pacer) {
        self.inner = inner
        self.pacer = pacer
    }

    func write(_ bytes: RawSpan) throws {
        pacer.take(bytes.byteCount)
        try inner.write(bytes)
    }

    func finish() throws { try inner.finish() }
}

private final class ThrottledSource: ByteSource {
    private let inner: any ByteSource
    private let pacer: Pacer

    init(inner: any ByteSource, pacer: Pacer) {
        self.inner = inner
        self.pacer = pacer
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try inner.read(into: buffer)
        pacer.take(count)
        return count
    }
}
