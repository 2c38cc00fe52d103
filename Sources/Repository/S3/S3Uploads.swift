import AgeEncryption
import Diagnostics
import HTTPClient
import Model
import Streams
import Synchronization

/// What every upload to one store shares.
final class S3Uploads: Sendable {
    let exchange: S3Exchange
    let slots: UploadSlots
    let memory: UploadMemory
    private let storageClass: String?
    private let lock: Duration?
    /// Set when the store answered that it knows no conditions; the probe then finds that it overwrites.
    private let ignoresConditions = Atomic(false)
    /// Whether the store is known to create exclusively, so that it must not overwrite instead.
    private let insists = Atomic(false)

    init(_ exchange: S3Exchange, _ settings: S3Settings) {
        self.exchange = exchange
        slots = UploadSlots(settings.partsInFlight)
        memory = settings.memory
        storageClass = settings.storageClass
        lock = settings.lock
    }

    /// Says whether creating must be exclusive; where it must, a store that knows no conditions is an error.
    func insist(onExclusiveCreation isRequired: Bool) { insists.store(isRequired, ordering: .relaxed) }

    /// Whether new objects are locked.
    var locks: Bool { lock != nil }

    /// The headers of a new object: how it is kept, and until when nobody may delete it.
    func headersOfNewObject(now: Instant) -> [(name: String, value: String)] {
        var headers = [(name: "Content-Type", value: "application/octet-stream")]
        if let storageClass { headers.append(("x-amz-storage-class", storageClass)) }
        if let lock {
            headers.append(("x-amz-object-lock-mode", ObjectLock.mode))
            headers.append(("x-amz-object-lock-retain-until-date", ObjectLock.text(now + lock)))
        }
        return headers
    }

    /// Makes sure that a new object is locked as its headers asked: a store that passes over them, as some do for objects
    /// in parts, would leave it unprotected, and nobody would know.
    func ensureLock(_ key: ObjectKey, since begun: Instant) throws {
        guard let lock else { return }
        try ObjectLock(exchange: exchange, slack: .zero).extend(key, until: begun + lock)
    }

    /// Sends a request that must fail when the object exists, and says whether it did.
    ///
    /// `parts` is what the object will be: a repeated attempt that meets an object looks whether it is its own.
    func create(_ request: S3Request, at key: ObjectKey, parts: [PartDigest], lost: Set<String> = []) throws -> S3Reply
    {
        let expecting = lost.union(["PreconditionFailed", "NotImplemented", "InvalidArgument", "InvalidRequest"])
        var reply: S3Reply?
        if insists.load(ordering: .relaxed) || !ignoresConditions.load(ordering: .relaxed) {
            var conditional = request
            conditional.headers.append(("If-None-Match", "*"))
            let answer = try exchange.send(conditional, expecting: expecting)
            if let error = S3Error(answer.response), error.refusesConditions {
                guard !insists.load(ordering: .relaxed) else {
                    throw exchange.failure.lostConditions(request.purpose, error)
                }
                ignoresConditions.store(true, ordering: .relaxed)
            } else {
                reply = answer
            }
        }
        let answer = try reply ?? exchange.send(request, expecting: lost)
        guard let error = S3Error(answer.response) else { return answer }
        let isOurs = answer.wasRepeated ? try StoredCopy(key, in: exchange).holds(parts) : false
        if isOurs { return answer }
        if error.code == "PreconditionFailed" { throw exchange.failure.exists(key) }
        throw exchange.failure.diagnostic(error, to: request.purpose, now: .now)
    }
}

/// The length and the hash of one part of an object.
struct PartDigest: Sendable, Hashable {
    var count: Int
    var sha256: [UInt8]
}

/// What lies under a key, compared with what was sent.
struct StoredCopy {
    private let key: ObjectKey
    private let exchange: S3Exchange

    init(_ key: ObjectKey, in exchange: S3Exchange) {
        self.key = key
        self.exchange = exchange
    }

    /// Reads the whole object; an answer that was lost is rare, and only this is certain.
    func holds(_ parts: [PartDigest]) throws -> Bool {
        do {
            let source = try S3Reader(key, range: nil, in: exchange)
            for part in parts {
                guard try digest(source, part.count) == part.sha256 else { return false }
            }
            return try digest(source, 1) == SHA256.digest(of: [])
        } catch let error as Diagnostic where error.code == .objectMissing {
            return false
        }
    }

    private func digest(_ source: S3Reader, _ count: Int) throws -> [UInt8] {
        let hash = SHA256()
        let buffer = IOBuffer(capacity: 64 << 10)
        var left = count
        while left > 0 {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.storage[..<min(left, buffer.storage.count)])
            let read = try source.read(into: room)
            if read == 0 { break }
            hash.update(buffer.prefix(read).bytes)
            left -= read
        }
        return hash.finish()
    }
}
