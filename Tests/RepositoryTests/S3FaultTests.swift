import Diagnostics
import Glibc
import Model
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("S3 over a bad network")
struct S3FaultTests {
    /// A store whose requests pass a proxy on their way to moto.
    private struct Spoiled {
        let proxy: FaultProxy
        let store: S3Store
        /// The same bucket without the proxy.
        let direct: S3Store
    }

    private func spoiled(
        _ change: (inout S3Settings) -> Void = { _ in },
        _ decide: @escaping @Sendable (_ line: String, _ earlier: Int) -> NetworkFault
    ) throws -> Spoiled {
        let server = try S3Server.shared(.moto)
        let proxy = try FaultProxy(to: server.port, decide)
        var settings = S3Settings(bucket: try server.makeBucket())
        settings.retry.first = .milliseconds(5)
        settings.retry.attempts = 5
        change(&settings)
        let direct = try S3Store(settings, environment: server.environment)
        settings.endpoint = proxy.endpoint
        return Spoiled(proxy: proxy, store: try S3Store(settings, environment: server.environment), direct: direct)
    }

    private func write(_ bytes: Int, to key: ObjectKey, in store: S3Store) throws {
        let writer = try store.create(key)
        var left = bytes
        while left > 0 {
            try writer.write(
                contentsOf: [UInt8](repeating: UInt8(truncatingIfNeeded: left >> 16), count: min(left, 1 << 20))
            )
            left -= 1 << 20
        }
        try writer.finish()
    }

    private func error(_ code: String, _ rest: String = "") -> String {
        "<?xml version=\"1.0\"?><Error><Code>\(code)</Code><Message>no</Message>\(rest)</Error>"
    }

    @Test("a creation whose answer was lost is found to be our own")
    func lostAnswer() throws {
        let scene = try spoiled { line, earlier in line.hasPrefix("PUT") && earlier == 0 ? .loseAnswer : .none }
        let key = try objectKey("a/b")
        try scene.store.put(key, [1, 2, 3])
        #expect(try scene.direct.get(key, limit: 10) == [1, 2, 3])
    }

    @Test("a repeated creation that meets another's object says so")
    func otherWinner() throws {
        let server = try S3Server.shared(.moto)
        let other = Mutex<S3Store?>(nil)
        let scene = try spoiled { [server] line, earlier in
            _ = server
            guard line.hasPrefix("PUT"), earlier == 0 else { return .none }
            // Somebody else is faster while our request is lost.
            other.withLock { try? $0?.put(objectKey("a/b"), [9]) }
            return .answer("500 Oops")
        }
        other.withLock { $0 = scene.direct }
        #expect(code { try scene.store.put(try objectKey("a/b"), [1]) } == .objectExists)
        #expect(try scene.direct.get(try objectKey("a/b"), limit: 10) == [9])
    }

    @Test("the end of a large upload may lose its answer, or say 200 and fail", arguments: [0, 1, 2, 3])
    func completing(_ way: Int) throws {
        let internalError = error("InternalError")
        let scene = try spoiled { line, earlier in
            guard line.hasPrefix("POST"), line.contains("uploadId="), earlier == 0 else { return .none }
            switch way {
            case 0: return .loseAnswer
            case 1: return .answer("200 OK", body: internalError)
            case 2: return .replaceAnswer("200 OK", body: internalError)
            default: return .replaceAnswer("200 OK", body: "<CompleteMultipartUploadResult><Loc")
            }
        }
        let key = try objectKey("a/large")
        try write(20 << 20, to: key, in: scene.store)
        #expect(try scene.direct.info(key)?.bytes == 20 << 20)
    }

    @Test("200 with an error inside is a failure, and nothing is there")
    func alwaysFailing() throws {
        let body = error("InternalError")
        let scene = try spoiled { line, _ in
            line.hasPrefix("POST") && line.contains("uploadId=") ? .answer("200 OK", body: body) : .none
        }
        let key = try objectKey("a/large")
        let failure = #expect(throws: Diagnostic.self) { try write(9 << 20, to: key, in: scene.store) }
        #expect(failure?.code == .repositoryStorage && failure?.retry == .later)
        #expect(try scene.direct.info(key) == nil)
    }

    @Test("a part that fails is repeated alone, also when the store asks to slow down")
    func onePart() throws {
        let parts = Mutex<[String]>([])
        let slow = error("SlowDown")
        let scene = try spoiled { line, earlier in
            guard line.contains("partNumber=") else { return .none }
            parts.withLock { $0.append(String(line.split(separator: "?")[1].prefix(12))) }
            return line.contains("partNumber=2") && earlier < 2 ? .answer("503 Slow Down", body: slow) : .none
        }
        let key = try objectKey("a/large")
        try write(25 << 20, to: key, in: scene.store)
        #expect(parts.withLock { $0.sorted() }.map(\.last) == ["1", "2", "2", "2", "3", "4", "5"])
        #expect(try scene.direct.info(key)?.bytes == 25 << 20)
    }

