import Diagnostics
import Model
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

/// Pauses that take no time and are written down.
private final class Pauses: Sendable {
    private let lengths = Mutex<[Duration]>([])
    private let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    var all: [Duration] { lengths.withLock { $0 } }

    func policy() -> RetryPolicy {
        RetryPolicy(
            pause: { [self] length in
                lengths.withLock { lengths in
                    guard lengths.count < limit else { return false }
                    lengths.append(length)
                    return true
                }
            },
            random: { 0 }
        )
    }
}

/// Fails the first `count` calls with `error`, before or after they took effect.
private final class StumblingStore: ObjectStore {
    private let inner = MemoryStore()
    private let left: Mutex<Int>
    private let error: Diagnostic
    private let takesEffect: Bool

    init(_ count: Int, _ error: Diagnostic, takesEffect: Bool = false) {
        left = Mutex(count)
        self.error = error
        self.takesEffect = takesEffect
    }

    var displayName: String { inner.displayName }
    var capabilities: StoreCapabilities { inner.capabilities }
    var usefulConcurrency: Int { inner.usefulConcurrency }
    var objects: [ObjectKey: [UInt8]] { inner.objects }
    func plant(_ key: ObjectKey, _ bytes: [UInt8]) { inner.replace(key, with: bytes) }

    private func stumble<Value>(_ body: () throws -> Value) throws -> Value {
        let fails = left.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails, !takesEffect { throw error }
        let value = try body()
        if fails { throw error }
        return value
    }

    func prepare() throws { try stumble { inner.prepare() } }
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try stumble { inner.holdsOnly(keys) } }
    func info(_ key: ObjectKey) -> ObjectInfo? { inner.info(key) }
    func list(_ prefix: String) throws -> [ObjectInfo] { try stumble { inner.list(prefix) } }
    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { try stumble { inner.replace(key, with: bytes) } }
    func remove(_ key: ObjectKey) throws { try stumble { inner.remove(key) } }
    func create(_ key: ObjectKey) throws -> any ObjectWriter { Writer(inner: try inner.create(key), store: self) }
    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        Source(inner: try inner.read(key, range: range), store: self)
    }

    var lock: Duration? { inner.lock }
    func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }
    func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try stumble { try inner.extendLock(key, until: instant) }
    }
    func removeAbandoned(before instant: Instant) throws { try stumble { inner.removeAbandoned(before: instant) } }
    func releaseReserve() throws { try stumble { inner.releaseReserve() } }
    func keepReserve() throws { try stumble { inner.keepReserve() } }

    private final class Writer: ObjectWriter {
        let inner: any ObjectWriter
        let store: StumblingStore

        init(inner: any ObjectWriter, store: StumblingStore) {
            self.inner = inner
            self.store = store
        }

        func write(_ bytes: RawSpan) throws { try inner.write(bytes) }
        func finish() throws { try store.stumble { try inner.finish() } }
    }

    private final class Source: ByteSource {
        let inner: any ByteSource
        let store: StumblingStore

        init(inner: any ByteSource, store: StumblingStore) {
            self.inner = inner
            self.store = store
        }

        /// Ten bytes at a time, so that a reading is disturbed in its middle.
        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            try store.stumble {
                try inner.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(10)))
            }
        }
    }
}

@Suite("A store that tries again")
struct RetryingStoreTests {
    private let disturbed = Diagnostic(.repositoryUnreachable, "the line is bad", retry: .later)
    private let key = ObjectKey("a/b") ?? Layout.recoveryGuide

    @Test("keeps the contract of the store inside")
    func conformance() throws {
        try ObjectStoreConformance(store: RetryingStore(MemoryStore(), Pauses().policy())).run()
    }

    @Test("waits longer each time, up to its limit, and gives up after as many tries as it may")
    func pauses() throws {
        let pauses = Pauses()
        #expect(throws: disturbed) { try RetryingStore(StumblingStore(99, disturbed), pauses.policy()).prepare() }
        #expect(pauses.all == [250, 500, 1000, 2000].map { .milliseconds($0) })
        var policy = pauses.policy()
        policy.attempts = 9
        #expect(throws: disturbed) { try RetryingStore(StumblingStore(99, disturbed), policy).prepare() }
        #expect(pauses.all.last == .seconds(10))
    }

    @Test("what is refused for good is not tried again")
    func permanent() {
        for error in [
            Diagnostic(.repositoryFull, "full", retry: .later), Diagnostic(.repositoryAccess, "no"),
            Diagnostic(.repositoryStorage, "denied"), Diagnostic(.objectExists, "there"),
            Diagnostic(.objectMissing, "gone"), Diagnostic(.busy, "busy", retry: .later),
        ] {
            let pauses = Pauses()
            #expect(throws: error) { try RetryingStore(StumblingStore(1, error), pauses.policy()).remove(key) }
            #expect(pauses.all.isEmpty, "\(error)")
        }
    }

    @Test("a run that is to end is not kept waiting")
    func stop() {
        let pauses = Pauses(limit: 1)
        #expect(throws: disturbed) { _ = try RetryingStore(StumblingStore(99, disturbed), pauses.policy()).list("") }
        #expect(pauses.all.count == 1)
    }

