import AgeEncryption
import Diagnostics
import Model
import Policy
import Repository
import Streams
import TestSupport
import Testing

@Suite("What the records say of points")
struct EvidenceTests {
    let store = MemoryStore()
    let scene: Scene
    let repository: Repository

    init() throws {
        scene = try Scene(store)
        repository = scene.repository
        store.advance(.seconds(100 * 3600))
    }

    private func damage(_ archive: ArchiveFacts) throws {
        var bytes = try #require(store.objects[Layout.archive(archive.id)])
        bytes[bytes.count - 1] ^= 1
        store.replace(Layout.archive(archive.id), with: bytes)
    }

    private func verify(_ hours: Int..., depth: VerifyDepth = .bytes) throws -> VerifyRun {
        let run = try repository.inspect(hours.map { Scene.name($0) }, depth: depth, stop: Stop()).run
        try repository.append(scene.record(.verify(run), hour: 90))
        return run
    }

    private func problem(_ hour: Int) throws -> String? {
        let known = KnownPoint(try repository.readPoint(Scene.name(hour)))
        return try repository.evidence().problem(of: known.name, needing: known.uses.map(\.archive))
    }

    @Test("an archive that was found damaged counts against every point that needs it, until it is found sound")
    func damagedArchive() throws {
        let first = try scene.commit(Scene.name(0))
        let shared = first.manifest.archives
        try scene.commit(Scene.name(1), reusing: shared)
        try scene.commit(Scene.name(2))
        let good = try #require(store.objects[Layout.archive(shared[0].id)])
        try damage(shared[0])
        // Only the oldest was looked at.
        #expect(try verify(0).damaged == [shared[0].id])
        #expect(try problem(1)?.contains(shared[0].id.text) == true)
        #expect(try problem(2) == nil)
        let policy = RetentionPolicy(keep: .init(last: 1))
        let decisions = try repository.retentionDecisions(
            plan: Scene.shop,
            policy: policy,
            now: store.now,
            zone: .utc
        )
        #expect(decisions.first { $0.point == Scene.name(1) }?.reasons.contains { $0.contains("bad") } == true)
        // Sizes say nothing good of it.
        _ = try verify(0, 1, 2, depth: .sizes)
        #expect(try problem(1) != nil)
        store.replace(Layout.archive(shared[0].id), with: good)
        // Read whole for the sake of another point it is sound for all, those to come included.
        #expect(try verify(1).soundAgain == [shared[0].id])
        try scene.commit(Scene.name(3), reusing: shared)
        #expect(try problem(1) == nil && problem(3) == nil)
        #expect(try problem(0) != nil)
        _ = try verify(0)
        #expect(try problem(0) == nil)
    }

    @Test("the newest point that needs no damaged archive is the newest good one, and stays")
    func guarded() throws {
        try scene.commit(Scene.name(0))
        let second = try scene.commit(Scene.name(1))
        try scene.commit(Scene.name(2), reusing: second.manifest.archives)
        try damage(second.manifest.archives[0])
        _ = try verify(1)
        let removing = [PruneDecision(point: Scene.name(0), isKept: false, reasons: [])]
        #expect(code { _ = try repository.planPrune(removing) } == .pointHeld)
    }

    @Test("what was sound after an archive was found damaged is sound, and what needs the archive is not")
    func laterAcquittal() throws {
        let first = try scene.commit(Scene.name(0))
        try scene.commit(Scene.name(1), reusing: first.manifest.archives)
        let id = first.manifest.archives[0].id
        let found = VerifyRun(
            points: [Scene.name(0)],
            bytesRead: 0,
            bad: [BadPoint(point: Scene.name(0), reason: "flipped")],
            damaged: [id]
        )
        try repository.append(scene.record(.verify(found), hour: 10))
        try repository.append(scene.record(.drill(proof(of: 1)), hour: 11))
        #expect(try problem(0) != nil && problem(1) == nil)
        let again = scene.record(.verify(found), hour: 12)
        try repository.append(again)
        #expect(try problem(1) != nil)
        // Of what was found twice the first time counts, unless the point was sound in between.
        let evidence = try repository.evidence()
        let since = [0, 1].map { evidence.damage(of: Scene.name($0), needing: [id])?.since }
        #expect(since[1] == again.finished && since[0].map { $0 < again.finished } == true)
    }

