import Model
import Repository
import Streams
import Synchronization

/// A store that counts the bytes that are read of each object: what a provider sends, and charges for.
final class CountingStore: ObjectStore {
    private let inner: any ObjectStore
    private let counts = Mutex<[ObjectKey: Int64]>([:])

    init(_ inner: any ObjectStore) { self.inner = inner }

    /// Bytes read of each object since `forget`.
    var bytesRead: [ObjectKey: Int64] { counts.withLock { $0 } }

    func forget() { counts.withLock { $0 = [:] } }

    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        Counting(try inner.read(key, range: range)) { [self] count in
            counts.withLock { $0[key, default: 0] += Int64(count) }
        }
    }

    private final class Counting: ByteSource {
        private let inner: any ByteSource
        private let count: (Int) -> Void

        init(_ inner: any ByteSource, _ count: @escaping (Int) -> Void) { (self.inner, self.count) = (inner, count) }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let length = try inner.read(into: buffer)
            count(length)
            return length
        }
    }

    var displayName: String { inner.displayName }
    var capabilities: StoreCapabilities { inner.capabilities }
    var usefulConcurrency: Int { inner.usefulConcurrency }
    var lock: Duration? { inner.lock }
    func prepare() throws { try inner.prepare() }
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try inner.holdsOnly(keys) }
    func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }
    func create(_ key: ObjectKey) throws -> any ObjectWriter { try inner.create(key) }
    func info(_ key: ObjectKey) throws -> ObjectInfo? { try inner.info(key) }
    func list(_ prefix: String) throws -> [ObjectInfo] { try inner.list(prefix) }
    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { try inner.replace(key, with: bytes) }
    func remove(_ key: ObjectKey) throws { try inner.remove(key) }
    func removeAbandoned(before instant: Instant) throws { try inner.removeAbandoned(before: instant) }
    func releaseReserve() throws { try inner.releaseReserve() }
    func keepReserve() throws { try inner.keepReserve() }
    func extendLock(_ key: ObjectKey, until instant: Instant) throws { try inner.extendLock(key, until: instant) }
}
