import Diagnostics
import Model
import Policy
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("What is known of a point goes with its copy")
struct TestimonyTests {
    private let scene: Scene
    private let store = MemoryStore()

    init() throws {
        scene = try Scene(MemoryStore())
        for hour in 0..<3 { try scene.commit(Scene.name(hour), content: "\(hour)") }
        // A point dated after its own commit would not count.
        store.advance(.seconds(100 * 3600))
    }

    private func sync(into store: any ObjectStore) throws -> Repository {
        if try store.holdsOnly([]) { _ = try Repository.create(in: store, keyring: scene.keyring, now: Scene.start) }
        let target = try Repository.open(store, keyring: scene.keyring)
        _ = try target.copyPoints(of: Scene.shop, from: scene.repository, tool: "t", host: "h", stop: Stop())
        return target
    }

    private func drill(_ hour: Int, _ verdict: DrillRun.Verdict) throws {
        let run = PruneTests.drill(of: Scene.name(hour), verdict)
        try scene.repository.append(scene.record(.drill(run), hour: 10 + hour))
    }

    @Test("a hold and a proof are known where the point was copied to, so that no prune removes it there")
    func carried() throws {
        _ = try scene.repository.hold(Scene.name(0), reason: "audit", tool: "t", now: Scene.start)
        _ = try scene.repository.hold(Scene.name(2), reason: "gone", tool: "t", now: Scene.start)
        _ = try scene.repository.hold(Scene.name(2), reason: nil, tool: "t", now: Scene.start)
        try drill(1, .proven)
        let target = try sync(into: store)
        let evidence = try target.evidence()
        #expect(evidence.holds == [Scene.name(0): "audit"])
        #expect(Set(evidence.proven.keys) == [Scene.name(1)])
        try scene.commit(Scene.name(3), content: "3")
        _ = try sync(into: store)
        let decisions = try target.retentionDecisions(
            plan: Scene.shop,
            policy: RetentionPolicy(keep: .init(last: 1)),
            now: store.now,
            zone: .utc
        )
        #expect(decisions.filter { !$0.isKept }.map(\.point) == [Scene.name(2)])
        // Once is enough, and what the target lets go is its own.
        _ = try target.hold(Scene.name(0), reason: nil, tool: "t", now: Scene.start)
        #expect(try sync(into: store).holds().isEmpty)
    }

    @Test("a point that failed after it was proven is not called proven, and nothing is said twice")
    func notCarried() throws {
        try drill(0, .proven)
        try drill(1, .proven)
        let bad = VerifyRun(points: [], bytesRead: 0, bad: [BadPoint(point: Scene.name(1), reason: "rot")])
        try scene.repository.append(scene.record(.verify(bad), hour: 20))
        let target = try sync(into: store)
        #expect(try Set(target.evidence().proven.keys) == [Scene.name(0)])
        let count = try target.records().count
        #expect(try sync(into: store).records().count == count)
    }

    @Test("the hold is there before the point is")
    func order() throws {
        _ = try scene.repository.hold(Scene.name(0), reason: "audit", tool: "t", now: Scene.start)
        let inner = store
        let seen = Mutex(0)
        let watching = InterposedStore(inner: store) { kind, name in
            guard kind == .create, name == Layout.point(Scene.name(0)).text else { return }
            seen.withLock { $0 = inner.objects.keys.count { $0.text.hasPrefix("records/") } }
        }
        _ = try sync(into: watching)
        #expect(seen.withLock { $0 } == 1)
    }

    @Test(
        "what is known of the bytes holds where the same archives are, all of them, and nothing is known against them"
    )
    func sameBytes() throws {
        let target = try sync(into: store)
        let point = try scene.repository.readPoint(Scene.name(1))
        #expect(try target.holdsSameBytes(as: point))
        let archive = try #require(point.manifest.archives.first).id
        let bytes = try #require(store.objects[Layout.archive(archive)])
        store.remove(Layout.archive(archive))
        #expect(try !target.holdsSameBytes(as: point))
        store.replace(Layout.archive(archive), with: bytes)
        #expect(try target.holdsSameBytes(as: point))
        let bad = VerifyRun(points: [], bytesRead: 0, bad: [BadPoint(point: Scene.name(1), reason: "rot")])
        try target.append(scene.record(.verify(bad)))
        #expect(try !target.holdsSameBytes(as: point))
        let other = try Scene(MemoryStore())
        try other.commit(Scene.name(0), content: "0")
        #expect(try !other.repository.holdsSameBytes(as: try scene.repository.readPoint(Scene.name(0))))
    }
}
