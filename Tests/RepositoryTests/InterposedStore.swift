import Model
import Repository
import Streams

/// A store before whose operations something else happens: another process is faster, time passes, rights are missing.
struct InterposedStore: ObjectStore {
    enum Kind { case create, read, info, list, replace, remove }

    let inner: any ObjectStore
    /// Called before each operation takes effect; what it throws is what the operation throws.
    let before: @Sendable (Kind, String) throws -> Void

    var displayName: String { inner.displayName }
    var capabilities: StoreCapabilities { inner.capabilities }
    var usefulConcurrency: Int { inner.usefulConcurrency }

    func prepare() throws { try inner.prepare() }
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try inner.holdsOnly(keys) }

    func create(_ key: ObjectKey) throws -> any ObjectWriter {
        InterposedWriter(inner: try inner.create(key)) { try before(.create, key.text) }
    }

    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try before(.read, key.text)
        return try inner.read(key, range: range)
    }

    func info(_ key: ObjectKey) throws -> ObjectInfo? {
        try before(.info, key.text)
        return try inner.info(key)
    }

    func list(_ prefix: String) throws -> [ObjectInfo] {
        try before(.list, prefix)
        return try inner.list(prefix)
    }

    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        try before(.replace, key.text)
        try inner.replace(key, with: bytes)
    }

    func remove(_ key: ObjectKey) throws {
        try before(.remove, key.text)
        try inner.remove(key)
    }

    var lock: Duration? { inner.lock }
    func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }
    func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try inner.extendLock(key, until: instant)
    }
    func removeAbandoned(before instant: Instant) throws { try inner.removeAbandoned(before: instant) }
    func releaseReserve() throws { try inner.releaseReserve() }
    func keepReserve() throws { try inner.keepReserve() }
}

/// The creation happens at `finish()`.
private final class InterposedWriter: ObjectWriter {
    private let inner: any ObjectWriter
    private let before: () throws -> Void

    init(inner: any ObjectWriter, before: @escaping () throws -> Void) {
        self.inner = inner
        self.before = before
    }

    func write(_ bytes: RawSpan) throws { try inner.write(bytes) }

    func finish() throws {
        try before()
        try inner.finish()
    }
}
