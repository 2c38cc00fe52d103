import Diagnostics
import Model
import Repository
import TestSupport
import Testing

@Suite("A break in the chain of points that was accepted")
struct AcceptedBreakTests {
    private let store = MemoryStore()
    private let scene: Scene
    private var repository: Repository { scene.repository }

    init() throws {
        scene = try Scene(store)
        store.advance(.seconds(200 * 3600))
    }

    private func key(_ hour: Int) -> ObjectKey { Layout.point(Scene.name(hour)) }

    /// Points that each continue the one before, with their backups' records.
    private func commitChain(_ hours: Range<Int>, after last: StoredPoint? = nil) throws -> StoredPoint? {
        try hours.reduce(last) { previous, hour in
            let point = try scene.commit(Scene.name(hour), previous: previous)
            let run = BackupRun(point: point.name, recoveryInstant: nil, totals: nil, phases: [], failure: nil)
            try repository.append(scene.record(.backup(run), hour: hour))
            return point
        }
    }

    @discardableResult
    private func prune(removing hours: [Int] = [], accepting: Bool = false) throws -> PruneRun {
        let decisions = hours.map { PruneDecision(point: Scene.name($0), isKept: false, reasons: []) }
        let fresh = try Repository.open(store, keyring: scene.keyring)
        let plan = try fresh.planPrune(decisions, options: PruneOptions(acceptsBrokenChain: accepting))
        return try fresh.prune(plan, tool: "test", now: Scene.start + .seconds(90 * 3600))
    }

    @Test("is written down by the prune that was told to, and stops no later one")
    func remembered() throws {
        _ = try commitChain(0..<4)
        store.remove(key(1))
        #expect(code { try prune() } == .objectMissing)
        // A look changes nothing and accepts nothing.
        let look = try repository.planPrune([], options: PruneOptions(acceptsBrokenChain: true))
        #expect(look.accepted.map(\.point) == [Scene.name(1), Scene.name(1)])
        #expect(
            Set(look.accepted.map { $0.expected == nil }) == [true, false]
                && look.accepted.allSatisfy { $0.found == nil }
        )
        #expect(code { try prune() } == .objectMissing)
        #expect(try prune(accepting: true).accepted?.count == 2)
        #expect(try prune(removing: [0]).removedPoints.count == 1)
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
        #expect(try prune().accepted == nil)
    }

    @Test("covers that point only: another that goes is news, and so is the same one when it was there again")
    func nothingElse() throws {
        let last = try commitChain(0..<4)
        store.remove(key(1))
        try prune(accepting: true)
        store.remove(key(2))
        #expect(try repository.verifyChain(plan: Scene.shop).allSatisfy { $0.point == Scene.name(2) })
        #expect(code { try prune() } == .objectMissing)
        try prune(accepting: true)
        try prune()
        _ = try commitChain(100..<101, after: last)
        let again = try scene.commit(Scene.name(1))
        let run = BackupRun(point: again.name, recoveryInstant: nil, totals: nil, phases: [], failure: nil)
        try repository.append(scene.record(.backup(run), hour: 101))
        try prune()
        store.remove(key(1))
        #expect(code { try prune() } == .objectMissing)
    }

    @Test("of a point that was replaced covers the one that stood there then")
    func replaced() throws {
        _ = try commitChain(0..<3)
        let first = try #require(store.objects[key(1)])
        store.remove(key(1))
        store.advance(.seconds(5))
        try scene.commit(Scene.name(1), content: "other")
        #expect(code { try prune() } == .objectMissing)
        try prune(accepting: true)
        try prune()
        store.remove(key(1))
        store.advance(.seconds(5))
        try scene.commit(Scene.name(1), content: "a third")
        #expect(code { try prune() } == .objectMissing)
        store.advance(.seconds(5))
        store.replace(key(1), with: first)
        try prune()
    }

    @Test("is none that came up between the look and the deed: that one was not shown")
    func notShown() throws {
        _ = try commitChain(0..<5)
        store.remove(key(1))
        let options = PruneOptions(acceptsBrokenChain: true)
        let going = [PruneDecision(point: Scene.name(0), isKept: false, reasons: [])]
        let plan = try repository.planPrune(going, options: options)
        // Replaced and not removed: that a point is not listed any more is refused in any case.
        store.remove(key(3))
        store.advance(.seconds(5))
        try scene.commit(Scene.name(3), content: "other")
        #expect(code { _ = try repository.prune(plan, tool: "test", now: Scene.start) } == .objectMissing)
        #expect(store.objects[key(0)] != nil)
    }

    @Test("need not be accepted where a damaged point is let go: what it was is known from the one after it")
    func discarded() throws {
        _ = try commitChain(0..<3)
        var bytes = try #require(store.objects[key(1)])
        bytes[bytes.count / 2] ^= 1
        store.replace(key(1), with: bytes)
        #expect(try prune(removing: [1]).removedPoints.count == 1)
        try prune()
        #expect(try repository.verifyChain(plan: Scene.shop).isEmpty)
    }
}
