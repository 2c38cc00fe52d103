import Diagnostics
package import Model
package import Repository
package import Streams
import Synchronization

/// A store whose n-th operation fails, in one of four ways; with `isCrash` everything after it fails too.
///
/// An operation is any call, any piece written to an object and any piece read from one, counted from 1.
package final class FaultyStore: ObjectStore {
    package enum Mode: String, CaseIterable, Sendable {
        /// Nothing happens, and an error is reported.
        case refused
        /// The operation takes effect, and an error is reported: the answer was lost.
        case lostAnswer
        /// Part of a piece is written before the error; a piece that is read is the last, as if the object ended there.
        case shortWrite
        /// An error is reported, and the operation takes effect when `deliverLate()` is called, long after its caller gave
        /// up.
        case late
    }

    private struct State {
        var count = 0
        /// What the failed operation was, for messages.
        var failed: String?
        var pending: [Pending] = []
    }

    /// A delayed operation; `@unchecked Sendable` because it runs once, on the thread that delivers it.
    private struct Pending: @unchecked Sendable {
        var operation: () throws -> Void
    }

    private let inner: any ObjectStore
    private let failAt: Int
    private let mode: Mode
    /// Whether every later operation fails too, as if the process had been killed.
    private let isCrash: Bool
    private let state = Mutex(State())

    package init(_ inner: any ObjectStore, failAt: Int, mode: Mode, isCrash: Bool) {
        self.inner = inner
        self.failAt = failAt
        self.mode = mode
        self.isCrash = isCrash
    }

    /// How many operations there were so far.
    package var operations: Int { state.withLock { $0.count } }
    /// The operation that failed; nil while none did.
    package var failed: String? { state.withLock { $0.failed } }
    package var displayName: String { inner.displayName }
    package var capabilities: StoreCapabilities { inner.capabilities }
    package var usefulConcurrency: Int { inner.usefulConcurrency }
    package var lock: Duration? { inner.lock }
    package func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }

    /// Lets a delayed operation happen; what it finds then is not its caller's business any more.
    package func deliverLate() {
        let pending = state.withLock { state in
            defer { state.pending = [] }
            return state.pending
        }
        for late in pending { try? late.operation() }
    }

    private enum Verdict {
        case proceed
        case fail
        /// The chosen fault, in its mode.
        case fault
    }

    private func next(_ name: @autoclosure () -> String) -> Verdict {
        state.withLock { state in
            state.count += 1
            if state.count == failAt {
                state.failed = name()
                return .fault
            }
            return isCrash && state.count > failAt ? .fail : .proceed
        }
    }

    private var failure: Diagnostic { Diagnostic(.repositoryStorage, "injected failure", retry: .later) }

    private func perform<Value>(_ name: @autoclosure () -> String, _ body: @escaping () throws -> Value) throws -> Value
    {
        switch next(name()) {
        case .proceed: return try body()
        case .fail: throw failure
        case .fault:
            switch mode {
            case .refused, .shortWrite: break
            case .lostAnswer: _ = try body()
            case .late:
                let late = Pending { _ = try body() }
                state.withLock { $0.pending.append(late) }
            }
            throw failure
        }
    }

    package func prepare() throws { try perform("prepare") { [inner] in try inner.prepare() } }

    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool {
        try perform("holdsOnly") { [inner] in try inner.holdsOnly(keys) }
    }

    package func info(_ key: ObjectKey) throws -> ObjectInfo? {
        try perform("info \(key)") { [inner] in try inner.info(key) }
    }

    package func list(_ prefix: String) throws -> [ObjectInfo] {
        try perform("list \(prefix)") { [inner] in try inner.list(prefix) }
    }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        try perform("replace \(key)") { [inner] in try inner.replace(key, with: bytes) }
    }

    package func remove(_ key: ObjectKey) throws {
        try perform("remove \(key)") { [inner] in try inner.remove(key) }
    }

    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try perform("extendLock \(key)") { [inner] in try inner.extendLock(key, until: instant) }
    }

    package func removeAbandoned(before instant: Instant) throws {
        try perform("removeAbandoned") { [inner] in try inner.removeAbandoned(before: instant) }
    }

    package func releaseReserve() throws { try perform("releaseReserve") { [inner] in try inner.releaseReserve() } }

    package func keepReserve() throws { try perform("keepReserve") { [inner] in try inner.keepReserve() } }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        FaultySource(
            try perform("read \(key)") { [inner] in try inner.read(key, range: range) },
            key,
            self
        )
    }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        FaultyWriter(try perform("create \(key)") { [inner] in try inner.create(key) }, key, self)
    }

    /// Passes pieces on; a short one is the last.
    private final class FaultySource: ByteSource {
        private let inner: any ByteSource
        private let key: ObjectKey
        private let store: FaultyStore
        private var hasEnded = false

        init(_ inner: any ByteSource, _ key: ObjectKey, _ store: FaultyStore) {
            self.inner = inner
            self.key = key
            self.store = store
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            guard !hasEnded else { return 0 }
            switch store.next("read a piece of \(key)") {
            case .proceed: return try inner.read(into: buffer)
            case .fault where store.mode == .shortWrite:
                hasEnded = true
                return try inner.read(into: buffer) / 2
            case .fail, .fault: throw store.failure
            }
        }
    }

    /// Passes bytes on; in `shortWrite` mode half of a failing piece still goes through.
    private final class FaultyWriter: ObjectWriter {
        private let inner: any ObjectWriter
        private let key: ObjectKey
        private let store: FaultyStore

        init(_ inner: any ObjectWriter, _ key: ObjectKey, _ store: FaultyStore) {
            self.inner = inner
            self.key = key
            self.store = store
        }

        func write(_ bytes: RawSpan) throws {
            switch store.next("write a piece of \(key)") {
            case .proceed: return try inner.write(bytes)
            case .fault where store.mode == .shortWrite:
                let half = bytes.withUnsafeBytes { Array($0.prefix($0.count / 2)) }
                try inner.write(contentsOf: half)
            case .fault where store.mode == .lostAnswer: try inner.write(bytes)
            case .fail, .fault: break
            }
            throw store.failure
        }

        func finish() throws {
            let inner = inner
            try store.perform("finish \(key)") { try inner.finish() }
        }
    }
}
