import Diagnostics
import Glibc
import Model
import Policy
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("Collections that meet backups, holds and sleep")
struct CollectionRaceTests {
    private static let day = Duration.seconds(24 * 3600)

    private let store = MemoryStore()
    private let scene: Scene
    private var repository: Repository { scene.repository }

    init() throws {
        scene = try Scene(store)
        store.advance(.seconds(100 * 3600))
    }

    /// The same repository, with `happening` once before the first operation of that kind below `prefix`.
    private func interposed(
        _ kind: InterposedStore.Kind,
        _ prefix: String,
        _ happening: @escaping @Sendable () -> Void
    ) throws -> Repository {
        let box = Latest()
        let store = InterposedStore(inner: store) { found, key in
            guard found == kind, key.hasPrefix(prefix), box.isFirst() else { return }
            happening()
        }
        return try Repository.open(store, keyring: scene.keyring)
    }

    private func prune(_ repository: Repository, now: Bool, removing: [PointName] = []) throws -> PruneRun {
        let decisions = removing.map { PruneDecision(point: $0, isKept: false, reasons: []) }
        let plan = try repository.planPrune(decisions, options: PruneOptions(skipsWait: now))
        return try repository.prune(plan, tool: "test", now: Scene.start)
    }

    /// No point refers to anything that is not there, and nothing is missing from the chain.
    private func requireWhole() throws {
        let listed = try repository.listPoints().map(\.name)
        #expect(try repository.verify(listed, stop: Stop()).bad.isEmpty)
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
    }

    @Test("a backup that slept a day cannot commit over archives that a prune without waiting is deleting")
    func sleeperMeetsImmediatePrune() throws {
        try scene.commit(Scene.name(0))
        let session = try repository.beginSession(kind: .backup, plan: Scene.shop, base: nil)
        let written = try scene.archive([1, 2, 3], for: Scene.name(1))
        store.advance(Self.day + .seconds(1))
        let manifest = Scene.manifest(Scene.name(1), archives: [written], length: 3)
        let outcome = Mutex<DiagnosticCode?>(nil)
        let pruner = try interposed(.remove, "archives/") { [repository] in
            let found = code {
                _ = try repository.commit(manifest: manifest, catalog: Scene.catalog, session: session)
            }
            outcome.withLock { $0 = found }
        }
        #expect(try prune(pruner, now: true).removedArchives == 1)
        #expect(outcome.withLock { $0 } == .objectMissing)
        #expect(try repository.listPoints().map(\.name) == [Scene.name(0)])
        try requireWhole()
    }

