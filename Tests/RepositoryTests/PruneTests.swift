import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Prune")
struct PruneTests {
    private static let day = Duration.seconds(24 * 3600)

    private let store = MemoryStore()
    private let scene: Scene
    private var repository: Repository { scene.repository }

    init() throws { scene = try Scene(store) }

    private func decisions(removing hours: [Int], of count: Int) -> [PruneDecision] {
        (0..<count).map {
            PruneDecision(point: Scene.name($0), isKept: !hours.contains($0), reasons: ["test"])
        }
    }

    private func prune(removing hours: [Int], of count: Int, _ options: PruneOptions = PruneOptions()) throws
        -> PruneRun
    {
        let plan = try repository.planPrune(decisions(removing: hours, of: count), options: options)
        return try repository.prune(plan, tool: "test", now: Scene.start)
    }

    /// A chain of points, each with an archive of its own and that of the point before.
    private func commitChain(_ count: Int) throws -> [StoredPoint] {
        var points: [StoredPoint] = []
        // The store's clock is past all of them: a point is committed after its snapshot.
        store.advance(.seconds(count * 3600))
        for hour in 0..<count {
            let reused = points.last?.manifest.archives.first
            points.append(
                try scene.commit(Scene.name(hour), reusing: reused.map { [$0] } ?? [], previous: points.last)
            )
        }
        return points
    }

    @Test("archives go a day after they were condemned, and never while a kept point refers to them")
    func twoPhases() throws {
        let points = try commitChain(3)
        let archives = points.compactMap(\.manifest.archives.first?.id)
        let first = try prune(removing: [0], of: 3)
        #expect(first.removedPoints == [points[0].asPrevious])
        #expect(first.removedArchives == 0)
        // Point 1 still refers to the archive of point 0.
        #expect(try repository.condemnedLists().isEmpty)
        _ = try repository.prune(
            repository.planPrune([PruneDecision(point: Scene.name(1), isKept: false, reasons: [])]),
            tool: "test",
            now: Scene.start
        )
        #expect(try repository.condemnedLists().flatMap(\.archives) == [archives[0]])
        #expect(try repository.listArchives().count == 3)
        store.advance(Self.day - .seconds(1))
        #expect(try repository.prune(repository.planPrune([]), tool: "test", now: Scene.start).removedArchives == 0)
        store.advance(.seconds(1))
        #expect(try repository.prune(repository.planPrune([]), tool: "test", now: Scene.start).removedArchives == 1)
        #expect(try Set(repository.listArchives().map(\.id)) == Set(archives[1...]))
        #expect(try repository.verify([Scene.name(2)], identities: [], stop: Stop()).bad.isEmpty)
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
    }

    @Test("held points, the newest complete point and the newest proven point are never removed")
    func guarded() throws {
        _ = try commitChain(4)
        try repository.append(scene.record(.hold(HoldChange(point: Scene.name(0), reason: "audit"))))
        try repository.append(scene.record(.drill(Self.drill(of: Scene.name(2), .proven)), hour: 1))
        for hour in [0, 2, 3] {
            #expect(code { _ = try prune(removing: [hour], of: 4) } == .pointHeld, "hour \(hour)")
        }
        #expect(try repository.listPoints().count == 4)
        #expect(try prune(removing: [1], of: 4).removedPoints.map(\.point) == [Scene.name(1)])
    }

    @Test("a newest point that is known to be bad does not protect itself; the newest good one is protected")
    func badNewest() throws {
        _ = try commitChain(3)
        let bad = VerifyRun(
            points: [Scene.name(2)],
            bytesRead: 0,
            bad: [BadPoint(point: Scene.name(2), reason: "hash")]
        )
        try repository.append(scene.record(.verify(bad)))
        #expect(code { _ = try prune(removing: [1], of: 3) } == .pointHeld)
        #expect(try prune(removing: [2], of: 3).removedPoints.map(\.point) == [Scene.name(2)])
    }

