import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Tampering")
struct TamperingTests {
    /// Codes that say "this is not what was written"; anything else would be a lie about the cause.
    private static let refusals: Set<DiagnosticCode> = [
        .objectCorrupt, .signatureInvalid, .signerUntrusted, .repositoryFormat,
    ]

    /// Flips bits of every byte of the object at `key`, one at a time, and expects `read` to refuse each.
    private func flipEveryByte(of key: ObjectKey, in store: MemoryStore, _ read: () throws -> Void) throws {
        let original = try #require(store.objects[key])
        try read()
        for index in original.indices {
            for mask in [0x01, 0x20, 0x80] as [UInt8] {
                var changed = original
                changed[index] ^= mask
                store.replace(key, with: changed)
                let refusal = code(read)
                if !(refusal.map(Self.refusals.contains) ?? false) {
                    Issue.record("byte \(index) of '\(key)' xor \(mask): \(String(describing: refusal))")
                }
            }
        }
        store.replace(key, with: original)
        for length in stride(from: 0, to: original.count, by: 7) {
            store.replace(key, with: Array(original[..<length]))
            #expect(code(read).map(Self.refusals.contains) == true, "cut to \(length) bytes")
        }
        store.replace(key, with: original + [0])
        #expect(code(read).map(Self.refusals.contains) == true, "one byte too many")
        store.replace(key, with: original)
        try read()
    }

