import Diagnostics
import HTTPClient
import Model
import Streams

/// The bytes of an object in a bucket, or of a range of it, as they come; goes on where it was when a connection breaks.
///
/// The object must still be the same then: its ETag is compared. One thread; holds what an `HTTPAnswer` does.
final class S3Reader: ByteSource {
    private let key: ObjectKey
    private let exchange: S3Exchange
    private var answer: HTTPAnswer
    private var position: Int64
    /// Nil when the store does not say how long the object is.
    private let end: Int64?
    /// By what the object is known again: its ETag, or the time it was written where there is none.
    private let identity: String?
    private var failures = 0
    private let version: String?

    /// `range` must not be empty; without a version it is the object that is there now.
    init(_ key: ObjectKey, range: Range<Int64>?, version: String? = nil, in exchange: S3Exchange) throws {
        self.key = key
        self.version = version
        self.exchange = exchange
        let opened = try Self.open(key, range?.lowerBound ?? 0, range?.upperBound, version, exchange)
        answer = opened
        identity = Self.identity(opened.head)
        position = range?.lowerBound ?? 0
        if let range {
            try Self.check(opened.head, range, key, exchange)
            end = range.upperBound
        } else {
            end = opened.head["content-length"].flatMap { Int64($0) }
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        while true {
            do {
                let count = try answer.read(into: buffer)
                position += Int64(count)
                if count == 0, let end, position < end { throw HTTPFailure(.cut, "the answer ended early") }
                if let end, position > end { throw exchange.failure.unreadable("read '\(key)'", "too much was sent") }
                if count > 0 { failures = 0 }
                return count
            } catch let failure as HTTPFailure {
                failures += 1
                guard failure.isTransient, let end, let identity, try exchange.pause(after: failures) else {
                    throw exchange.failure.diagnostic(failure, to: "read '\(key)'")
                }
                answer = try Self.open(key, position, end, version, exchange)
                try Self.check(answer.head, position..<end, key, exchange)
                guard Self.identity(answer.head) == identity else { throw changed() }
            }
        }
    }

    /// Compared here and not by the store with `If-Match`: not all of them take their own ETags back, quotes or not.
    private static func identity(_ head: HTTPHead) -> String? { head["etag"] ?? head["last-modified"] }

    private static func open(
        _ key: ObjectKey,
        _ start: Int64,
        _ end: Int64?,
        _ version: String?,
        _ exchange: S3Exchange
    ) throws -> HTTPAnswer {
        let purpose = "read '\(key)'"
        var request = S3Request("GET", exchange.address.name(key), to: purpose)
        if let version { request.query = [("versionId", version)] }
        if let end { request.headers.append(("Range", "bytes=\(start)-\(end - 1)")) }
        do {
            return try exchange.open(request)
        } catch let error as S3Error {
            switch error.code {
            case "NoSuchKey", "NoSuchVersion": throw exchange.failure.missing(key, isMarked: error.isDeleteMarker)
            case "InvalidRange": throw exchange.failure.tooShort(key, nil)
            default: throw exchange.failure.diagnostic(error, to: purpose, now: .now)
            }
        }
    }

    /// Whether the answer is the range that was asked for.
    private static func check(
        _ head: HTTPHead,
        _ range: Range<Int64>,
        _ key: ObjectKey,
        _ exchange: S3Exchange
    ) throws {
        // What counts is the range that it says, not the status: some send it with 200.
        if let text = head["content-range"] {
            let match = text.firstMatch(of: /bytes ([0-9]+)-([0-9]+)/)
            guard let match, let first = Int64(match.1), let last = Int64(match.2), first == range.lowerBound else {
                throw exchange.failure.unreadable("read '\(key)'", "the answer is not the range that was asked for")
            }
            if last + 1 < range.upperBound { throw exchange.failure.tooShort(key, last + 1) }
            return
        }
        guard head.status == 200 else {
            throw exchange.failure.unreadable("read '\(key)'", "the answer does not say which range it is")
        }
        // A range may be answered with everything, which serves only when everything was wanted.
        let length = head["content-length"].flatMap { Int64($0) }
        guard range.lowerBound == 0, let length, length <= range.upperBound else {
            throw exchange.failure.unreadable("read '\(key)'", "the store ignores ranges")
        }
        if length < range.upperBound { throw exchange.failure.tooShort(key, length) }
    }

    private func changed() -> Diagnostic {
        Diagnostic(.objectCorrupt, "'\(key)' changed while it was read from \(exchange.failure.displayName)")
    }
}