    @Test("a creation whose answer was lost counts as done when the object holds its own bytes")
    func lostAnswer() throws {
        let store = StumblingStore(1, disturbed, takesEffect: true)
        try RetryingStore(store, Pauses().policy()).put(key, [1, 2, 3])
        #expect(store.objects[key] == [1, 2, 3])
        // Nothing was kept of a large one, and nothing has to be.
        let large = StumblingStore(1, disturbed, takesEffect: true)
        try RetryingStore(large, Pauses().policy()).put(key, [UInt8](repeating: 7, count: 3 << 20))
        #expect(large.objects[key]?.count == 3 << 20)
    }

    @Test("a creation whose answer was lost fails when somebody else's object has the name")
    func lostToAnother() throws {
        let store = StumblingStore(1, disturbed)
        let writer = try RetryingStore(store, Pauses().policy()).create(key)
        try writer.write(contentsOf: [1, 2, 3])
        store.plant(key, [3, 2, 1])
        #expect(code { try writer.finish() } == .objectExists)
        #expect(store.objects[key] == [3, 2, 1])
    }

    @Test("a small object is written again; a large one fails, and does not exist")
    func again() throws {
        let store = StumblingStore(2, disturbed)
        try RetryingStore(store, Pauses().policy()).put(key, [1, 2, 3])
        #expect(store.objects[key] == [1, 2, 3])
        let large = StumblingStore(1, disturbed)
        let bytes = [UInt8](repeating: 7, count: 3 << 20)
        #expect(code { try RetryingStore(large, Pauses().policy()).put(key, bytes) } == .repositoryUnreachable)
        #expect(large.objects.isEmpty)
    }

    @Test("reading goes on where it was, with and without a range")
    func reading() throws {
        let bytes = (0..<100).map { UInt8($0) }
        for (range, expected) in [(nil, bytes), (20..<90, Array(bytes[20..<90]))] as [(Range<Int64>?, [UInt8])] {
            let store = StumblingStore(3, disturbed, takesEffect: true)
            store.plant(key, bytes)
            let source = try RetryingStore(store, Pauses().policy()).read(key, range: range)
            #expect(try source.readAll(limit: 1000) == expected)
        }
    }
}

@Suite("A store that takes its time")
struct ThrottledStoreTests {
    /// A clock that only pauses move.
    private final class Clock: Sendable {
        let time = Mutex(Duration.zero)
        var seconds: Double { time.withLock { $0 } / .seconds(1) }

        func pacer(_ rate: Int64) throws -> Pacer {
            Pacer(
                try #require(ByteRate(bytesPerSecond: rate)),
                now: { [self] in time.withLock { $0 } },
                pause: { [self] length in time.withLock { $0 = $0 + length } }
            )
        }
    }

    @Test("a lock is seen and extended behind decorators that write, and only seen behind the one that does not")
    func locks() throws {
        let key = try objectKey("a/b")
        let store = LockedStore()
        let clock = Clock()
        let throttled = ThrottledStore(store, reads: try clock.pacer(1000), writes: try clock.pacer(1000))
        for decorated in [RetryingStore(store, Pauses().policy()), throttled] as [any ObjectStore] {
            #expect(decorated.lock == store.lock)
            try decorated.extendLock(key, until: .now)
        }
        #expect(store.extended.withLock { $0.map(\.key) } == [key, key])
        #expect(ReadOnlyStore(store).lock == store.lock)
        #expect(code { try ReadOnlyStore(store).extendLock(key, until: .now) } == .internalError)
        #expect(store.extended.withLock { $0.count } == 2)
    }

    @Test("keeps the contract of the store inside")
    func conformance() throws {
        let clock = Clock()
        let store = ThrottledStore(MemoryStore(), reads: try clock.pacer(1 << 20), writes: try clock.pacer(1 << 20))
        try ObjectStoreConformance(store: store).run()
    }

    @Test("bytes take the time that they may, each way by itself")
    func rates() throws {
        let (reading, writing) = (Clock(), Clock())
        let store = ThrottledStore(MemoryStore(), reads: try reading.pacer(1000), writes: try writing.pacer(2000))
        let key = try objectKey("a/b")
        try store.put(key, [UInt8](repeating: 0, count: 10_000))
        #expect(writing.seconds == 5 && reading.seconds == 0)
        _ = try store.get(key, limit: 10_000)
        #expect(writing.seconds == 5 && reading.seconds == 10)
        try store.replace(key, with: [UInt8](repeating: 0, count: 2000))
        #expect(writing.seconds == 6)
    }

    @Test("time that nobody used is not saved up")
    func noBurst() throws {
        let clock = Clock()
        let pacer = try clock.pacer(1000)
        clock.time.withLock { $0 = $0 + .seconds(100) }
        pacer.take(1000)
        #expect(clock.seconds == 101)
    }
}

@Suite("A store that cannot be written")
struct ReadOnlyStoreTests {
    @Test("reads as the store inside, and lets nothing through that would change it")
    func readOnly() throws {
        let inner = MemoryStore()
        let key = try objectKey("a/b")
        try inner.put(key, [1, 2])
        let store = ReadOnlyStore(inner)
        #expect(try store.get(key, limit: 2) == [1, 2])
        #expect(try store.list("") == inner.list("") && store.info(key) == inner.info(key))
        #expect(try store.holdsOnly([key]))
        for change in [
            { try store.prepare() }, { _ = try store.create(try objectKey("a/c")) },
            { try store.replace(key, with: []) },
            { try store.remove(key) }, { try store.removeAbandoned(before: Instant(secondsSinceEpoch: 9)) },
            { try store.releaseReserve() },
            { try store.keepReserve() },
        ] as [() throws -> Void] {
            #expect(code { try change() } == .internalError)
        }
        #expect(inner.objects == [key: [1, 2]])
    }
}
