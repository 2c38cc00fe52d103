import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

/// The ways of stores as their documentation and their users tell them; none of them runs here.
@Suite("Stores that speak S3 in their own way")
struct S3DialectTests {
    private static func ways(_ change: (inout PeculiarS3.Ways) -> Void) -> PeculiarS3.Ways {
        var ways = PeculiarS3.Ways()
        change(&ways)
        return ways
    }

    static let usable: [(name: String, ways: PeculiarS3.Ways, isExclusive: Bool)] = [
        ("like AWS, in small pages", ways { $0.pageSize = 3 }, true),
        (
            "refuses checksums by name and knows no conditions (B2)",
            ways {
                $0.checksums = .badRequest
                $0.conditions = .refuses
                $0.listsUploads = false
            }, false
        ),
        ("does not implement checksums, keeps conditions (R2)", ways { $0.checksums = .notImplemented }, true),
        (
            "does not say which header it does not know",
            ways {
                $0.checksums = .wordless
                $0.conditions = .refuses
            }, false
        ),
        ("knows no conditions, but checksums", ways { $0.conditions = .refuses }, false),
        (
            "ignores conditions, bare XML, ETags without quotes (an older SeaweedFS)",
            ways {
                $0.conditions = .ignores
                $0.xml = .bare
                $0.quotesETags = false
                $0.deleteStatus = "200 OK"
            }, false
        ),
        (
            "prefixed XML, encoded keys, chunked answers, poor HEADs",
            ways {
                $0.xml = .prefixed
                $0.encodesKeys = true
                $0.sendsChunks = true
                $0.hasPoorHead = true
                $0.pageSize = 2
            }, true
        ),
    ]

    private func store(_ server: PeculiarS3, _ change: (inout S3Settings) -> Void = { _ in }) throws -> S3Store {
        var settings = S3Settings(bucket: PeculiarS3.bucket, prefix: "deep/er")
        settings.endpoint = server.endpoint
        settings.retry.first = .milliseconds(5)
        settings.retry.attempts = 4
        change(&settings)
        return try S3Store(settings, environment: ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"])
    }

    @Test("keep the contract, as far as they create exclusively", arguments: [1, 6])
    func contract(_ index: Int) throws {
        let (name, ways, isExclusive) = Self.usable[index]
        let server = try PeculiarS3(ways)
        try ObjectStoreConformance(store: store(server), createsExclusively: isExclusive).run()
        if ways.checksums != .none {
            // Without a checksum an upload still carries an MD5, and the hash that is signed.
            #expect(server.count("content-md5") > 0, "\(name)")
        }
    }

    @Test("a repository is made, committed to, verified, pruned and read there", arguments: usable.indices)
    func repository(_ index: Int) throws {
        let (name, ways, isExclusive) = Self.usable[index]
        let server = try PeculiarS3(ways)
        defer { withExtendedLifetime(server) {} }
        let scene = try Scene(store(server))
        let repository = scene.repository
        #expect(repository.descriptor.capabilities.createsExclusively == isExclusive, "\(name)")
        // Large enough for an upload in parts, where those are peculiar.
        let bytes = [1, 2, 6].contains(index) ? 9 << 20 : 1000
        let large = try scene.archive([UInt8](repeating: 7, count: bytes), for: Scene.name(0))
        let first = try scene.commit(Scene.name(0), reusing: [large])
        try scene.commit(Scene.name(1), previous: first)
        #expect(try repository.verify([Scene.name(0), Scene.name(1)], stop: Stop()).bad.isEmpty, "\(name)")
        let decisions = [
            PruneDecision(point: Scene.name(0), isKept: false, reasons: ["old"]),
            PruneDecision(point: Scene.name(1), isKept: true, reasons: ["new"]),
        ]
        let plan = try repository.planPrune(decisions, options: PruneOptions(skipsWait: true))
        let run = try repository.prune(plan, tool: "test", now: .now)
        #expect(run.removedPoints.count == 1 && run.removedArchives == 2, "\(name)")
        #expect(try repository.listPoints().map(\.name) == [Scene.name(1)])
        #expect(try repository.readPoint(Scene.name(1)).name == Scene.name(1))
        #expect(try repository.listArchives().count == 1)
    }

    @Test("a wrong region is named with the right one, however the store says it", arguments: [0, 1, 2])
    func region(_ index: Int) throws {
        let hints: [PeculiarS3.Ways.RegionHint] = [.field, .sentence, .nothing]
        let server = try PeculiarS3(
            Self.ways {
                $0.region = "garage"
                $0.regionHint = hints[index]
            }
        )
        let error = #expect(throws: Diagnostic.self) { _ = try Scene(store(server)) }
        #expect(error?.code == .repositoryStorage && error?.cause != nil, "\(error as Any)")
        #expect(error?.hint?.contains(index < 2 ? "'garage'" : "AWS_REGION") == true, "\(error as Any)")
        _ = try Scene(store(server) { $0.region = "garage" })
    }

    @Test("a gateway that decodes names is refused when a repository is made")
    func decodedNames() throws {
        let server = try PeculiarS3(Self.ways { $0.decodesKeys = true })
        let error = #expect(throws: Diagnostic.self) { _ = try Scene(store(server)) }
        #expect(error?.code == .repositoryStorage && error?.hint?.contains("'%'") == true, "\(error as Any)")
    }

    @Test("a lock where there are none is refused when a repository is made, and overwrites nothing")
    func noLocks() throws {
        for handling in [PeculiarS3.Ways.Handling.refuses, .ignores] {
            let server = try PeculiarS3(Self.ways { $0.locks = handling })
            let error = #expect(throws: Diagnostic.self) { _ = try Scene(store(server) { $0.lock = .seconds(86_400) }) }
            #expect(error?.summary.contains("does not take a lock") == true, "\(error as Any)")
            #expect(!server.keys.contains { $0.contains("repository/") })
        }
    }

    @Test("a store that asks for time gets it")
    func slowDown() throws {
        let server = try PeculiarS3(Self.ways { $0.slowdowns = 1 })
        let begun = ContinuousClock.now
        try store(server).put(try objectKey("a/b"), [1])
        #expect(.now - begun >= .seconds(1) && server.keys.count == 1)
    }

    @Test("a store that kept conditions and does so no more is refused, and repo check says what changed")
    func lostConditions() throws {
        let server = try PeculiarS3(Self.ways { $0.conditions = .refuses })
        let store = try store(server)
        store.insist(on: StoreCapabilities(createsExclusively: true, isDurable: true))
        let error = #expect(throws: Diagnostic.self) { try store.put(try objectKey("a/b"), [1]) }
        #expect(error?.summary.contains("no longer creates") == true && server.keys.isEmpty, "\(error as Any)")
        store.insist(on: StoreCapabilities(createsExclusively: false, isDurable: true))
        try store.put(try objectKey("a/b"), [1])
    }
}