    @Test("a reading that is cut goes on where it was; an object that changed meanwhile is an error")
    func cutReading() throws {
        let scene = try spoiled { line, earlier in
            line.hasPrefix("GET") && !line.contains("?") && earlier == 0 ? .cutAnswer(after: 3_000_000) : .none
        }
        let content = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        let key = try objectKey("a/b")
        try scene.direct.put(key, content)
        #expect(try scene.store.read(key, range: nil).readAll(limit: 6_000_000) == content)
        let other = try objectKey("a/c")
        try scene.direct.replace(other, with: content)
        let source = try scene.store.read(other, range: nil)
        try scene.direct.replace(other, with: [UInt8](repeating: 1, count: content.count))
        #expect(code { _ = try source.readAll(limit: 6_000_000) } == .objectCorrupt)
    }

    @Test("half a listing is an error, whatever half it is")
    func listings() throws {
        let entry =
            "<Contents><Key>a/x</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
        let pages = [
            "<ListBucketResult><IsTruncated>true</IsTruncated>\(entry)</ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>",
            "<ListBucketResult>\(entry)</ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>\(entry)</ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated>\(entry)",
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a/x</Key></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated>\(entry.replacing("a/x", with: "elsewhere"))</ListBucketResult>",
            "<html><body>Welcome</body></html>", "",
        ]
        for page in pages {
            let scene = try spoiled { line, _ in line.contains("list-type=2") ? .answer("200 OK", body: page) : .none }
            #expect(code { _ = try scene.store.list("a") } == .repositoryStorage, "\(page)")
        }
    }

