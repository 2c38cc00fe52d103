import Diagnostics
import Model
import Repository
import Streams
import Synchronization

/// What a history's store holds, and what is wrong with it.
final class SimulatedObjects: Sendable {
    struct Object {
        var bytes: [UInt8]
        var modified: Instant
        /// The order of creation: names are random, and a history must not depend on them.
        var number: Int
    }

    private struct State {
        var objects: [ObjectKey: Object] = [:]
        var count = 0
        /// How far the store's clock is from the scheduler's.
        var skew = Duration.zero
    }

    private let state = Mutex(State())
    private let scheduler: Scheduler
    static let beginning = Instant(secondsSinceEpoch: 4_000_000_000)

    init(_ scheduler: Scheduler, _ content: [ObjectKey: [UInt8]]) {
        self.scheduler = scheduler
        for (key, bytes) in content.sorted(by: { $0.key < $1.key }) { put(key, bytes) }
    }

    var now: Instant { Self.beginning + scheduler.now + state.withLock { $0.skew } }

    func setSkew(_ skew: Duration) { state.withLock { $0.skew = skew } }

    subscript(key: ObjectKey) -> Object? { state.withLock { $0.objects[key] } }

    /// Every object whose key begins with `prefix`.
    func below(_ prefix: String) -> [(key: ObjectKey, value: Object)] {
        let found = state.withLock { $0.objects.filter { $0.key.text.hasPrefix(prefix + "/") || prefix.isEmpty } }
        // Archives and sessions have random names: their order is that of their creation.
        let byNumber = prefix == Layout.archives || prefix == Layout.sessions
        return found.map { ($0.key, $0.value) }
            .sorted { byNumber ? $0.value.number < $1.value.number : $0.key < $1.key }
    }

    func put(_ key: ObjectKey, _ bytes: [UInt8]) {
        let now = now
        state.withLock { state in
            state.count += 1
            let number = state.objects[key]?.number ?? state.count
            state.objects[key] = Object(bytes: bytes, modified: now, number: number)
        }
    }

    func remove(_ key: ObjectKey) { state.withLock { $0.objects[key] = nil } }
}

/// The store as one actor sees it: every operation is a step of the history, may come late, fail, or lose its answer.
final class SimulatedStore: LocklessStore {
    /// What a step does.
    enum Fate {
        case proceed
        case refuse
        case loseAnswer
        /// The process is killed: this and everything after it does nothing.
        case die
    }

    let objects: SimulatedObjects
    let displayName = "simulated"
    let capabilities = StoreCapabilities(createsExclusively: true, isDurable: true)
    private let actor: Actor

    init(_ objects: SimulatedObjects, for actor: Actor) {
        self.objects = objects
        self.actor = actor
    }

    private static var failure: Diagnostic { Diagnostic(.repositoryStorage, "injected failure", retry: .later) }

    private func step<Value>(_ operation: Operation, _ body: () throws -> Value) throws -> Value {
        switch actor.fate(before: operation) {
        case .proceed: break
        case .refuse, .die: throw Self.failure
        case .loseAnswer:
            _ = try body()
            throw Self.failure
        }
        let value = try body()
        actor.pauseAfter(operation)
        return value
    }

    func prepare() {}
    func holdsOnly(_ keys: Set<ObjectKey>) -> Bool { keys.isSuperset(of: objects.below("").map(\.key)) }

    func create(_ key: ObjectKey) throws -> any ObjectWriter {
        guard objects[key] == nil else { throw exists(key) }
        return SimulatedWriter { [self] bytes in
            try step(Operation(.create, key)) {
                guard objects[key] == nil else { throw exists(key) }
                objects.put(key, bytes)
                if Layout.pointName(key) != nil { actor.hasCreatedPoint() }
            }
        }
    }

    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        try step(Operation(.read, key)) {
            guard let object = objects[key] else { throw Diagnostic(.objectMissing, "'\(key)' is missing") }
            guard let range else { return MemorySource(object.bytes) }
            guard range.lowerBound >= 0, range.upperBound <= object.bytes.count else {
                throw Diagnostic(.objectCorrupt, "'\(key)' is too short")
            }
            return MemorySource(Array(object.bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        }
    }

    func info(_ key: ObjectKey) throws -> ObjectInfo? {
        try step(Operation(.info, key)) {
            actor.lens.info(key) {
                objects[key].map { ObjectInfo(key: key, bytes: Int64($0.bytes.count), modified: $0.modified) }
            }
        }
    }

    func list(_ prefix: String) throws -> [ObjectInfo] {
        try step(Operation(.list, ObjectKey(prefix) ?? Layout.clock)) {
            actor.lens.list(prefix) {
                objects.below(prefix).map {
                    ObjectInfo(key: $0.key, bytes: Int64($0.value.bytes.count), modified: $0.value.modified)
                }
            }
        }
    }

    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        try step(Operation(.replace, key)) { objects.put(key, bytes) }
    }

    func remove(_ key: ObjectKey) throws {
        try step(Operation(.remove, key)) {
            actor.world.removes(key, actor)
            objects.remove(key)
        }
    }

    func removeAbandoned(before instant: Instant) {}
    func releaseReserve() {}
    func keepReserve() {}

    private func exists(_ key: ObjectKey) -> Diagnostic { Diagnostic(.objectExists, "'\(key)' exists") }
}

/// One operation at the store.
struct Operation {
    enum Kind { case create, read, info, list, replace, remove }

    var kind: Kind
    var key: ObjectKey

    init(_ kind: Kind, _ key: ObjectKey) {
        self.kind = kind
        self.key = key
    }

    /// Where a long sleep is most likely to find a hole.
    var isDelicate: Bool {
        switch kind {
        case .create: key.text.hasPrefix(Layout.points + "/") || key.text.hasPrefix(Layout.condemned + "/")
        case .list: key.text == Layout.points || key.text == Layout.condemned
        case .remove: !key.text.hasPrefix(Layout.sessions + "/")
        case .read, .info, .replace: false
        }
    }

    /// A prune asks by its own clock before it removes a point; the moment between that and the removal is not modelled.
    var isPointRemoval: Bool { kind == .remove && key.text.hasPrefix(Layout.points + "/") }
}

private final class SimulatedWriter: ObjectWriter {
    private var bytes: [UInt8] = []
    private let commit: ([UInt8]) throws -> Void

    init(commit: @escaping ([UInt8]) throws -> Void) { self.commit = commit }

    func write(_ span: RawSpan) { span.withUnsafeBytes { bytes.append(contentsOf: $0) } }
    func finish() throws { try commit(bytes) }
}