    private func proof(of hour: Int) -> DrillRun { PruneTests.drill(of: Scene.name(hour), .proven) }

    private func backUp(_ hour: Int, reusing: Int = 1, alarm: Failure? = nil) throws {
        var totals = BackupTotals()
        totals.rangesReused = reusing
        let run = BackupRun(
            point: Scene.name(hour),
            recoveryInstant: Scene.name(hour).slot.instant,
            totals: totals,
            phases: [],
            failure: nil,
            alarm: alarm
        )
        try repository.append(scene.record(.backup(run), hour: hour))
    }

    @Test("a backup's alarm makes the points since the last full read suspect, until a drill proves them")
    func alarm() throws {
        for hour in 0..<6 { try scene.commit(Scene.name(hour)) }
        try backUp(0, reusing: 0)
        try backUp(1)
        try backUp(2, reusing: 0)
        try backUp(3)
        try backUp(4)
        try repository.append(scene.record(.drill(proof(of: 3)), hour: 4))
        try backUp(5, alarm: Failure(code: "object-corrupt", summary: "rows changed without a trace", cause: "t"))
        var evidence = try repository.evidence()
        #expect(evidence.suspect.keys.sorted() == [Scene.name(3), Scene.name(4)])
        #expect(evidence.proven.isEmpty)
        #expect(try problem(4)?.contains("rows changed without a trace: t") == true && problem(5) == nil)
        let retained = try repository.retentionPoints(plan: Scene.shop)
        #expect(retained.filter(\.isKnownBad).count == 2)
        try repository.append(scene.record(.drill(proof(of: 3)), hour: 6))
        evidence = try repository.evidence()
        #expect(evidence.suspect.keys.sorted() == [Scene.name(4)] && evidence.proven[Scene.name(3)] != nil)
        // Bytes as they were written prove nothing here.
        let sound = VerifyRun(points: [Scene.name(4)], bytesRead: 0, bad: [])
        try repository.append(scene.record(.verify(sound), hour: 7))
        #expect(try problem(4) != nil)
    }

    @Test("a point that was committed again after its removal is missed when it goes")
    func committedAgain() throws {
        let stored = try scene.commit(Scene.name(0))
        try scene.commit(Scene.name(1))
        try backUp(0)
        let removal = PruneRun(removedPoints: [stored.asPrevious], removedArchives: 0, freedBytes: 0)
        try repository.append(scene.record(.prune(removal), hour: 2))
        store.remove(Layout.point(Scene.name(0)))
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
        var sync = SyncRun(source: "elsewhere")
        sync.points = [PreviousPoint(point: Scene.name(0), sha256: String(repeating: "0", count: 64))]
        try repository.append(scene.record(.sync(sync), hour: 3))
        #expect(try repository.verifyChain(plan: Scene.shop).map(\.point) == [Scene.name(0)])
        #expect(try repository.evidence().vanished(among: [Scene.name(1)]) == [Scene.name(0)])
        let again = PruneRun(removedPoints: sync.points, removedArchives: 0, freedBytes: 0)
        try repository.append(scene.record(.prune(again), hour: 4))
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
    }

    @Test("a copy builds on no archive that the target's records call damaged, unless it reads as it should")
    func copying() throws {
        let target = try Repository.create(in: MemoryStore(), keyring: scene.keyring, now: Scene.start)
        let first = try scene.commit(Scene.name(0))
        func copy() throws -> SyncRun {
            try target.copyPoints(of: Scene.shop, from: repository, tool: "t", host: "h", stop: Stop())
        }
        #expect(try copy().points.count == 1)
        let facts = first.manifest.archives[0]
        let key = Layout.archive(facts.id)
        let targetStore = try #require(target.store as? MemoryStore)
        let good = try #require(targetStore.objects[key])
        var bad = good
        bad[bad.count - 1] ^= 1
        targetStore.replace(key, with: bad)
        try target.append(scene.record(.verify(target.verify([Scene.name(0)], stop: Stop()))))
        try scene.commit(Scene.name(1), reusing: [facts])
        let failed = try copy()
        #expect(failed.points.isEmpty && failed.failed.map(\.point) == [Scene.name(1)])
        #expect(try target.listPoints().count == 1)
        targetStore.replace(key, with: good)
        #expect(try copy().points.map(\.point) == [Scene.name(1)])
    }
}