    @Test("twenty thousand objects are listed with twenty requests")
    func longListing() throws {
        let requests = ProgressCounter()
        let scene = try spoiled { line, _ in
            requests.add(1)
            let token = line.firstMatch(of: /continuation-token=t([0-9]+)/).flatMap { Int($0.1) } ?? 0
            let entries = (token * 1000..<token * 1000 + 1000).map {
                "<Contents><Key>points/p/2026/01/\($0).point</Key><Size>1</Size><LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            }
            let next = token < 19 ? "<NextContinuationToken>t\(token + 1)</NextContinuationToken>" : ""
            return .answer(
                "200 OK",
                body:
                    "<ListBucketResult><IsTruncated>\(token < 19)</IsTruncated>\(next)\(entries.joined())</ListBucketResult>"
            )
        }
        #expect(try scene.store.list("points").count == 20_000)
        #expect(requests.value == 20)
    }

    @Test("what a store refuses is told in three clear lines")
    func refusals() throws {
        let cases: [(String, String, DiagnosticCode, [String])] = [
            (
                "403 Forbidden",
                error("RequestTimeTooSkewed", "<ServerTime>2026-01-01T00:20:00Z</ServerTime>"), .repositoryStorage,
                ["clock", "2026-01-01T00:20:00Z there"]
            ),
            (
                "400 Bad", error("AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>"), .repositoryStorage,
                ["eu-west-3"]
            ),
            ("301 Moved", error("PermanentRedirect"), .repositoryStorage, ["region"]),
            ("403 Forbidden", error("AccessDenied"), .repositoryStorage, ["denies it", "docs/stores.md"]),
            ("400 Bad", error("ExpiredToken"), .repositoryAccess, ["expired", "Get new ones"]),
            ("404 Not Found", error("NoSuchBucket"), .repositoryMissing, ["no bucket"]),
            ("400 Bad", error("InvalidStorageClass"), .repositoryStorage, ["'storageClass'"]),
            ("400 Bad", error("KMS.DisabledException"), .repositoryStorage, ["the key that the bucket encrypts with"]),
            ("400 Bad", error("Strange"), .repositoryStorage, ["'Strange'", "docs/stores.md"]),
            ("507 Full", "", .repositoryFull, ["full"]),
            ("503 Busy", error("SlowDown"), .repositoryStorage, ["SlowDown", "Try again later"]),
        ]
        for (status, body, code, words) in cases {
            let scene = try spoiled { _, _ in .answer(status, body: body) }
            let failure = #expect(throws: Diagnostic.self) { _ = try scene.store.list("a") }
            #expect(failure?.code == code && failure?.code.exitStatus == .repository)
            #expect(failure?.cause != nil && failure?.hint != nil, "\(status)")
            for word in words { #expect(failure?.description.contains(word) == true, "\(failure as Any)") }
        }
        let denied = try spoiled { [self] line, _ in
            line.hasPrefix("DELETE") ? .answer("403 Forbidden", body: error("AccessDenied")) : .none
        }
        let failure = #expect(throws: Diagnostic.self) { try denied.store.remove(try objectKey("a")) }
        #expect(failure?.code == .deleteDenied && failure?.hint?.contains("s3:DeleteObject") == true)
    }

    @Test("a look-up that is refused tells the store's reason, which HEAD cannot carry")
    func refusedHead() throws {
        let body = error("AuthorizationHeaderMalformed", "<Region>eu-west-3</Region>")
        let scene = try spoiled { line, _ in
            line.hasPrefix("HEAD") ? .answer("400 Bad") : .answer("400 Bad", body: body)
        }
        let failure = #expect(throws: Diagnostic.self) { _ = try scene.store.info(try objectKey("a")) }
        #expect(failure?.hint?.contains("eu-west-3") == true, "\(failure as Any)")
    }

    @Test("credentials that expire in the middle of an upload are looked for again")
    func expiry() throws {
        let server = try S3Server.shared(.moto)
        let issued = ProgressCounter()
        let issuer = try LoopbackServer { connection in
            while connection.request() != nil {
                issued.add(1)
                let key = "K\(issued.value)"
                connection.answer(
                    "200 OK",
                    body:
                        "{\"AccessKeyId\":\"\(key)\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
                )
            }
        }
        let body = error("ExpiredToken")
        let proxy = try FaultProxy(to: server.port) { line, earlier in
            line.contains("partNumber=2") && earlier == 0 ? .answer("400 Bad", body: body) : .none
        }
        var settings = S3Settings(bucket: try server.makeBucket())
        settings.credentials = .container
        settings.endpoint = proxy.endpoint
        let environment = ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(issuer.port)/"]
        let store = try S3Store(settings, environment: environment)
        let key = try objectKey("a/large")
        try write(20 << 20, to: key, in: store)
        #expect(try store.info(key)?.bytes == 20 << 20)
        #expect(issued.value == 2)
    }

    @Test("an object behind a delete marker is missing, and its versions are mentioned")
    func deleteMarker() throws {
        let body = error("NoSuchKey")
        let scene = try spoiled { _, _ in
            .answer("404 Not Found", headers: ["x-amz-delete-marker: true"], body: body)
        }
        let failure = #expect(throws: Diagnostic.self) { _ = try scene.store.get(try objectKey("a"), limit: 1) }
        #expect(failure?.code == .objectMissing && failure?.cause?.contains("delete marker") == true)
    }

    @Test("an answer to HEAD without length or time is no obstacle")
    func poorHead() throws {
        let scene = try spoiled { line, _ in line.hasPrefix("HEAD") ? .bareAnswer("200 OK") : .none }
        let key = try objectKey("a/b")
        try scene.direct.put(key, [1, 2])
        try scene.direct.put(try objectKey("a/b2"), [])
        #expect(try scene.store.info(key) == scene.direct.info(key))
        #expect(try scene.store.info(try objectKey("a/none")) == nil)
    }

    @Test("a store that is not there is given up soon; a run that is stopped does not wait")
    func unreachable() throws {
        var settings = S3Settings(bucket: "bucket")
        settings.endpoint = "http://127.0.0.1:\(try unusedPort())"
        let keys = ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"]
        let started = ContinuousClock.now
        let failure = #expect(throws: Diagnostic.self) {
            _ = try S3Store(settings, environment: keys).list("")
        }
        #expect(failure?.code == .repositoryUnreachable && failure?.retry == .later)
        #expect(.now - started < .seconds(10))
        let stop = Stop()
        let scene = try spoiled { _, _ in .answer("503 Busy") }
        var waiting = S3Settings(bucket: "bucket")
        waiting.endpoint = scene.proxy.endpoint
        waiting.retry.first = .seconds(1000)
        waiting.retry.longest = .seconds(1000)
        let store = try S3Store(waiting, environment: keys, stop: stop)
        startDedicatedThread { [stop] in
            usleep(50_000)
            stop.request()
        }
        #expect(throws: Stopped.self) { _ = try store.list("") }
    }

    @Test("a slow store slows the writer, and memory stays bounded whatever may be in flight")
    func slowStore() throws {
        let waiting = Mutex(0)
        let most = Mutex(0)
        let scene = try spoiled({ $0.partsInFlight = 100 }) { line, _ in
            guard line.contains("partNumber=") else { return .none }
            let now = waiting.withLock { count in
                count += 1
                return count
            }
            most.withLock { $0 = max($0, now) }
            usleep(50_000)
            waiting.withLock { $0 -= 1 }
            return .none
        }
        try write(80 << 20, to: try objectKey("a/large"), in: scene.store)
        #expect(most.withLock { $0 } <= 6, "no more parts of 5 MiB than 32 MiB hold are on their way")
    }
}
