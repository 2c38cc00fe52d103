import Diagnostics
package import Model
package import Streams

/// A store for commands that only look: whatever would change it is a mistake of this program, and does not happen.
package final class ReadOnlyStore: ObjectStore {
    private let inner: any ObjectStore

    /// Lets `inner` be read.
    package init(_ inner: any ObjectStore) { self.inner = inner }

    package var displayName: String { inner.displayName }
    package var capabilities: StoreCapabilities { inner.capabilities }
    package var usefulConcurrency: Int { inner.usefulConcurrency }
    package var lock: Duration? { inner.lock }
    package func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }

    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try inner.holdsOnly(keys) }
    package func info(_ key: ObjectKey) throws -> ObjectInfo? { try inner.info(key) }
    package func list(_ prefix: String) throws -> [ObjectInfo] { try inner.list(prefix) }
    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try inner.read(key, range: range)
    }

    package func prepare() throws { throw refusal("make the place") }
    package func create(_ key: ObjectKey) throws -> any ObjectWriter { throw refusal("create '\(key)'") }
    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { throw refusal("replace '\(key)'") }
    package func remove(_ key: ObjectKey) throws { throw refusal("remove '\(key)'") }
    package func extendLock(_ key: ObjectKey, until instant: Instant) throws { throw refusal("lock '\(key)'") }
    package func removeAbandoned(before instant: Instant) throws { throw refusal("clear away what is left behind") }
    package func releaseReserve() throws { throw refusal("release the reserve") }
    package func keepReserve() throws { throw refusal("keep the reserve") }

    private func refusal(_ action: String) -> Diagnostic {
        Diagnostic(
            .internalError,
            "refusing to \(action) in \(displayName)",
            cause: "this command only reads",
            hint: "Report this: it is a mistake in Lifeboat, and nothing was changed."
        )
    }
}
