import Diagnostics
import Model
import Repository
import Streams
import Synchronization

/// A store whose n-th changing or reading operation fails; everything after it fails too, as after a crash.
final class FaultyStore: ObjectStore {
    enum Mode: CaseIterable {
        /// Nothing happens, and an error is reported.
        case refused
        /// The operation takes effect, and an error is reported: the answer was lost.
        case lostAnswer
        /// Only part of an object is written before the error.
        case shortWrite
    }

    private struct State {
        var count = 0
        var failAt: Int
    }

    private let inner: any ObjectStore
    private let mode: Mode
    /// Whether every later operation fails too, as if the process had been killed.
    private let isCrash: Bool
    private let state: Mutex<State>

    init(_ inner: any ObjectStore, failAt: Int, mode: Mode, isCrash: Bool) {
        self.inner = inner
        self.mode = mode
        self.isCrash = isCrash
        state = Mutex(State(failAt: failAt))
    }

    var operations: Int { state.withLock { $0.count } }
    var displayName: String { inner.displayName }
    var capabilities: StoreCapabilities { inner.capabilities }

    private enum Verdict {
        case proceed
        case fail
        case effectThenFail
    }

    private func next() -> Verdict {
        state.withLock { state in
            state.count += 1
            if state.count == state.failAt { return mode == .lostAnswer ? .effectThenFail : .fail }
            return isCrash && state.count > state.failAt ? .fail : .proceed
        }
    }

    private var failure: Diagnostic { Diagnostic(.repositoryStorage, "injected failure", retry: .later) }

    private func perform<Value>(_ body: () throws -> Value) throws -> Value {
        switch next() {
        case .proceed: return try body()
        case .fail: throw failure
        case .effectThenFail:
            _ = try body()
            throw failure
        }
    }

    func prepare() throws { try perform { try inner.prepare() } }
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try perform { try inner.holdsOnly(keys) } }
    func info(_ key: ObjectKey) throws -> ObjectInfo? { try perform { try inner.info(key) } }
    func list(_ prefix: String) throws -> [ObjectInfo] { try perform { try inner.list(prefix) } }
    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { try perform { try inner.replace(key, with: bytes) } }
    func remove(_ key: ObjectKey) throws { try perform { try inner.remove(key) } }

    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try perform { try inner.read(key, range: range) }
    }

    func create(_ key: ObjectKey) throws -> any ObjectWriter {
        FaultyWriter(try perform { try inner.create(key) }, self)
    }

    /// Passes bytes on; in `shortWrite` mode half of a failing piece still goes through.
    private final class FaultyWriter: ObjectWriter {
        private let inner: any ObjectWriter
        private let store: FaultyStore

        init(_ inner: any ObjectWriter, _ store: FaultyStore) {
            self.inner = inner
            self.store = store
        }

        func write(_ bytes: RawSpan) throws {
            guard store.next() == .proceed else {
                if store.mode == .shortWrite {
                    let half = bytes.withUnsafeBytes { Array($0.prefix($0.count / 2)) }
                    try inner.write(contentsOf: half)
                }
                throw store.failure
            }
            try inner.write(bytes)
        }

        func finish() throws { try store.perform { try inner.finish() } }
    }
}
