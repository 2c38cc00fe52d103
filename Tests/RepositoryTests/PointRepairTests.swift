import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Repair of a damaged point")
struct PointRepairTests {
    private let store = MemoryStore()
    private let scene: Scene
    private let copy: Repository
    /// What everything was before the test damaged it.
    private let whole: [ObjectKey: [UInt8]]

    init() throws {
        scene = try Scene(store)
        copy = try Repository.create(in: MemoryStore(), keyring: scene.keyring, now: Scene.start)
        var previous: StoredPoint?
        for hour in 0..<3 { previous = try scene.commit(Scene.name(hour), content: "\(hour)", previous: previous) }
        _ = try copy.copyPoints(of: Scene.shop, from: scene.repository, tool: "t", host: "h", stop: Stop())
        whole = store.objects
    }

    private func damage(_ hour: Int) throws {
        let key = Layout.point(Scene.name(hour))
        var bytes = try #require(store.objects[key])
        bytes[bytes.count / 2] ^= 1
        store.replace(key, with: bytes)
    }

    private func repair(_ hour: Int, from copies: [Repository]) throws -> Repository? {
        let session = try scene.repository.beginSession(kind: .repair, plan: Scene.shop, base: nil)
        defer { try? session.end() }
        return try scene.repository.repair(Scene.name(hour), from: copies, session: session, tool: "t", stop: Stop())
    }

    @Test("is brought by another repository, and the chain of points explains it", arguments: 0..<3)
    func mended(_ hour: Int) throws {
        try damage(hour)
        let fresh = try Repository.open(store, keyring: scene.keyring)
        #expect(code { _ = try fresh.readPoint(Scene.name(hour)) } != nil)
        #expect(try repair(hour, from: [copy]) != nil)
        let mended = try Repository.open(store, keyring: scene.keyring)
        #expect(try mended.verifyChain(plan: Scene.shop).isEmpty)
        let names = (0..<3).map { Scene.name($0) }
        #expect(try mended.verify(names, stop: Stop()).bad.isEmpty)
        let decisions = names.map { PruneDecision(point: $0, isKept: true, reasons: []) }
        _ = try mended.prune(mended.planPrune(decisions), tool: "t", now: Scene.start)
        #expect(try mended.listPoints().count == 3)
    }

    @Test("nothing is touched that is sound, or that no copy can bring")
    func untouched() throws {
        let before = store.objects.filter { $0.key.text.hasPrefix("points/") }
        #expect(try repair(1, from: [copy]) == nil)
        #expect(store.objects.filter { $0.key.text.hasPrefix("points/") } == before)
        try damage(1)
        let damaged = store.objects.filter { $0.key.text.hasPrefix("points/") }
        #expect(try repair(1, from: []) == nil)
        #expect(try repair(1, from: [scene.repository]) == nil)
        try copy.store.remove(Layout.point(Scene.name(1)))
        #expect(try repair(1, from: [copy]) == nil)
        #expect(store.objects.filter { $0.key.text.hasPrefix("points/") } == damaged)
    }

    @Test("a mended point that goes later is missed, although its removal is on record")
    func missedAgain() throws {
        let run = BackupRun(point: Scene.name(2), recoveryInstant: nil, totals: nil, phases: [], failure: nil)
        try scene.repository.append(scene.record(.backup(run), hour: 2))
        try damage(2)
        #expect(try repair(2, from: [copy]) != nil)
        #expect(try scene.repository.verifyChain(plan: Scene.shop).isEmpty)
        store.remove(Layout.point(Scene.name(2)))
        #expect(try scene.repository.verifyChain(plan: Scene.shop).map(\.point) == [Scene.name(2)])
    }

    @Test("an archive that is missing as well comes with it")
    func withArchive() throws {
        try damage(0)
        let archive = try #require(try copy.readPoint(Scene.name(0)).manifest.archives.first)
        store.remove(Layout.archive(archive.id))
        #expect(try repair(0, from: [copy]) != nil)
        let fresh = try Repository.open(store, keyring: scene.keyring)
        #expect(try fresh.verify([Scene.name(0)], stop: Stop()).bad.isEmpty)
    }

    private func archive(_ hour: Int) throws -> ArchiveFacts {
        try #require(try copy.readPoint(Scene.name(hour)).manifest.archives.first)
    }

    @Test(
        "an archive that was cut or changed is mended before the point gives way",
        arguments: [true, false]
    )
    func withDamagedArchive(_ isCut: Bool) throws {
        try damage(0)
        let key = Layout.archive(try archive(0).id)
        var bytes = try #require(store.objects[key])
        bytes[bytes.count - 1] ^= 1
        store.replace(key, with: isCut ? Array(bytes.dropLast(7)) : bytes)
        #expect(try repair(0, from: [copy]) != nil)
        let fresh = try Repository.open(store, keyring: scene.keyring)
        #expect(try fresh.verify([Scene.name(0)], stop: Stop()).bad.isEmpty)
    }

    @Test("a point stays, damaged as it is, when not all of its archives can be had")
    func archiveNowhere() throws {
        try damage(0)
        let key = Layout.archive(try archive(0).id)
        store.replace(key, with: [1])
        try copy.store.remove(key)
        let before = store.objects[Layout.point(Scene.name(0))]
        #expect(code { _ = try repair(0, from: [copy]) } == .objectMissing)
        #expect(store.objects[Layout.point(Scene.name(0))] == before)
        // A third repository has what the first copy lacks.
        let third = try Repository.create(in: MemoryStore(), keyring: scene.keyring, now: Scene.start)
        try third.store.put(key, try #require(whole[key]))
        #expect(try repair(0, from: [copy, third]) != nil)
        let fresh = try Repository.open(store, keyring: scene.keyring)
        #expect(try fresh.verify([Scene.name(0)], stop: Stop()).bad.isEmpty)
    }

    @Test("a point over archives that are about to be collected stays as it is")
    func condemned() throws {
        try damage(0)
        let list = #"{"archives":["\#(try archive(0).id)"],"format":1}"#
        store.replace(Layout.condemned(1), with: Array(list.utf8))
        #expect(code { _ = try repair(0, from: [copy]) } == .objectMissing)
        #expect(store.objects[Layout.point(Scene.name(0))] != nil)
    }

    @Test("no prune begins beside a repair, nor a repair beside a prune or another repair")
    func excludesPrune() throws {
        for (first, second) in [(SessionKind.repair, SessionKind.prune), (.prune, .repair), (.repair, .repair)] {
            let session = try scene.repository.beginSession(kind: first, plan: nil, base: nil)
            #expect(code { _ = try scene.repository.beginSession(kind: second, plan: nil, base: nil) } == .busy)
            try session.end()
        }
    }
}
