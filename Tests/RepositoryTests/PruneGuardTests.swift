import Diagnostics
import Model
import Policy
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("What a prune refuses")
struct PruneGuardTests {
    private static let day = Duration.seconds(24 * 3600)

    private let store = MemoryStore()
    private let scene: Scene
    private var repository: Repository { scene.repository }

    init() throws {
        scene = try Scene(store)
        store.advance(.seconds(100 * 3600))
    }

    private func prune(removing hours: some Sequence<Int>, _ options: PruneOptions = PruneOptions()) throws -> PruneRun
    {
        let decisions = hours.map { PruneDecision(point: Scene.name($0), isKept: false, reasons: []) }
        let fresh = try Repository.open(store, keyring: scene.keyring)
        return try fresh.prune(fresh.planPrune(decisions, options: options), tool: "test", now: Scene.start)
    }

    private func pointKey(_ hour: Int) throws -> ObjectKey { Layout.point(Scene.name(hour)) }

    @Test("more than half of the points or archives go only when that is said; a small repository is thinned freely")
    func share() throws {
        for hour in 0..<20 { try scene.commit(Scene.name(hour)) }
        #expect(code { _ = try prune(removing: 0..<11) } == .pruneRefused)
        #expect(try repository.listPoints().count == 20)
        #expect(try prune(removing: 0..<10).removedPoints.count == 10)
        #expect(try prune(removing: 10..<18).removedPoints.count == 8)
        for hour in 30..<80 { _ = try scene.archive([1], for: Scene.name(hour)) }
        #expect(code { _ = try prune(removing: []) } == .pruneRefused)
        let planned = try repository.planPrune([])
        #expect(planned.excess?.what == "50 of 70 archives")
        #expect(try repository.condemnedLists().flatMap(\.archives).count == 18)
        _ = try prune(removing: [], PruneOptions(maxSharePercent: 72))
        // What was condemned with that word goes without it.
        store.advance(Self.day)
        #expect(try prune(removing: []).removedArchives == 68)
    }

    @Test("what many killed runs left goes without a word, a day later, where an earlier prune has seen every point")
    func killedRuns() throws {
        for hour in 0..<4 { try scene.commit(Scene.name(hour)) }
        _ = try prune(removing: [])
        for hour in 30..<80 { _ = try scene.archive([1], for: Scene.name(hour)) }
        // As old as a run that may be alive, and with no second look: these are counted.
        #expect(code { _ = try prune(removing: []) } == .pruneRefused)
        store.advance(Self.day)
        #expect(code { _ = try prune(removing: [], PruneOptions(skipsWait: true)) } == .pruneRefused)
        let broken = PruneOptions(acceptsBrokenChain: true)
        #expect(code { _ = try prune(removing: [], broken) } == .pruneRefused)
        #expect(try prune(removing: []).removedArchives == 0)
        store.advance(Self.day)
        #expect(try prune(removing: []).removedArchives == 50)
        #expect(try repository.listArchives().count == 4)
    }

    @Test("archives of points that vanished with their records are counted, however old they are, without a census")
    func noCensus() throws {
        for hour in 0..<20 { try scene.commit(Scene.name(hour)) }
        store.advance(Self.day)
        for hour in 0..<18 { store.remove(try pointKey(hour)) }
        #expect(code { _ = try prune(removing: []) } == .pruneRefused)
        #expect(try repository.listArchives().count == 20)
    }

    @Test("a point that the last prune saw and that is not listed any more stops the next one")
    func fewerThanBefore() throws {
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        _ = try prune(removing: [])
        // No record tells of these points, and none continues another: only the census knows them.
        store.remove(try pointKey(2))
        #expect(code { _ = try prune(removing: []) } == .objectMissing)
        #expect(try repository.listArchives().count == 3)
        _ = try prune(removing: [], PruneOptions(acceptsBrokenChain: true))
        _ = try prune(removing: [])
    }

