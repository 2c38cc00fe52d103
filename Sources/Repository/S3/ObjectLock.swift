import HTTPClient
import Model

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
}
