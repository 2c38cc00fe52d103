import Model
import Repository
import Streams
import Synchronization
import TestSupport

/// A store whose objects are locked, and which notes what is asked of it.
final class LockedStore: ObjectStore {
    private let inner = MemoryStore()
    let extended = Mutex<[(key: ObjectKey, end: Instant)]>([])

    let lock: Duration? = .seconds(3600)
    func insist(on capabilities: StoreCapabilities) {}
    var displayName: String { inner.displayName }
    var capabilities: StoreCapabilities { inner.capabilities }
    var usefulConcurrency: Int { inner.usefulConcurrency }

    func prepare() { inner.prepare() }
    func holdsOnly(_ keys: Set<ObjectKey>) -> Bool { inner.holdsOnly(keys) }
    func info(_ key: ObjectKey) -> ObjectInfo? { inner.info(key) }
    func list(_ prefix: String) -> [ObjectInfo] { inner.list(prefix) }
    func replace(_ key: ObjectKey, with bytes: [UInt8]) { inner.replace(key, with: bytes) }
    func remove(_ key: ObjectKey) { inner.remove(key) }
    func create(_ key: ObjectKey) throws -> any ObjectWriter { try inner.create(key) }
    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource { try inner.read(key, range: range) }
    func extendLock(_ key: ObjectKey, until instant: Instant) { extended.withLock { $0.append((key, instant)) } }
    func removeAbandoned(before instant: Instant) {}
    func releaseReserve() {}
    func keepReserve() {}
}