    @Test("a second prune reads no manifest that the first has read, and reads what is new or other than it was")
    func readsOnce() throws {
        for hour in 0..<5 { try scene.commit(Scene.name(hour)) }
        #expect(try pointsRead() == 5)
        _ = try prune(removing: [])
        #expect(try pointsRead() == 0)
        try scene.commit(Scene.name(5))
        #expect(try pointsRead() == 1)
        store.advance(.seconds(5))
        let key = try pointKey(1)
        store.replace(key, with: try #require(store.objects[key]))
        #expect(try pointsRead() == 2)
    }

    /// How many points a process of its own reads to plan a prune.
    private func pointsRead() throws -> Int {
        let count = Counter()
        let counting = InterposedStore(inner: store) { kind, key in
            if kind == .read, key.hasPrefix("points/") { count.add() }
        }
        _ = try Repository.open(counting, keyring: scene.keyring).planPrune([])
        return count.value
    }

    @Test("a census that another machine signed is not believed")
    func foreignCensus() throws {
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        _ = try prune(removing: [])
        let (key, bytes) = try #require(store.objects.first { $0.key.text.hasPrefix("census/") })
        var changed = bytes
        changed[changed.count - 1] ^= 1
        store.replace(key, with: changed)
        #expect(try pointsRead() == 3)
        _ = try prune(removing: [])
        #expect(try pointsRead() == 0)
    }

    @Test("where nothing may be deleted, a prune says so, counts, and loses nothing")
    func denied() throws {
        let denying = InterposedStore(inner: store) { kind, key in
            if kind == .remove { throw Diagnostic(.deleteDenied, "cannot remove '\(key)'") }
        }
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        _ = try scene.archive([1], for: Scene.name(9))
        let host = try Repository.open(denying, keyring: scene.keyring)
        let removing = [PruneDecision(point: Scene.name(0), isKept: false, reasons: [])]
        let run = try host.prune(host.planPrune(removing), tool: "test", now: Scene.start)
        #expect(run.denied == 1 && run.removedPoints.isEmpty)
        // Its session could not be removed either, and keeps nobody out.
        #expect(try repository.sessions().allSatisfy { $0.state.hasEnded == true })
        store.advance(Self.day)
        let again = try host.prune(host.planPrune([]), tool: "test", now: Scene.start)
        #expect(again.denied == 1 && again.removedArchives == 0 && again.freedBytes == 0)
        #expect(try repository.verify(repository.listPoints().map(\.name), stop: Stop()).bad.isEmpty)
        #expect(try prune(removing: [0]).removedPoints.count == 1)
        #expect(try repository.listArchives().count == 3)
    }

    @Test("a repository is created and written by credentials that may not delete")
    func createdWithoutDeleting() throws {
        let store = MemoryStore()
        let denying = InterposedStore(inner: store) { kind, key in
            if kind == .remove { throw Diagnostic(.deleteDenied, "cannot remove '\(key)'") }
        }
        let other = try Scene(denying)
        try other.commit(Scene.name(0))
        let session = try other.repository.beginSession(kind: .backup, plan: Scene.shop, base: Scene.name(0))
        try session.end()
        let options = PruneOptions(skipsWait: true)
        #expect(
            try other.repository.prune(other.repository.planPrune([], options: options), tool: "t", now: Scene.start)
                .denied == nil
        )
    }

    @Test("a point dated after its own commit is not the newest, and does not cost the newest good one its protection")
    func forgedDate() throws {
        try scene.commit(Scene.name(0))
        try scene.commit(Scene.name(1))
        try scene.commit(Scene.name(24 * 365 * 50))
        #expect(code { _ = try prune(removing: [1]) } == .pointHeld)
        let policy = RetentionPolicy(keep: .init(last: 1))
        let decisions = try repository.retentionDecisions(
            plan: Scene.shop,
            policy: policy,
            now: store.now,
            zone: .utc
        )
        #expect(decisions.filter { !$0.isKept }.map(\.point) == [Scene.name(0)])
    }