    @Test("a live backup keeps its base and what it has written so far; a dead one keeps nothing")
    func liveBackup() throws {
        _ = try commitChain(2)
        let session = try repository.beginSession(kind: .backup, plan: Scene.shop, base: Scene.name(0))
        let written = try scene.archive([1, 2, 3], for: Scene.name(2))
        #expect(try prune(removing: [0], of: 2).removedPoints.isEmpty)
        store.advance(.seconds(23 * 3600))
        try session.heartbeat(now: Scene.start)
        store.advance(Self.day)
        try session.heartbeat(now: Scene.start)
        _ = try prune(removing: [0], of: 2)
        #expect(try repository.condemnedLists().isEmpty)
        #expect(try repository.listArchives().contains { $0.id == written.id })
        try session.end()
        #expect(try prune(removing: [0], of: 2).removedPoints.map(\.point) == [Scene.name(0)])
        #expect(try repository.condemnedLists().flatMap(\.archives) == [written.id])
    }

    @Test("a run that slept until its archives were condemned cannot commit a point over them")
    func sleeper() throws {
        _ = try commitChain(1)
        let session = try repository.beginSession(kind: .backup, plan: Scene.shop, base: nil)
        let written = try scene.archive([1, 2, 3], for: Scene.name(1))
        store.advance(Self.day + .seconds(1))
        _ = try repository.prune(repository.planPrune([]), tool: "test", now: Scene.start)
        #expect(try repository.condemnedLists().flatMap(\.archives) == [written.id])
        let manifest = Scene.manifest(Scene.name(1), archives: [written], length: 3)
        #expect(
            code { _ = try repository.commit(manifest: manifest, catalog: Scene.catalog, session: session) }
                == .objectMissing
        )
    }

    @Test("a session of a process that is known to be dead protects nothing")
    func killedBackup() throws {
        var token = ProcessToken.current
        #expect(!token.isKnownDead)
        token.startTicks += "1"
        #expect(token.isKnownDead)
        token.boot = "another boot"
        #expect(!token.isKnownDead)
    }

    @Test("deleting without waiting needs the repository for itself")
    func withoutWaiting() throws {
        _ = try commitChain(2)
        _ = try scene.archive([1, 2, 3], for: Scene.name(5))
        let session = try repository.beginSession(kind: .restore, plan: Scene.shop, base: Scene.name(1))
        let options = PruneOptions(skipsWait: true)
        #expect(code { _ = try prune(removing: [], of: 2, options) } == .busy)
        try session.end()
        #expect(try prune(removing: [], of: 2, options).removedArchives == 1)
        #expect(try repository.listArchives().count == 2)
        #expect(try repository.sessions().isEmpty)
    }

    @Test("a listing that leaves out a point stops the collection")
    func partialListing() throws {
        let points = try commitChain(3)
        let plan = try repository.planPrune(decisions(removing: [0], of: 3))
        store.remove(try objectKey("points/shop/2027/01/20270115T090000Z.point"))
        #expect(code { _ = try repository.prune(plan, tool: "test", now: Scene.start) } == .objectMissing)
        #expect(try repository.listArchives().count == points.count)
        #expect(try repository.listPoints().count == 2)
        let accepted = PruneOptions(acceptsBrokenChain: true)
        let decision = PruneDecision(point: Scene.name(0), isKept: false, reasons: [])
        let again = try repository.planPrune([decision], options: accepted)
        #expect(try repository.prune(again, tool: "test", now: Scene.start).removedPoints.count == 1)
    }

    @Test("a listing that leaves out the newest point stops the collection too")
    func missingNewest() throws {
        _ = try commitChain(2)
        let run = BackupRun(
            point: Scene.name(1),
            recoveryInstant: nil,
            totals: nil,
            phases: [],
            failure: nil
        )
        try repository.append(scene.record(.backup(run)))
        store.remove(try objectKey("points/shop/2027/01/20270115T090000Z.point"))
        #expect(code { _ = try repository.planPrune([]) } == .objectMissing)
        #expect(try repository.verifyChain(plan: Scene.shop).map(\.point) == [Scene.name(1)])
        _ = try repository.planPrune([], options: PruneOptions(acceptsBrokenChain: true))
    }

    @Test("archives stay untouched while one kept manifest cannot be read")
    func unreadableManifest() throws {
        let points = try commitChain(3)
        _ = try scene.archive([9], for: Scene.name(7))
        let key = try objectKey("points/shop/2027/01/20270115T090000Z.point")
        var bytes = try #require(store.objects[key])
        bytes[bytes.count / 2] ^= 1
        store.replace(key, with: bytes)
        #expect(code { _ = try prune(removing: [0], of: 3) } == .signatureInvalid)
        #expect(try repository.listArchives().count == points.count + 1)
        // The damaged point itself may be removed.
        #expect(try prune(removing: [1], of: 3, PruneOptions(acceptsBrokenChain: true)).removedPoints.count == 1)
    }

    @Test(
        "a prune that fails at any operation leaves only complete points, and the next one finishes the work",
        arguments: zip(FaultyStore.Mode.allCases, [true, true, false, true])
    )
    func failsAnywhere(_ mode: FaultyStore.Mode, _ isCrash: Bool) throws {
        _ = try commitChain(3)
        _ = try scene.archive([1, 2, 3], for: Scene.name(9))
        _ = try repository.prune(repository.planPrune([]), tool: "test", now: Scene.start)
        store.advance(Self.day)
        let removing = decisions(removing: [0], of: 3)
        let goal = store.copy()
        _ = try run(removing, on: goal)
        let finished = try contents(of: goal)
        // Point 1 refers to the archive of point 0, so that only the orphan goes.
        #expect(finished.archives.count == 3 && finished.points == [Scene.name(1), Scene.name(2)])

        var failAt = 1
        while true {
            let copy = store.copy()
            let faulty = FaultyStore(copy, failAt: failAt, mode: mode, isCrash: isCrash)
            let failed = code { _ = try run(removing, on: faulty) } != nil
            faulty.deliverLate()
            try requireInvariants(copy)
            try killSessions(in: copy)
            let left = try removing.filter { try copy.info(objectKey("points/" + Self.path($0.point))) != nil }
            _ = try run(left, on: copy)
            #expect(try contents(of: copy) == finished, "after failing at \(failAt)")
            if !failed, faulty.operations < failAt { break }
            failAt += 1
        }
        #expect(failAt > 40)
    }

    @Test("a session that names something else inside is damaged, not an order to remove that")
    func forgedSession() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let session = try scene.repository.beginSession(kind: .backup, plan: Scene.shop, base: nil)
        let key = try #require(store.objects.keys.first { $0.text == "sessions/\(session.id)" })
        let text = String(decoding: try #require(store.objects[key]), as: UTF8.self)
        for name in ["../points", String(repeating: "0", count: 32)] {
            store.replace(key, with: Array(text.replacing("\"id\":\"\(session.id)\"", with: "\"id\":\"\(name)\"").utf8))
            #expect(code { _ = try scene.repository.sessions() } == .objectCorrupt, "\(name)")
        }
        try session.end()
    }

    private func run(_ decisions: [PruneDecision], on store: any ObjectStore) throws -> PruneRun {
        let repository = try Repository.open(store, keyring: scene.keyring)
        return try repository.prune(repository.planPrune(decisions), tool: "test", now: Scene.start)
    }

    /// Makes every session one of a process that is no longer there, as after a crash.
    private func killSessions(in store: MemoryStore) throws {
        for (key, bytes) in store.objects where key.text.hasPrefix("sessions/") {
            let text = String(decoding: bytes, as: UTF8.self)
            store.replace(key, with: Array(text.replacing("\"startTicks\":\"", with: "\"startTicks\":\"9").utf8))
        }
    }

    private struct Contents: Equatable {
        var points: [PointName]
        var archives: Set<ArchiveID>
    }

    private func contents(of store: MemoryStore) throws -> Contents {
        let repository = try Repository.open(store, keyring: scene.keyring)
        return Contents(
            points: try repository.listPoints().map(\.name),
            archives: Set(try repository.listArchives().map(\.id))
        )
    }

    /// Every point that exists is complete, what had to stay is there, and the chains hold.
    private func requireInvariants(_ store: MemoryStore) throws {
        let repository = try Repository.open(store, keyring: scene.keyring)
        let listed = try repository.listPoints().map(\.name)
        #expect(listed.contains(Scene.name(2)) && listed.contains(Scene.name(1)))
        #expect(try repository.verify(listed, stop: Stop()).bad.isEmpty)
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
    }

    private static func path(_ name: PointName) -> String {
        "\(name.plan)/\(name.slot.year)/\(name.slot.month)/\(name.slot).point"
    }

    static func drill(of point: PointName, _ verdict: DrillRun.Verdict) -> DrillRun {
        DrillRun(
            point: point,
            recoveryInstant: point.slot.instant,
            target: .ephemeral,
            targetVersion: "15.20",
            verdict: verdict,
            recoverySeconds: 1,
            phases: [],
            tables: .init(),
            catalog: .init(),
            checks: [],
            notChecked: [],
            failure: nil
        )
    }
}
