import AgeEncryption
import Diagnostics
package import Model
package import Streams

/// How often and with which pauses an operation is tried again.
package struct RetryPolicy: Sendable {
    /// All tries together, the first one included.
    package var attempts = 5
    package var firstPause = Duration.milliseconds(500)
    package var longestPause = Duration.seconds(20)
    /// Waits; returns false when the run is to end instead.
    package var pause: @Sendable (Duration) -> Bool
    /// From 0 to 1: which part of the pause's upper half is waited, so that many hosts do not come back at once.
    package var random: @Sendable () -> Double

    /// Creates a policy; waiting and chance are arguments so that a test needs neither.
    package init(
        pause: @escaping @Sendable (Duration) -> Bool,
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.pause = pause
        self.random = random
    }

    /// The pause after the failed try of this number, from 1: doubled each time, between half of it and all of it.
    func pause(after attempt: Int) -> Duration {
        let whole = min(firstPause * (1 << min(attempt - 1, 20)), longestPause)
        return whole * (0.5 + random() / 2)
    }

    /// Whether a new try can help: the way to a store was disturbed, and the store did not refuse.
    static func isTransient(_ error: any Error) -> Bool {
        guard let error = error as? Diagnostic, error.retry == .later else { return false }
        return error.code == .repositoryUnreachable || error.code == .repositoryStorage
    }

    /// Runs `body` until it works, fails for good, or there have been enough tries; throws what the last one did.
    func run<Value>(_ body: () throws -> Value) throws -> Value {
        var attempt = 1
        while true {
            do { return try body() } catch {
                guard Self.isTransient(error), attempt < attempts, pause(pause(after: attempt)) else { throw error }
                attempt += 1
            }
        }
    }
}

/// A store that tries again when the way to it is disturbed.
///
/// Only whole operations are repeated: a listing starts over, reading goes on where it was, a removal and a replacement
/// mean the same twice. A creation whose answer was lost is looked for: the object counts as ours only if it holds
/// exactly the bytes that were written. Full disks, refused rights, missing and existing objects are never retried.
package final class RetryingStore: ObjectStore {
    private let inner: any ObjectStore
    private let policy: RetryPolicy

    /// Repeats what `inner` fails at in passing.
    package init(_ inner: any ObjectStore, _ policy: RetryPolicy) {
        self.inner = inner
        self.policy = policy
    }

    package var displayName: String { inner.displayName }
    package var capabilities: StoreCapabilities { inner.capabilities }
    package var usefulConcurrency: Int { inner.usefulConcurrency }
    package var lock: Duration? { inner.lock }
    package func insist(on capabilities: StoreCapabilities) { inner.insist(on: capabilities) }

    package func prepare() throws { try policy.run { try inner.prepare() } }
    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { try policy.run { try inner.holdsOnly(keys) } }
    package func info(_ key: ObjectKey) throws -> ObjectInfo? { try policy.run { try inner.info(key) } }
    package func list(_ prefix: String) throws -> [ObjectInfo] { try policy.run { try inner.list(prefix) } }
    package func remove(_ key: ObjectKey) throws { try policy.run { try inner.remove(key) } }
    package func releaseReserve() throws { try policy.run { try inner.releaseReserve() } }
    package func keepReserve() throws { try policy.run { try inner.keepReserve() } }

    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        try policy.run { try inner.extendLock(key, until: instant) }
    }

    package func removeAbandoned(before instant: Instant) throws {
        try policy.run { try inner.removeAbandoned(before: instant) }
    }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        try policy.run { try inner.replace(key, with: bytes) }
    }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        RetryingWriter(key, try policy.run { try inner.create(key) }, inner, policy)
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        RetryingSource(key, range, try policy.run { try inner.read(key, range: range) }, inner, policy)
    }
}

/// An object being created; small ones are kept, 1 MiB at most, and written again when the way was disturbed.
private final class RetryingWriter: ObjectWriter {
    private let key: ObjectKey
    private let store: any ObjectStore
    private let policy: RetryPolicy
    /// Nil between a failed try and the next.
    private var writer: (any ObjectWriter)?
    /// Everything written so far; nil once it is too much to keep.
    private var kept: [UInt8]? = []
    private let hash = SHA256()
    private var count: Int64 = 0

    private static let keptBytes = 1 << 20

    init(_ key: ObjectKey, _ writer: any ObjectWriter, _ store: any ObjectStore, _ policy: RetryPolicy) {
        self.key = key
        self.writer = writer
        self.store = store
        self.policy = policy
    }

    func write(_ bytes: RawSpan) throws {
        hash.update(bytes)
        count += Int64(bytes.byteCount)
        if let known = kept?.count, known + bytes.byteCount <= Self.keptBytes {
            bytes.withUnsafeBytes { kept?.append(contentsOf: $0) }
        } else {
            kept = nil
        }
        guard writer != nil || kept != nil else { throw lost() }
        do { try writer?.write(bytes) } catch {
            // What is kept is written when the object is finished; more than that cannot be had again.
            guard RetryPolicy.isTransient(error), kept != nil else { throw error }
            writer = nil
        }
    }

    func finish() throws {
        let digest = hash.finish()
        var mayBeThere = false
        try policy.run {
            if writer == nil {
                // An earlier try may have created the object and lost the answer.
                if mayBeThere, try isThere(digest) { return }
                guard let kept else { throw lost() }
                writer = try store.create(key)
                try writer?.write(contentsOf: kept)
            }
            defer { writer = nil }
            mayBeThere = true
            try writer?.finish()
        }
    }

    /// Whether the object holds exactly what was written; throws when another one has its name.
    private func isThere(_ digest: [UInt8]) throws -> Bool {
        guard let info = try store.info(key) else { return false }
        let sink = HashingSink()
        if info.bytes == count { try store.read(key, range: nil).copy(into: sink) }
        try sink.finish()
        guard info.bytes == count, sink.digest == digest else {
            throw Diagnostic(.objectExists, "'\(key)' already exists in \(store.displayName)")
        }
        return true
    }

    private func lost() -> Diagnostic {
        Diagnostic(
            .repositoryUnreachable,
            "cannot finish '\(key)': the connection to \(store.displayName) was lost",
            cause: "the object is too large to be written a second time",
            hint: "Run it again; what was not finished does not count."
        )
    }
}

/// Bytes of an object that are asked for again, from where they broke off.
private final class RetryingSource: ByteSource {
    private let key: ObjectKey
    private let range: Range<Int64>?
    private let store: any ObjectStore
    private let policy: RetryPolicy
    private var source: (any ByteSource)?
    private var position: Int64

    init(
        _ key: ObjectKey,
        _ range: Range<Int64>?,
        _ source: any ByteSource,
        _ store: any ObjectStore,
        _ policy: RetryPolicy
    ) {
        self.key = key
        self.range = range
        self.source = source
        self.store = store
        self.policy = policy
        position = range?.lowerBound ?? 0
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let count = try policy.run {
            let current = try source ?? reopened()
            source = current
            do { return try current.read(into: buffer) } catch {
                source = nil
                throw error
            }
        }
        position += Int64(count)
        return count
    }

    private func reopened() throws -> any ByteSource {
        if let range { return try store.read(key, range: position..<range.upperBound) }
        guard let info = try store.info(key) else {
            throw Diagnostic(
                .objectMissing,
                "'\(key)' is missing from \(store.displayName)",
                hint: "Use another point or another copy of the repository."
            )
        }
        return try store.read(key, range: position..<max(position, info.bytes))
    }
}
