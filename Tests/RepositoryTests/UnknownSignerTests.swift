import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("What unknown signers write")
struct UnknownSignerTests {
    let store = MemoryStore()
    let scene: Scene
    let repository: Repository
    let stranger: Keyring

    init() throws {
        scene = try Scene(store)
        repository = scene.repository
        stranger = try Keyring.createIfMissing(scene.home.path + "/stranger", now: Scene.start).keyring
            .trust(scene.keyring.signer.verifyingKey.text)
        store.advance(.seconds(100 * 3600))
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
    }

    /// What a rescue machine leaves after a drill: a record in a chain of its own.
    private func leaveRecord() throws {
        let theirs = try Repository.open(store, keyring: stranger)
        let hold = RunRecord.Event.hold(HoldChange(point: Scene.name(0), reason: "theirs"))
        try theirs.append(scene.record(hold, hour: 4))
    }

    @Test("a record of one is passed over and named, with the command that makes it count")
    func passedOver() throws {
        try repository.append(scene.record(.hold(HoldChange(point: Scene.name(1), reason: "ours")), hour: 3))
        try leaveRecord()
        #expect(repository.remarks.isEmpty)
        #expect(try repository.records().map(\.record.plan) == [Scene.shop])
        #expect(try repository.evidence().holds == [Scene.name(1): "ours"])
        let remark = try #require(repository.remarks.first)
        #expect(repository.remarks.count == 1 && remark.code == .signerUntrusted)
        let signer = stranger.signer.verifyingKey.text
        #expect(remark.cause?.contains(signer) == true && remark.hint?.contains("key trust \(signer)") == true)

        let trusting = try Repository.open(store, keyring: scene.keyring.trust(signer))
        #expect(try trusting.evidence().holds.count == 2)
        #expect(trusting.remarks.isEmpty)
    }

    @Test("a point of one is not judged: no record calls it bad, for others know who signed it")
    func unjudged() throws {
        let trusting = try Repository.open(store, keyring: scene.keyring.trust(stranger.signer.verifyingKey.text))
        let theirs = try Repository.open(store, keyring: stranger)
        let point = Scene.name(3)
        let archive = try scene.archive([7], for: point)
        let session = try theirs.beginSession(kind: .backup, plan: Scene.shop, base: nil)
        let manifest = Scene.manifest(point, archives: [archive], length: 1)
        _ = try theirs.commit(manifest: manifest, catalog: Scene.catalog, session: session)
        try session.end()
        let points = try repository.listPoints().map(\.name)
        #expect(points.contains(point))
        for depth in [VerifyDepth.sizes, .bytes] {
            let found = try repository.inspect(points, depth: depth, stop: Stop())
            #expect(found.unjudged.map(\.point) == [point])
            #expect(found.run.bad.isEmpty && !found.run.points.contains(point))
            #expect(try trusting.inspect(points, depth: depth, stop: Stop()).unjudged.isEmpty)
        }
    }

    @Test("a prune may be looked at beside one, and removes nothing: it may hold a point")
    func prune() throws {
        try leaveRecord()
        let removing = [PruneDecision(point: Scene.name(0), isKept: false, reasons: [])]
        let plan = try repository.planPrune(removing)
        #expect(plan.removed.count == 1)
        #expect(repository.pruneRefusal(PruneOptions())?.hint?.contains("records/shop/") == true)
        #expect(code { _ = try repository.prune(plan, tool: "test", now: Scene.start) } == .signerUntrusted)
        #expect(try repository.listPoints().count == 3)
        // With the key trusted the hold counts.
        let trusting = try Repository.open(
            store,
            keyring: scene.keyring.trust(stranger.signer.verifyingKey.text)
        )
        #expect(code { _ = try trusting.planPrune(removing) } == .pointHeld)
        let other = [PruneDecision(point: Scene.name(1), isKept: false, reasons: [])]
        #expect(try trusting.prune(trusting.planPrune(other), tool: "test", now: Scene.start).removedPoints.count == 1)
    }

    @Test("a descriptor of a later format counts only with the signature of a key that is trusted")
    func laterFormat() throws {
        let key = try objectKey("repository/999.json")
        store.replace(key, with: Array(#"{"format":2}"#.utf8))
        #expect(try Repository.open(store, keyring: scene.keyring).descriptor == repository.descriptor)
        store.remove(key)
        #expect(
            code { _ = try Repository.open(store, keyring: stranger).revised { $0.format = 2 } } == .repositoryFormat
        )
        #expect(try Repository.open(store, keyring: scene.keyring).descriptor == repository.descriptor)
        #expect(code { _ = try repository.revised { $0.format = 2 } } == .repositoryFormat)
        #expect(code { _ = try Repository.open(store, keyring: scene.keyring) } == .repositoryFormat)
    }
}

@Suite("A store that cannot be written")
struct UnwritableStoreTests {
    let store = MemoryStore()
    let scene: Scene
    let unwritable: Repository

    init() throws {
        scene = try Scene(store)
        store.advance(.seconds(100 * 3600))
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        let refusing = InterposedStore(inner: store) { kind, key in
            guard kind == .create || kind == .replace else { return }
            throw Diagnostic(.repositoryStorage, "cannot write '\(key)'", cause: "Read-only file system")
        }
        unwritable = try Repository.open(refusing, keyring: scene.keyring)
    }

    @Test("is read without a session, and says so; a run that writes needs one")
    func sessions() throws {
        #expect(try unwritable.beginReadingSession(kind: .restore, plan: Scene.shop, base: Scene.name(0)) == nil)
        #expect(unwritable.remarks.first?.cause == "Read-only file system")
        #expect(code { _ = try unwritable.beginSession(kind: .backup, plan: nil, base: nil) } == .repositoryStorage)
        let session = try scene.repository.beginReadingSession(kind: .restore, plan: Scene.shop, base: Scene.name(0))
        #expect(session != nil && scene.repository.remarks.isEmpty)
    }

    @Test("takes no record of an outcome, which is said")
    func outcome() throws {
        try unwritable.appendOutcome(scene.record(.verify(VerifyRun(points: [], bytesRead: 0, bad: []))))
        #expect(unwritable.remarks.first?.summary.contains("could not be recorded") == true)
        #expect(try scene.repository.records().isEmpty)
    }

    @Test("shows what a prune would do, and is not pruned")
    func prune() throws {
        let plan = try unwritable.planPrune([PruneDecision(point: Scene.name(0), isKept: false, reasons: [])])
        #expect(plan.removed.map(\.point) == [Scene.name(0)])
        #expect(code { _ = try unwritable.prune(plan, tool: "test", now: Scene.start) } == .repositoryStorage)
        #expect(try scene.repository.listPoints().count == 3)
    }

    @Test("gives its points to another repository")
    func copied() throws {
        let target = try Repository.create(in: MemoryStore(), keyring: scene.keyring, now: Scene.start)
        let run = try target.copyPoints(of: Scene.shop, from: unwritable, tool: "test", host: "here", stop: Stop())
        #expect(run.points.count == 3 && unwritable.remarks.count == 1)
    }
}
