import Diagnostics
import HTTPClient
package import Model
package import Streams

/// A repository in a bucket of S3, or of anything that speaks like it.
///
/// Objects are created with `If-None-Match: *` and a checksum that the store verifies; one larger than a part (5 MiB)
/// goes in parts. Requests that fail for a reason that passes are repeated. On a versioned bucket `remove` leaves a delete
/// marker, and the versions stay until the bucket's own rules remove them. Times are whole seconds of the store's clock.
package final class S3Store: ObjectStore {
    package let displayName: String
    /// What S3 itself promises; whether this store keeps the first is for the probe to find out.
    package let capabilities = StoreCapabilities(createsExclusively: true, isDurable: true)
    /// A look-up is little work and a long wait.
    package let usefulConcurrency = 8
    package let lock: Duration?
    private let address: S3Address
    private let settings: S3Settings
    let exchange: S3Exchange
    private let uploads: S3Uploads

    /// Names a part of a bucket.
    ///
    /// Nothing is sent before the first call; only local files are read here.
    package convenience init(_ settings: S3Settings, environment: [String: String], stop: Stop? = nil) throws {
        let surroundings = try S3Surroundings(settings, environment: environment)
        let address = surroundings.address
        var http = HTTPClientSettings()
        http.certificateFile = surroundings.certificateFile
        http.allowsPlainText = !address.isSecure
        http.idleConnections = settings.partsInFlight + 8
        let exchange = S3Exchange(
            address,
            displayName: "'s3://\(settings.bucket)\(settings.prefix.isEmpty ? "" : "/\(settings.prefix)")'",
            client: HTTPClient(http, stop: stop),
            credentials: AWSCredentialSource(settings, environment: environment, stop: stop),
            schedule: settings.retry,
            stop: stop
        )
        self.init(settings, exchange)
    }

    private init(_ settings: S3Settings, _ exchange: S3Exchange) {
        displayName = exchange.failure.displayName
        lock = settings.lock
        address = exchange.address
        self.settings = settings
        self.exchange = exchange
        uploads = S3Uploads(exchange, settings)
    }

    /// The same part of the same bucket with other credentials: those of a profile, else those that `environment` has.
    ///
    /// They are looked for now, so that what is missing shows before anything is done.
    package func reached(withProfile profile: String?, environment: [String: String]) throws -> S3Store {
        var other = settings
        other.profile = profile
        other.credentials = profile == nil ? .environment : .profile
        let credentials = AWSCredentialSource(other, environment: environment, stop: exchange.stop)
        _ = try credentials.current(now: .now)
        return S3Store(other, exchange.with(credentials))
    }

    /// A bucket is never made: where it lies, who may read it and whether it is locked are decisions of its owner.
    package func prepare() throws {
        try S3Listing(exchange: exchange).visit(base) { _ in false }
    }

    package func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool {
        let names = Set(keys.map(address.name))
        var isAlone = true
        try S3Listing(exchange: exchange).visit(base) { entry in
            // Consoles mark a folder with an empty object of its name.
            isAlone = names.contains(entry.name) || entry.name == base
            return isAlone
        }
        return isAlone
    }

    package func create(_ key: ObjectKey) throws -> any ObjectWriter {
        // Saves the upload; and a store that knows no conditions is at least asked.
        guard try info(key) == nil else { throw exchange.failure.exists(key) }
        return S3Writer(key, uploads)
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource {
        guard let range, range.isEmpty || range.lowerBound < 0 else {
            return try S3Reader(key, range: range, in: exchange)
        }
        guard let info = try info(key) else { throw exchange.failure.missing(key, isMarked: false) }
        guard range.lowerBound >= 0, range.upperBound <= info.bytes else {
            throw exchange.failure.tooShort(key, info.bytes)
        }
        return MemorySource([])
    }

    package func info(_ key: ObjectKey) throws -> ObjectInfo? {
        let reply = try head(key, "look up '\(key)'")
        guard reply.status != 404 else { return nil }
        guard let bytes = reply.head["content-length"].flatMap({ Int64($0) }),
            let modified = reply.head["last-modified"].flatMap(HTTPDate.parse)
        else { return try listed(key) }
        return ObjectInfo(key: key, bytes: bytes, modified: modified)
    }

    /// The same from a listing, for servers whose answers to HEAD have no length (of an empty object) or no time.
    private func listed(_ key: ObjectKey) throws -> ObjectInfo? {
        let name = address.name(key)
        var found: ObjectInfo?
        try S3Listing(exchange: exchange).visit(name) { entry in
            if entry.name == name { found = ObjectInfo(key: key, bytes: entry.bytes, modified: entry.modified) }
            return found == nil
        }
        return found
    }

    package func list(_ prefix: String) throws -> [ObjectInfo] {
        var found: [ObjectInfo] = []
        try S3Listing(exchange: exchange).visit(base + (prefix.isEmpty ? "" : prefix + "/")) { entry in
            if let key = ObjectKey(String(entry.name.dropFirst(base.count))) {
                found.append(ObjectInfo(key: key, bytes: entry.bytes, modified: entry.modified))
            }
            return true
        }
        return found.sorted { $0.key < $1.key }
    }

    package func replace(_ key: ObjectKey, with bytes: [UInt8]) throws {
        var request = S3Request("PUT", address.name(key), to: "write '\(key)'")
        request.payload = S3Payload(bytes)
        request.headers = [("Content-Type", "application/octet-stream")]
        _ = try exchange.send(request.checksummed())
    }

    package func remove(_ key: ObjectKey) throws {
        let request = S3Request("DELETE", address.name(key), to: "remove '\(key)'")
        _ = try exchange.send(request, expecting: ["NoSuchKey"])
    }

    /// Aborts uploads that nobody completed: they cost space that no listing shows.
    package func removeAbandoned(before instant: Instant) throws {
        for upload in try S3Listing(exchange: exchange).uploads(base) where upload.begun < instant {
            guard ObjectKey(String(upload.name.dropFirst(base.count))) != nil else { continue }
            var request = S3Request("DELETE", upload.name, to: "remove an upload that was given up")
            request.query = [("uploadId", upload.id)]
            _ = try exchange.send(request, expecting: ["NoSuchUpload", "NoSuchKey"])
        }
    }

    package func insist(on capabilities: StoreCapabilities) {
        uploads.insist(onExclusiveCreation: capabilities.createsExclusively)
    }

    /// A bucket has no end that a reserve could keep off.
    package func releaseReserve() {}
    package func keepReserve() {}

    package func extendLock(_ key: ObjectKey, until instant: Instant) throws {
        let slack = min((lock ?? .zero) / 10, .seconds(86_400))
        try ObjectLock(exchange: exchange, slack: slack).extend(key, until: instant)
    }

    /// What stands before every key of the repository.
    var base: String { address.prefix.isEmpty ? "" : address.prefix + "/" }

    /// The answer to HEAD has no body, so the reason of a refusal is asked for again.
    private func head(_ key: ObjectKey, _ purpose: String) throws -> S3Reply {
        let reasonless: Set = ["PermanentRedirect", "AccessDenied", "HTTP 400"]
        let request = S3Request("HEAD", address.name(key), to: purpose)
        let reply = try exchange.send(request, expecting: reasonless.union(["NoSuchKey"]))
        guard reply.status != 200, reply.status != 404 else { return reply }
        do {
            var get = S3Request("GET", address.name(key), to: purpose)
            get.headers = [("Range", "bytes=0-0")]
            _ = try exchange.open(get)
        } catch let error as S3Error {
            throw exchange.failure.diagnostic(error, to: purpose, now: .now)
        }
        throw exchange.failure.unreadable(purpose, "it may be read, but not looked up (status \(reply.status))")
    }
}