    @Test("a point whose archive is gone does not count, and pushes nothing out")
    func incomplete() throws {
        try scene.commit(Scene.name(0))
        let newer = try scene.commit(Scene.name(1))
        store.remove(Layout.archive(try #require(newer.manifest.archives.first).id))
        let decisions = try repository.retentionDecisions(
            plan: Scene.shop,
            policy: RetentionPolicy(keep: .init(last: 1)),
            now: store.now,
            zone: .utc
        )
        #expect(decisions.allSatisfy { $0.isKept })
    }

    @Test("damaged points are let go only when that is said")
    func discard() throws {
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        var bytes = try #require(store.objects[try pointKey(1)])
        bytes[bytes.count / 2] ^= 1
        store.replace(try pointKey(1), with: bytes)
        let policy = RetentionPolicy(keep: .init(last: 9))
        let kept = try repository.retentionDecisions(plan: Scene.shop, policy: policy, now: store.now, zone: .utc)
        #expect(kept.allSatisfy { $0.isKept })
        let discarding = try repository.discardingDamaged(kept)
        #expect(discarding.filter { !$0.isKept }.map(\.point) == [Scene.name(1)])
        #expect(
            try repository.prune(repository.planPrune(discarding), tool: "test", now: Scene.start).removedPoints.count
                == 1
        )
    }

    /// A repository in which two readings of a point's bytes fail as a bad disk does, after those that are let through.
    private func onBadDisk(_ hour: Int, after passed: Int) throws -> Repository {
        let (key, readings) = (try pointKey(hour).text, Counter())
        let disk = InterposedStore(inner: store) { kind, name in
            guard kind == .read, name == key else { return }
            readings.add()
            guard readings.value > passed, readings.value <= passed + 2 else { return }
            throw Diagnostic(.objectCorrupt, "cannot read '\(name)'", cause: "Input/output error")
        }
        return try Repository.open(disk, keyring: scene.keyring)
    }

    @Test("a point that a disk does not give back for a moment is not damaged", arguments: 0..<4)
    func passingFault(_ passed: Int) throws {
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        let disk = try onBadDisk(1, after: passed)
        let policy = RetentionPolicy(keep: .init(last: 9))
        do {
            let kept = try disk.retentionDecisions(plan: Scene.shop, policy: policy, now: store.now, zone: .utc)
            let plan = try disk.planPrune(disk.discardingDamaged(kept))
            _ = try disk.prune(plan, tool: "test", now: Scene.start)
        } catch let error as Diagnostic where error.code == .objectCorrupt {
            // It may refuse, and must not remove.
        }
        #expect(try repository.listPoints().count == 3)
    }

    @Test("a damaged point that was mended between the decision and the act stays")
    func mendedMeanwhile() throws {
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        let good = try #require(store.objects[try pointKey(1)])
        var bytes = good
        bytes[bytes.count / 2] ^= 1
        store.replace(try pointKey(1), with: bytes)
        let decisions = Scene.kept(0..<3)
        let discarding = try repository.discardingDamaged(decisions)
        #expect(discarding.filter { !$0.isKept }.map(\.point) == [Scene.name(1)])
        let plan = try repository.planPrune(discarding, options: PruneOptions(acceptsBrokenChain: true))
        #expect(plan.removed.map(\.point) == [Scene.name(1)])
        store.replace(try pointKey(1), with: good)
        #expect(try repository.prune(plan, tool: "test", now: Scene.start).removedPoints.isEmpty)
        #expect(try repository.listPoints().count == 3)
    }

    @Test("an archive that is mostly dead is marked, and later backups do not build on it")
    func repack() throws {
        let big = try scene.archive([UInt8](repeating: 7, count: 200_000), for: Scene.name(0))
        let manifest = Scene.manifest(Scene.name(0), archives: [big], length: 50_000)
        _ = try repository.commit(manifest: manifest, catalog: Scene.catalog)
        let plan = try repository.planPrune([]).repack
        #expect(plan.candidates.map(\.archive) == [big.id] && plan.liveBytes == 50_000)
        #expect(try repository.repack(plan).count == 1)
        #expect(try repository.repack(plan).isEmpty)
        let reusable = try repository.reusableArchives()
        #expect(reusable.repacked == [big.id] && reusable.sizes[big.id] == nil)
        // When the archive is gone the mark goes too.
        try scene.commit(Scene.name(1))
        _ = try prune(removing: [0], PruneOptions(skipsWait: true))
        #expect(store.objects.keys.allSatisfy { !$0.text.hasPrefix("repack/") })
    }
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let count = Atomic(0)

    func add() { count.add(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}
