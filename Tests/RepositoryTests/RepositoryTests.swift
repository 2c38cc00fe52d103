import AgeEncryption
import Diagnostics
import Glibc
import Model
import Repository
import Streams
import Testing

@Suite("Repository")
struct RepositoryTests {
    @Test("what is committed reads back: point, catalog, and a range of an archive")
    func roundTrip() throws {
        let scratch = try ScratchFolder()
        let scene = try Scene(FolderStore(path: scratch.path + "/repository"))
        let name = Scene.name(0)
        let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let facts = try scene.archive(content, for: name)
        let manifest = Scene.manifest(name, archives: [facts], length: Int64(content.count))
        let committed = try scene.repository.commit(manifest: manifest, catalog: Scene.catalog)

        let again = try Repository.open(FolderStore(path: scratch.path + "/repository"), keyring: scene.keyring)
        #expect(try again.readPoint(name) == committed)
        #expect(committed.manifest == manifest)
        #expect(try again.readCatalog(name, identities: scene.identities) == Scene.catalog)
        let reader = try again.openArchive(facts, identities: scene.identities)
        #expect(reader.plaintextBytes == Int64(content.count))
        #expect(try reader.range(65_000, 2000).readAll(limit: 2000) == Array(content[65_000..<67_000]))
        #expect(try reader.whole().readAll(limit: 1 << 20) == content)
        #expect(try again.listPoints(plan: Scene.shop).map(\.name) == [name])
        #expect(try again.plans() == [Scene.shop])
        #expect(try again.newestPoint(plan: Scene.shop) == committed)
    }

    @Test("a second commit of one slot is refused, and the first stays as it was")
    func slotCollision() throws {
        let scene = try Scene()
        let first = try scene.commit(Scene.name(0), content: "first")
        #expect(code { try scene.commit(Scene.name(0), content: "second") } == .objectExists)
        #expect(try scene.repository.readPoint(Scene.name(0)) == first)
    }

    @Test("a point is not committed unless every archive it names exists with its size")
    func missingArchive() throws {
        let scene = try Scene()
        let name = Scene.name(0)
        var facts = try scene.archive([1, 2, 3], for: name)
        facts.bytes += 1
        let wrongSize = Scene.manifest(name, archives: [facts], length: 3)
        #expect(code { _ = try scene.repository.commit(manifest: wrongSize, catalog: Scene.catalog) } == .objectMissing)
        facts.bytes -= 1
        try scene.store.remove(scene.repository.archiveKey(facts.id))
        let gone = Scene.manifest(name, archives: [facts], length: 3)
        #expect(code { _ = try scene.repository.commit(manifest: gone, catalog: Scene.catalog) } == .objectMissing)
        #expect(try scene.repository.listPoints().isEmpty)
    }

    @Test("a manifest whose ranges do not tile a table is refused at commit")
    func tiling() throws {
        let scene = try Scene()
        let facts = try scene.archive([1, 2, 3], for: Scene.name(0))
        var manifest = Scene.manifest(Scene.name(0), archives: [facts], length: 3)
        manifest.tables[0].ranges[0].blocks = BlockRange(first: 1, end: nil)
        #expect(code { _ = try scene.repository.commit(manifest: manifest, catalog: Scene.catalog) } == .objectCorrupt)
    }

    @Test("a folder with other people's files never becomes a repository")
    func foreign() throws {
        let scratch = try ScratchFolder()
        let keyring = try Keyring.createIfMissing(scratch.path + "/keys", now: Scene.start).keyring
        let path = scratch.path + "/photos"
        mkdir(path, 0o700)
        close(open(path + "/My Holiday.jpg", O_CREAT | O_WRONLY, 0o600))
        let store = FolderStore(path: path)
        #expect(code { _ = try Repository.create(in: store, keyring: keyring, now: Scene.start) } == .repositoryForeign)
        #expect(code { _ = try Repository.open(store, keyring: keyring) } == .repositoryForeign)
        #expect(try store.list("").isEmpty)
    }

    @Test("an empty or missing folder is no repository, and creating twice is refused")
    func missingAndTwice() throws {
        let scratch = try ScratchFolder()
        let keyring = try Keyring.createIfMissing(scratch.path + "/keys", now: Scene.start).keyring
        let store = FolderStore(path: scratch.path + "/repository")
        #expect(code { _ = try Repository.open(store, keyring: keyring) } == .repositoryMissing)
        mkdir(scratch.path + "/repository", 0o700)
        #expect(code { _ = try Repository.open(store, keyring: keyring) } == .repositoryMissing)
        _ = try Repository.create(in: store, keyring: keyring, now: Scene.start)
        #expect(code { _ = try Repository.create(in: store, keyring: keyring, now: Scene.start) } == .objectExists)
    }

    @Test("a repository signed by an unknown key is refused until the key is trusted")
    func trust() throws {
        let scene = try Scene()
        try scene.commit(Scene.name(0))
        let other = try Keyring.createIfMissing(scene.home.path + "/other", now: Scene.start).keyring
        #expect(code { _ = try Repository.open(scene.store, keyring: other) } == .signerUntrusted)
        let trusting = try other.trust(scene.keyring.signer.verifyingKey.text)
        let repository = try Repository.open(scene.store, keyring: trusting)
        // The index is not for this host: only an identity of a recipient opens it.
        #expect(code { _ = try repository.readPoint(Scene.name(0)) } == .keyWrong)
        #expect(try repository.reading(with: scene.identities).readPoint(Scene.name(0)).name == Scene.name(0))
    }

    @Test("records form a chain, and a removed or foreign one breaks it by name")
    func recordChain() throws {
        let scene = try Scene()
        for hour in 0..<3 {
            let hold = HoldChange(point: Scene.name(hour), reason: hour == 1 ? nil : "audit")
            try scene.repository.append(scene.record(.hold(hold), hour: hour))
        }
        let records = try scene.repository.records(plan: Scene.shop)
        #expect(records.map(\.place.sequence) == [1, 2, 3])
        #expect(records[1].record.previous == records[0].sha256)
        #expect(try scene.repository.holds(plan: Scene.shop) == [Scene.name(0): "audit", Scene.name(2): "audit"])
        try scene.store.remove(records[1].place.key)
        #expect(try scene.repository.records(plan: Scene.shop).map(\.place.sequence) == [1, 3])
        #expect(scene.repository.brokenRecords.map(\.place) == [records[1].place])
    }
}