    @Test("a backup that stood still in the middle of its commit takes the point back when its archives were deleted")
    func sleepsInsideCommit() throws {
        let first = try scene.commit(Scene.name(0))
        let written = try scene.archive([1, 2, 3], for: Scene.name(1))
        let manifest = Scene.manifest(Scene.name(1), archives: [written], length: 3, previous: first)
        let sleeper = try interposed(.create, "points/") { [store, repository] in
            store.advance(Self.day + .seconds(1))
            let options = PruneOptions(skipsWait: true)
            _ = try? repository.prune(repository.planPrune([], options: options), tool: "test", now: Scene.start)
        }
        let session = try sleeper.beginSession(kind: .backup, plan: Scene.shop, base: nil)
        #expect(
            code { _ = try sleeper.commit(manifest: manifest, catalog: Scene.catalog, session: session) }
                == .objectMissing
        )
        #expect(try repository.listArchives().map(\.id) == first.manifest.archives.map(\.id))
        #expect(try repository.listPoints().map(\.name) == [Scene.name(0)])
        try requireWhole()
    }

    @Test("a point that cannot be taken back is recorded as damaged and does not count")
    func cannotTakeBack() throws {
        try scene.commit(Scene.name(0))
        let written = try scene.archive([1, 2, 3], for: Scene.name(1))
        let manifest = Scene.manifest(Scene.name(1), archives: [written], length: 3)
        let denying = InterposedStore(inner: store) { [store] kind, key in
            if kind == .create, key.hasPrefix("points/") {
                store.remove(Layout.archive(written.id))
            }
            if kind == .remove { throw Diagnostic(.deleteDenied, "denied") }
        }
        let host = try Repository.open(denying, keyring: scene.keyring)
        #expect(code { _ = try host.commit(manifest: manifest, catalog: Scene.catalog) } == .objectMissing)
        #expect(try repository.evidence().bad[Scene.name(1)] != nil)
        let seen = try repository.retentionPoints(plan: Scene.shop)
        #expect(seen.map(\.isComplete) == [true, false])
    }

    @Test("a hold that comes while a prune removes points is refused, and so is a prune while a hold is placed")
    func holdMeetsPrune() throws {
        try scene.commit(Scene.name(0))
        try scene.commit(Scene.name(1))
        let outcome = Mutex<DiagnosticCode?>(nil)
        let pruner = try interposed(.remove, "points/") { [repository] in
            let found = code {
                _ = try repository.hold(Scene.name(0), reason: "audit", tool: "test", now: Scene.start)
            }
            outcome.withLock { $0 = found }
        }
        #expect(try prune(pruner, now: false, removing: [Scene.name(0)]).removedPoints.count == 1)
        #expect(outcome.withLock { $0 } == .busy)

        let holder = try interposed(.create, "records/") { [repository] in
            let found = code {
                _ = try repository.prune(repository.planPrune([]), tool: "test", now: Scene.start)
            }
            outcome.withLock { $0 = found }
        }
        #expect(try holder.hold(Scene.name(1), reason: "audit", tool: "test", now: Scene.start) == nil)
        #expect(outcome.withLock { $0 } == .busy)
        #expect(try repository.holds() == [Scene.name(1): "audit"])
    }

    @Test("a hold counts although a machine with a fast clock released the point before")
    func holdAfterFastClock() throws {
        try scene.commit(Scene.name(0))
        let fast = Scene.start + .seconds(7200)
        _ = try repository.hold(Scene.name(0), reason: "first", tool: "test", now: fast)
        _ = try repository.hold(Scene.name(0), reason: nil, tool: "test", now: fast)
        #expect(try repository.holds().isEmpty)
        _ = try repository.hold(Scene.name(0), reason: "second", tool: "test", now: Scene.start)
        #expect(try repository.holds() == [Scene.name(0): "second"])
    }

    @Test("a run that lasts gives signs of life by itself, and none when it is over")
    func pulse() throws {
        let busy = repository.running(on: MachineClock(pulse: .milliseconds(10)) { .zero })
        let session = try busy.beginSession(kind: .restore, plan: Scene.shop, base: nil)
        let start = try #require(repository.sessions().first?.state.heartbeat)
        let deadline = ContinuousClock.now + .seconds(30)
        while try repository.sessions().first?.state.heartbeat == start, ContinuousClock.now < deadline {
            // Whoever asks without a pause keeps the store's lock from whoever gives the sign.
            usleep(2000)
        }
        #expect(try #require(repository.sessions().first?.state.heartbeat) > start)
        try session.end()
        try session.heartbeat()
        let over = ContinuousClock.now + .milliseconds(200)
        while ContinuousClock.now < over { #expect(try repository.sessions().isEmpty) }
    }

    @Test("a prune that stood still for days removes nothing when it wakes", arguments: ["points/", "archives/"])
    func suspendedPrune(_ prefix: String) throws {
        for hour in 0..<3 { try scene.commit(Scene.name(hour)) }
        for hour in 5..<8 { _ = try scene.archive([UInt8(hour)], for: Scene.name(hour)) }
        _ = try prune(repository, now: false)
        store.advance(Self.day)
        let clock = Latest()
        // It goes to sleep in the middle of removing the first object, and wakes when that is done.
        let sleeper = try interposed(.remove, prefix) { [store] in
            store.advance(.seconds(3 * 24 * 3600))
            clock.set(.seconds(3 * 24 * 3600))
        }
        .running(on: MachineClock { clock.value })
        let before = try (repository.listPoints().count, repository.listArchives().count)
        #expect(code { _ = try prune(sleeper, now: false, removing: [Scene.name(0), Scene.name(1)]) } == .busy)
        let after = try (repository.listPoints().count, repository.listArchives().count)
        #expect(before.0 - after.0 == (prefix == "points/" ? 1 : 2))
        #expect(before.1 - after.1 == (prefix == "points/" ? 0 : 1))
        try requireWhole()
    }

    @Test("what was condemned once is not built upon again, so that later backups do not fail for ever")
    func condemnedIsNotReused() throws {
        let first = try scene.commit(Scene.name(0))
        let orphan = try scene.archive([1], for: Scene.name(9))
        _ = try prune(repository, now: false)
        let reusable = try repository.reusableArchives()
        #expect(Set(reusable.sizes.keys) == Set(first.manifest.archives.map(\.id)))
        #expect(reusable.sizes[orphan.id] == nil)
        // The list's number is not used twice, even when nothing is left of it.
        store.advance(Self.day)
        #expect(try prune(repository, now: false).removedArchives == 1)
        _ = try scene.archive([2], for: Scene.name(9))
        _ = try prune(repository, now: false)
        #expect(try repository.condemnedLists().map(\.epoch).max() == 2)
    }
}

/// A value that closures on several threads share.
private final class Latest: Sendable {
    private let state: Mutex<(hasHappened: Bool, up: Duration)>

    init() { state = Mutex((false, .zero)) }

    /// True once.
    func isFirst() -> Bool {
        state.withLock { state in
            defer { state.hasHappened = true }
            return !state.hasHappened
        }
    }

    var value: Duration { state.withLock { $0.up } }
    func set(_ up: Duration) { state.withLock { $0.up = up } }
}
