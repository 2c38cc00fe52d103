package import Model
package import Streams

/// A store in which a prune deletes with other credentials than it writes with.
///
/// Sessions are removed by whoever wrote them, also here: a host that only writes may do that much. Everything else is
/// removed by `deleting`, which needs no other right.
package final class DeletionStore: ObjectStore {
    private let inner: any ObjectStore
    private let deleting: any ObjectStore

    /// Reads and writes through `inner`; `deleting` is the same place, reached otherwise.
    package init(_ inner: any ObjectStore, deleting: any ObjectStore) {
        self.inner = inner
        self.deleting = deleting
    }

    package var displayName: String { inner.displayName }
    package var capabilities: StoreCapabilities { inner.capabilities }
    package var usefulConcurrency: Int { inner.usefulConcurrency }
    package var lock: Duration? { inner.lock }
    package func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }

    package func remove(_ key: ObjectKey) throws {
        let isSession = key.text.hasPrefix(Layout.sessions + "/")
        try (isSession ? inner : deleting).remove(key)
    }

    package func removeAbandoned(before instant: Instant) throws { try deleting.removeAbandoned(before: instant) }

    package func prepare() throws { try inner.prepare() }
    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try inner.holdsOnly(keys) }
    package func create(_ key: ObjectKey) throws -> any ObjectWriter { try inner.create(key) }
    package func info(_ key: ObjectKey) throws -> ObjectInfo? { try inner.info(key) }
    package func list(_ prefix: String) throws -> [ObjectInfo] { try inner.list(prefix) }
    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { try inner.replace(key, with: bytes) }
    package func releaseReserve() throws { try deleting.releaseReserve() }
    package func keepReserve() throws { try inner.keepReserve() }
    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try inner.read(key, range: range)
    }
    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try inner.extendLock(key, until: instant)
    }
}
