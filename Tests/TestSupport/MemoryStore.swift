import Diagnostics
package import Model
package import Repository
package import Streams
import Synchronization

/// A store in memory whose clock the test moves.
package final class MemoryStore: LocklessStore {
    private struct Object {
        var bytes: [UInt8]
        var modified: Instant
    }

    private struct State {
        var objects: [ObjectKey: Object] = [:]
        var now = Instant(secondsSinceEpoch: 1_800_000_000)
    }

    package let displayName = "memory"
    package let capabilities = StoreCapabilities(createsExclusively: true, isDurable: true)
    private let state = Mutex(State())

    package var now: Instant { state.withLock { $0.now } }
    package var objects: [ObjectKey: [UInt8]] { state.withLock { $0.objects.mapValues(\.bytes) } }

    package init() {}

    /// A store that holds these objects.
    package init(holding objects: [ObjectKey: [UInt8]]) {
        state.withLock { state in
            for (key, bytes) in objects { state.objects[key] = Object(bytes: bytes, modified: state.now) }
        }
    }

    package func advance(_ span: Duration) { state.withLock { $0.now = $0.now + span } }

    /// The same content in a store of its own.
    package func copy() -> MemoryStore {
        let copy = MemoryStore()
        let content = state.withLock { $0 }
        copy.state.withLock { $0 = content }
        return copy
    }

    package func prepare() {}
    package func holdsOnly(_ keys: Set<ObjectKey>) -> Bool { state.withLock { keys.isSuperset(of: $0.objects.keys) } }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        if state.withLock({ $0.objects[key] != nil }) { throw exists(key) }
        return MemoryWriter { [self] bytes in
            try state.withLock { state in
                guard state.objects[key] == nil else { throw exists(key) }
                state.objects[key] = Object(bytes: bytes, modified: state.now)
            }
        }
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        guard let bytes = state.withLock({ $0.objects[key]?.bytes }) else {
            throw Diagnostic(.objectMissing, "'\(key)' is missing")
        }
        guard let range else { return MemorySource(bytes) }
        guard range.lowerBound >= 0, range.upperBound <= bytes.count else {
            throw Diagnostic(.objectCorrupt, "'\(key)' is too short")
        }
        return MemorySource(Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
    }

    package func info(_ key: ObjectKey) -> ObjectInfo? {
        state.withLock { state in
            state.objects[key].map { ObjectInfo(key: key, bytes: Int64($0.bytes.count), modified: $0.modified) }
        }
    }

    package func list(_ prefix: String) -> [ObjectInfo] {
        state.withLock { state in
            state.objects.filter { $0.key.text.hasPrefix(prefix + "/") || prefix.isEmpty }
                .map { ObjectInfo(key: $0.key, bytes: Int64($0.value.bytes.count), modified: $0.value.modified) }
                .sorted { $0.key < $1.key }
        }
    }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) {
        state.withLock { $0.objects[key] = Object(bytes: bytes, modified: $0.now) }
    }

    package func remove(_ key: ObjectKey) { state.withLock { $0.objects[key] = nil } }

    package func removeAbandoned(before instant: Instant) {}
    package func releaseReserve() {}
    package func keepReserve() {}

    private func exists(_ key: ObjectKey) -> Diagnostic { Diagnostic(.objectExists, "'\(key)' exists") }
}

private final class MemoryWriter: ObjectWriter {
    private var bytes: [UInt8] = []
    private let commit: ([UInt8]) throws -> Void

    init(commit: @escaping ([UInt8]) throws -> Void) { self.commit = commit }

    func write(_ span: RawSpan) { span.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    func finish() throws { try commit(bytes) }
}
