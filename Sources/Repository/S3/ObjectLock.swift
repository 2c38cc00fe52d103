import HTTPClient
import Model
import Synchronization

/// S3 Object Lock: until a date nobody can delete a version of an object, whoever they are.
struct ObjectLock {
    /// The mode that nobody can shorten or lift: a stolen administrator's key is what it is for.
    static let mode = "COMPLIANCE"

    let exchange: S3Exchange
    /// How much longer than asked a lock is made, so that not every run has to extend every lock again.
    let slack: Duration

    /// As headers and documents have it: whole seconds, rounded up.
    static func text(_ instant: Instant) -> String {
        let seconds = instant.secondsSinceEpoch
        let isWhole = Instant(secondsSinceEpoch: seconds) == instant
        return Instant(secondsSinceEpoch: isWhole ? seconds : seconds + 1).description
    }

    /// Makes sure that `key` is locked at least until `instant`; asks first, because most objects already are.
    func extend(_ key: ObjectKey, until instant: Instant) throws {
        // Some stores tell a date that they were given, and lock nothing.
        try requireLocks(key)
        let name = exchange.address.name(key)
        let head = try exchange.send(S3Request("HEAD", name, to: "look up the lock of '\(key)'")).head
        if let end = head["x-amz-object-lock-retain-until-date"].flatMap({ Instant($0) }), end >= instant { return }
        var request = S3Request("PUT", name, to: "extend the lock of '\(key)'")
        request.query = [("retention", "")]
        let document = """
            <Retention xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Mode>\(Self.mode)</Mode>\
            <RetainUntilDate>\(Self.text(instant + slack))</RetainUntilDate></Retention>
            """
        request.payload = S3Payload(Array(document.utf8))
        request.headers = [("Content-Type", "application/xml")]
        _ = try exchange.send(request.checksummed(withMD5: true))
    }

    /// Throws unless the store knows what a lock is.
    ///
    /// One that passes over a part of an address which it does not know would take the document for the object itself, and
    /// overwrite it. So the bucket is asked first; one that denies the answer at least understood the question.
    private func requireLocks(_ key: ObjectKey) throws {
        guard !exchange.keepsLocks.load(ordering: .relaxed) else { return }
        let purpose = "lock '\(key)'"
        var request = S3Request("GET", nil, to: purpose)
        request.query = [("object-lock", "")]
        let unknown: Set = [
            "AccessDenied", "NotImplemented", "MethodNotAllowed", "NoSuchKey", "NoSuchObjectLockConfiguration",
            "ObjectLockConfigurationNotFoundError", "InvalidRequest", "InvalidArgument",
        ]
        let reply = try exchange.send(request, expecting: unknown)
        if let error = S3Error(reply.response) {
            guard error.code != "AccessDenied" else { return exchange.keepsLocks.store(true, ordering: .relaxed) }
            throw exchange.failure.lockless("cannot \(purpose)", error.cause)
        }
        let tree = try? XMLReader.parse(reply.response.body)
        guard tree?.name == "ObjectLockConfiguration", tree?["ObjectLockEnabled"]?.text == "Enabled" else {
            throw exchange.failure.lockless("cannot \(purpose)", "the store does not say that the bucket keeps locks")
        }
        exchange.keepsLocks.store(true, ordering: .relaxed)
    }
}
