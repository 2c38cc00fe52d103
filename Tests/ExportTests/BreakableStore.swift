import Diagnostics
import Model
import Repository
import Streams
import Synchronization

/// A store whose n-th operation and every later one fails, as when its network or its disk went away; it can be mended.
final class BreakableStore: ObjectStore {
    private struct State {
        var operations = 0
        var failsFrom = Int.max
        var onPoint: (@Sendable () -> Void)?
    }

    private let inner: any ObjectStore
    private let state = Mutex(State())

    init(_ inner: any ObjectStore) { self.inner = inner }

    var operations: Int { state.withLock { $0.operations } }

    /// Counts anew and breaks at the `n`-th operation from here.
    func breakAt(_ n: Int) {
        state.withLock { ($0.operations, $0.failsFrom) = (0, n) }
    }

    func mend() { breakAt(.max) }

    /// Calls `action` when a point begins to be written.
    func whenPointIsWritten(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.onPoint = action } }

    var displayName: String { inner.displayName }
    var capabilities: StoreCapabilities { inner.capabilities }
    var usefulConcurrency: Int { inner.usefulConcurrency }

    private func perform<Value>(_ body: () throws -> Value) throws -> Value {
        let fails = state.withLock { state in
            state.operations += 1
            return state.operations >= state.failsFrom
        }
        if fails { throw Diagnostic(.repositoryStorage, "the plug was pulled", retry: .later) }
        return try body()
    }

    func prepare() throws { try perform { try inner.prepare() } }
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try perform { try inner.holdsOnly(keys) } }
    func info(_ key: ObjectKey) throws -> ObjectInfo? { try perform { try inner.info(key) } }
    func list(_ prefix: String) throws -> [ObjectInfo] { try perform { try inner.list(prefix) } }
    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { try perform { try inner.replace(key, with: bytes) } }
    func remove(_ key: ObjectKey) throws { try perform { try inner.remove(key) } }

    var lock: Duration? { inner.lock }
    func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }
    func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try perform { try inner.extendLock(key, until: instant) }
    }
    func removeAbandoned(before instant: Instant) throws { try perform { try inner.removeAbandoned(before: instant) } }
    func releaseReserve() throws { try perform { try inner.releaseReserve() } }
    func keepReserve() throws { try perform { try inner.keepReserve() } }

    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try perform { try inner.read(key, range: range) }
    }

    func create(_ key: ObjectKey) throws -> any ObjectWriter {
        if key.text.hasPrefix("points/") { state.withLock { $0.onPoint }?() }
        return BreakableWriter(try perform { try inner.create(key) }, self)
    }

    private final class BreakableWriter: ObjectWriter {
        private let inner: any ObjectWriter
        private let store: BreakableStore

        init(_ inner: any ObjectWriter, _ store: BreakableStore) { (self.inner, self.store) = (inner, store) }

        func write(_ bytes: RawSpan) throws {
            try store.perform {}
            try inner.write(bytes)
        }

        func finish() throws { try store.perform { try inner.finish() } }
    }
}
