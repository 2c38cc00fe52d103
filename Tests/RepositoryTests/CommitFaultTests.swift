import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Faults while a backup is written")
struct CommitFaultTests {
    /// One whole backup: session, archive, commit, record.
    private func backUp(_ scene: Scene, to store: any ObjectStore) throws {
        let repository = try Repository.open(store, keyring: scene.keyring)
        let previous = try repository.newestPoint(plan: Scene.shop)
        let session = try repository.beginSession(kind: .backup, plan: Scene.shop, base: previous?.name)
        let writer = try repository.newArchive()
        try writer.write(contentsOf: Array("new rows".utf8))
        try writer.finish()
        let facts = writer.facts(writtenIn: Scene.name(1))
        let manifest = Scene.manifest(Scene.name(1), archives: [facts], length: 8, previous: previous)
        _ = try repository.commit(manifest: manifest, catalog: Scene.catalog, session: session)
        try repository.append(scene.record(.hold(HoldChange(point: Scene.name(1), reason: "made"))))
        try session.end()
    }

    @Test(
        "a backup that fails at any operation leaves the point before it and at most one more, each complete",
        arguments: FaultyStore.Mode.allCases
    )
    func failsAnywhere(_ mode: FaultyStore.Mode) throws {
        let origin = MemoryStore()
        let scene = try Scene(origin)
        let first = try scene.commit(Scene.name(0))
        var failAt = 1
        var outcomes: Set<Int> = []
        while true {
            let store = origin.copy()
            let faulty = FaultyStore(store, failAt: failAt, mode: mode, isCrash: true)
            let failed = code { try backUp(scene, to: faulty) } != nil
            faulty.deliverLate()
            let repository = try Repository.open(store, keyring: scene.keyring)
            let listed = try repository.listPoints().map(\.name)
            outcomes.insert(listed.count)
            #expect(try repository.readPoint(Scene.name(0)) == first)
            #expect(try repository.verify(listed, stop: Stop()).bad.isEmpty, "after failing at \(failAt)")
            _ = try repository.records()
            #expect(repository.brokenRecords.isEmpty, "after failing at \(failAt)")
            if !listed.contains(Scene.name(1)) { try backUp(scene, to: store) }
            #expect(try repository.listPoints().count == 2)
            if !failed, faulty.operations < failAt { break }
            failAt += 1
        }
        #expect(failAt > 20)
        #expect(outcomes == [1, 2])
    }

    @Test("a commit whose answer was lost is a commit, and is not repeated")
    func lostAnswer() throws {
        let origin = MemoryStore()
        let scene = try Scene(origin)
        for failAt in 1...60 {
            let store = origin.copy()
            let faulty = FaultyStore(store, failAt: failAt, mode: .lostAnswer, isCrash: false)
            guard code({ try backUp(scene, to: faulty) }) == nil else { continue }
            #expect(try Repository.open(store, keyring: scene.keyring).listPoints().count == 1)
        }
    }

    @Test("a read that comes up short while a record is appended does not break the chain")
    func shortRead() throws {
        let origin = MemoryStore()
        let scene = try Scene(origin)
        func hold(_ reason: String) -> RunRecord {
            scene.record(.hold(HoldChange(point: Scene.name(0), reason: reason)))
        }
        try scene.repository.append(hold("first"))
        for failAt in 1...12 {
            let store = origin.copy()
            let faulty = FaultyStore(store, failAt: failAt, mode: .shortWrite, isCrash: false)
            _ = code { try Repository.open(faulty, keyring: scene.keyring).append(hold("second")) }
            let repository = try Repository.open(store, keyring: scene.keyring)
            try repository.append(hold("third"))
            #expect(try repository.records().count >= 2, "after a short read at \(failAt)")
            #expect(repository.brokenRecords.isEmpty, "after a short read at \(failAt)")
        }
    }

    @Test(
        "creating a repository can fail at any operation and be done again",
        arguments: FaultyStore.Mode.allCases
    )
    func creation(_ mode: FaultyStore.Mode) throws {
        let scene = try Scene()
        var failAt = 1
        while true {
            let store = MemoryStore()
            let faulty = FaultyStore(store, failAt: failAt, mode: mode, isCrash: true)
            let failed = code { _ = try Repository.create(in: faulty, keyring: scene.keyring, now: Scene.start) } != nil
            faulty.deliverLate()
            do {
                _ = try Repository.create(in: store, keyring: scene.keyring, now: Scene.start)
            } catch let error as Diagnostic where error.code == .objectExists {
                _ = try Repository.open(store, keyring: scene.keyring)
            }
            #expect(store.objects[Layout.recoveryGuide] != nil)
            if !failed, faulty.operations < failAt { break }
            failAt += 1
        }
        #expect(failAt > 8)
    }

    @Test("a full or failing folder leaves nothing under the object's name", arguments: [0, 1, 70_000])
    func abandonedInFolder(_ bytes: Int) throws {
        let scratch = try ScratchFolder()
        let store = FolderStore(path: scratch.path + "/repository")
        try store.prepare()
        let key = try objectKey("archives/ab/x")
        do {
            let writer = try store.create(key)
            try writer.write(contentsOf: [UInt8](repeating: 1, count: bytes))
        }
        #expect(try store.info(key) == nil)
        #expect(try store.holdsOnly([]))
        try store.put(key, [1])
        #expect(try store.get(key, limit: 1) == [1])
    }
}