    @Test("every changed, cut or added byte of a point is refused")
    func point() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        try flipEveryByte(of: try objectKey("points/shop/2027/01/20270115T080000Z.point"), in: store) {
            _ = try scene.repository.readPoint(Scene.name(0))
        }
    }

    @Test("every changed, cut or added byte of a record is refused")
    func record() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        let stored = try scene.repository.append(
            scene.record(.hold(HoldChange(point: Scene.name(0), reason: "audit")))
        )
        try flipEveryByte(of: stored.place.key, in: store) {
            _ = try scene.repository.readRecord(stored.place)
        }
    }

    @Test("every changed, cut or added byte of the descriptor is refused")
    func descriptor() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try flipEveryByte(of: try objectKey("repository/1.json"), in: store) {
            _ = try Repository.open(store, keyring: scene.keyring)
        }
    }

    @Test(
        "a header has one spelling: another that means the same is refused",
        arguments: [
            (#"{"format""#, #"{ "format""#), (#""kind":"point""#, #""kind":"p\u006fint""#),
            (#""format":1,"#, #""format":1,"extra":true,"#), (#""bytes":"#, #""bytes":0"#), ("}\n", "}\r\n"),
        ]
    )
    func oneSpelling(_ from: String, _ to: String) throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let key = try objectKey("points/shop/2027/01/20270115T080000Z.point")
        let bytes = try #require(store.objects[key])
        let end = try #require(bytes.firstIndex(of: UInt8(ascii: "\n")))
        let header = String(decoding: bytes[...end], as: UTF8.self)
        #expect(header.contains(from))
        store.replace(key, with: Array(header.replacing(from, with: to).utf8) + bytes[(end + 1)...])
        #expect(code { _ = try scene.repository.readPoint(Scene.name(0)) } == .objectCorrupt)
    }

    @Test("a point that is moved to another name is refused")
    func movedPoint() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let bytes = try #require(store.objects[objectKey("points/shop/2027/01/20270115T080000Z.point")])
        store.replace(try objectKey("points/shop/2027/01/20270115T090000Z.point"), with: bytes)
        store.replace(try objectKey("points/other/2027/01/20270115T080000Z.point"), with: bytes)
        #expect(code { _ = try scene.repository.readPoint(Scene.name(1)) } == .signatureInvalid)
        let other = PointName(plan: try #require(PlanName("other")), slot: Scene.name(0).slot)
        #expect(code { _ = try scene.repository.readPoint(other) } == .signatureInvalid)
        // The moved copies are passed over, and the real point is still found.
        let newest = try scene.repository.newest(plan: Scene.shop)
        #expect(newest.point?.name == Scene.name(0))
        #expect(newest.damaged.map(\.point) == [Scene.name(1)])
    }

    @Test("a point signed by a stranger is refused, whoever it is encrypted to")
    func stranger() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let stranger = try Keyring.createIfMissing(scene.home.path + "/stranger", now: Scene.start).keyring
            .trust(scene.keyring.signer.verifyingKey.text)
        let theirs = try Repository.open(store, keyring: stranger)
        let facts = try scene.archive([1, 2, 3], for: Scene.name(1))
        _ = try theirs.commit(
            manifest: Scene.manifest(Scene.name(1), archives: [facts], length: 3),
            catalog: Scene.catalog
        )
        #expect(code { _ = try scene.repository.readPoint(Scene.name(1)) } == .signerUntrusted)
        #expect(try scene.repository.newestPoint(plan: Scene.shop)?.name == Scene.name(0))
    }

    @Test("a point that says to be of a later format is passed over, and keeps a prune from deciding")
    func laterFormat() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let bytes = try #require(store.objects[objectKey("points/shop/2027/01/20270115T080000Z.point")])
        let later = String(decoding: bytes, as: Unicode.ASCII.self).replacing("\"format\":1,", with: "\"format\":9,")
        store.replace(try objectKey("points/shop/2027/01/20270115T090000Z.point"), with: Array(later.utf8))
        #expect(code { _ = try scene.repository.readPoint(Scene.name(1)) } == .repositoryFormat)
        let newest = try scene.repository.newest(plan: Scene.shop)
        #expect(newest.point?.name == Scene.name(0) && newest.damaged.map(\.point) == [Scene.name(1)])
    }

    @Test("a newer descriptor of a stranger does not hide the last good one")
    func descriptors() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        let second = try objectKey("repository/2.json")
        let stranger = try Keyring.createIfMissing(scene.home.path + "/stranger", now: Scene.start).keyring
            .trust(scene.keyring.signer.verifyingKey.text)
        _ = try Repository.open(store, keyring: stranger).revised { $0.recipients = [stranger.recipients[0]] }
        #expect(store.objects[second] != nil)
        #expect(try Repository.open(store, keyring: scene.keyring).descriptor == scene.repository.descriptor)
    }

    @Test("bytes from anywhere are refused without a crash")
    func fuzz() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        try scene.commit(Scene.name(0))
        let key = try objectKey("points/shop/2027/01/20270115T080000Z.point")
        let original = try #require(store.objects[key])
        var generator = SeededGenerator(seed: 42)
        for _ in 0..<2000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            if bytes == original { continue }
            store.replace(key, with: bytes)
            #expect(code { _ = try scene.repository.readPoint(Scene.name(0)) }.map(Self.refusals.contains) == true)
        }
    }

    @Test("a flipped byte in an archive is found by verify, and by reading the range it lies in")
    func archive() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        let point = try scene.commit(Scene.name(0), content: String(repeating: "rows\n", count: 30_000))
        try scene.commit(Scene.name(1))
        let facts = try #require(point.manifest.archives.first)
        let key = scene.repository.archiveKey(facts.id)
        var bytes = try #require(store.objects[key])
        bytes[100_000] ^= 1
        store.replace(key, with: bytes)
        let points = [Scene.name(0), Scene.name(1)]
        let run = try scene.repository.verify(points, stop: Stop())
        #expect(run.points == points)
        #expect(run.bad.map(\.point) == [Scene.name(0)])
        let reader = try scene.repository.openArchive(facts, identities: scene.identities)
        #expect(try reader.range(0, 1000).readAll(limit: 1000).count == 1000)
        #expect(code { _ = try reader.whole().readAll(limit: 1 << 20) } == .objectCorrupt)
        try scene.repository.append(scene.record(.verify(run)))
        #expect(try Set(scene.repository.evidence(plan: Scene.shop).bad.keys) == [Scene.name(0)])
    }

    @Test("an archive with a damaged header is damaged, not somebody else's, and a wrong key is a wrong key")
    func archiveHeader() throws {
        let store = MemoryStore()
        let scene = try Scene(store)
        let facts = try #require(try scene.commit(Scene.name(0)).manifest.archives.first)
        let key = scene.repository.archiveKey(facts.id)
        let stranger = try X25519Identity.generate()
        func open(_ identities: [any Identity]) throws {
            _ = try scene.repository.openArchive(facts, identities: identities)
        }
        #expect(code { try open([stranger]) } == .keyWrong)
        store.replace(key, with: withSpoiledHeader(try #require(store.objects[key])))
        #expect(code { try open(try scene.identities) } == .objectCorrupt)
        let found = try scene.repository.inspect(
            [Scene.name(0)],
            identities: try scene.identities,
            depth: .decrypted,
            stop: Stop()
        )
        #expect(found.run.bad.map(\.point) == [Scene.name(0)] && found.run.damaged == [facts.id])
    }
}
