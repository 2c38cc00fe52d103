import AgeEncryption
import Diagnostics
import HTTPClient
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("S3 stores")
struct S3StoreTests {
    static func store(
        _ kind: S3Server.Kind,
        bucket: String? = nil,
        prefix: String = "",
        lock: Duration? = nil
    ) throws -> S3Store {
        let server = try S3Server.shared(kind)
        var settings = S3Settings(bucket: try bucket ?? server.makeBucket(lock: lock != nil), prefix: prefix)
        settings.lock = lock
        return try S3Store(settings, environment: server.environment)
    }

    @Test("a bucket that keeps conditions keeps the contract", arguments: ["", "deep/er"])
    func moto(_ prefix: String) throws {
        try ObjectStoreConformance(store: Self.store(.moto, prefix: prefix)).run()
    }

    @Test("a bucket with Object Lock keeps the contract")
    func locked() throws { try ObjectStoreConformance(store: Self.store(.moto, lock: .seconds(86_400))).run() }

    @Test("a bucket that knows no conditions keeps the rest of the contract")
    func rclone() throws {
        try ObjectStoreConformance(store: Self.store(.rclone, prefix: "deep"), createsExclusively: false).run()
    }

    @Test("the probe tells a store that creates once from one that overwrites, and the descriptor keeps it")
    func probing() throws {
        let keeping = try Scene(Self.store(.moto)).repository
        #expect(keeping.descriptor.capabilities == StoreCapabilities(createsExclusively: true, isDurable: true))
        let ignoring = try Scene(Self.store(.rclone, prefix: "p")).repository
        #expect(ignoring.descriptor.capabilities == StoreCapabilities(createsExclusively: false, isDurable: true))
        #expect(try keeping.probe() == keeping.descriptor.capabilities)
        #expect(try ignoring.probe() == ignoring.descriptor.capabilities)
    }

    @Test("in a store that overwrites, runs that write exclude each other, and those that read do not")
    func oneWriterAtATime() throws {
        let repository = try Scene(Self.store(.rclone, prefix: "w")).repository
        let backup = try repository.beginSession(kind: .backup, plan: Scene.shop, base: nil)
        #expect(code { _ = try repository.beginSession(kind: .backup, plan: nil, base: nil) } == .busy)
        #expect(code { _ = try repository.beginSession(kind: .prune, plan: nil, base: nil) } == .busy)
        try repository.beginSession(kind: .restore, plan: Scene.shop, base: nil).end()
        try backup.end()
        try repository.beginSession(kind: .prune, plan: nil, base: nil).end()
    }

    @Test("a repository is never created beside somebody else's objects, and its neighbours are left alone")
    func neighbours() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket()
        let whole = try Self.store(.moto, bucket: bucket)
        try whole.put(try objectKey("repo-other/file"), [1])
        let repository = try Scene(Self.store(.moto, bucket: bucket, prefix: "repo")).repository
        #expect(try !repository.store.list("").contains { $0.key.text.contains("file") })
        #expect(code { _ = try Scene(Self.store(.moto, bucket: bucket, prefix: "repo-other")) } == .repositoryForeign)
    }

    @Test("a bucket that is not there is said to be missing, by everything")
    func missingBucket() throws {
        let store = try Self.store(.moto, bucket: "nobody-made-this")
        #expect(code { try store.prepare() } == .repositoryMissing)
        #expect(code { _ = try store.list("") } == .repositoryMissing)
        #expect(code { try store.put(try objectKey("a"), [1]) } == .repositoryMissing)
        #expect(code { try store.replace(try objectKey("a"), with: [1]) } == .repositoryMissing)
    }

    @Test("wrong credentials are refused in clear words")
    func wrongCredentials() throws {
        let server = try S3Server.shared(.rclone)
        let settings = S3Settings(bucket: try server.makeBucket())
        for (key, secret) in [("NOBODY", S3Server.secretKey), (S3Server.accessKey, "wrong")] {
            let own = ["AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret]
            let store = try S3Store(settings, environment: server.environment.merging(own) { _, new in new })
            let error = #expect(throws: Diagnostic.self) { _ = try store.list("") }
            #expect(
                error?.code == .repositoryAccess && error?.summary.contains("does not accept") == true,
                "\(error as Any)"
            )
            #expect(error?.description.contains(secret) != true)
        }
    }

    @Test("uploads that nobody finished are removed when they are old, and only ours")
    func orphans() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket()
        var settings = HTTPClientSettings()
        settings.allowsPlainText = true
        let client = HTTPClient(settings)
        let authorization = (
            name: "Authorization",
            value: "AWS4-HMAC-SHA256 Credential=\(S3Server.accessKey)/20260101/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host,Signature=0"
        )
        for key in ["mine/archives/aa/x.tar.age", "other/x"] {
            let url = "\(server.endpoint)/\(bucket)/\(key)?uploads"
            #expect(try client.perform(HTTPRequest("POST", url, headers: [authorization])).status == 200)
        }
        func open() throws -> String {
            let request = HTTPRequest("GET", "\(server.endpoint)/\(bucket)?uploads", headers: [authorization])
            return String(decoding: try client.perform(request).body, as: UTF8.self)
        }
        let store = try Self.store(.moto, bucket: bucket, prefix: "mine")
        try store.removeAbandoned(before: Instant(secondsSinceEpoch: 0))
        #expect(try open().contains("mine/archives"))
        try store.removeAbandoned(before: .now + .seconds(60))
        #expect(try !open().contains("mine/archives") && open().contains("other/x"))
    }

    @Test("an object is locked when it is created, and its lock is extended, never shortened")
    func objectLock() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket(lock: true)
        let store = try Self.store(.moto, bucket: bucket, lock: .seconds(86_400))
        let key = try objectKey("a/locked")
        let large = try objectKey("a/large")
        let begun = Instant.now
        try store.put(key, [1])
        let writer = try store.create(large)
        try writer.write(contentsOf: [UInt8](repeating: 3, count: 9 << 20))
        try writer.finish()
        for key in [key, large] {
            let end = try #require(try server.lockEnd(of: key.text, in: bucket))
            #expect(end >= begun + .seconds(86_400) && end < begun + .seconds(86_460))
            try store.extendLock(key, until: begun + .seconds(3600))
            #expect(try server.lockEnd(of: key.text, in: bucket) == end)
            try store.extendLock(key, until: begun + .seconds(10 * 86_400))
            #expect(try #require(try server.lockEnd(of: key.text, in: bucket)) >= begun + .seconds(10 * 86_400))
        }
        try store.remove(key)
        #expect(try store.info(key) == nil)
        #expect(code { _ = try store.get(key, limit: 1) } == .objectMissing)
    }

    @Test("a lock that the bucket cannot take is an error, not an unlocked object")
    func lockRefused() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket(lock: false)
        let store = try Self.store(.moto, bucket: bucket, lock: .seconds(86_400))
        let error = #expect(throws: Diagnostic.self) { try store.put(try objectKey("a"), [1]) }
        #expect(error?.code == .repositoryStorage && error?.summary.contains("lock") == true, "\(error as Any)")
    }
}
