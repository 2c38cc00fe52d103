import AgeEncryption
import Diagnostics
import Glibc
import Model
import Streams
import Synchronization
import TestSupport
import Testing

@testable import Repository

@Suite("Chains of records")
struct RecordChainTests {
    let store = MemoryStore()
    let scene: Scene
    let repository: Repository

    init() throws {
        scene = try Scene(store)
        repository = scene.repository
        store.advance(.seconds(100 * 3600))
        for hour in 0..<4 { try scene.commit(Scene.name(hour)) }
        for hour in 0..<3 { try hold(hour) }
    }

    private func hold(_ hour: Int) throws {
        try repository.append(scene.record(.hold(HoldChange(point: Scene.name(hour), reason: "held")), hour: hour))
    }

    private func place(_ sequence: Int) -> RecordPlace {
        RecordPlace(plan: Scene.shop, signer: scene.keyring.signer.verifyingKey.text, sequence: sequence)
    }

    /// As another process sees it.
    private func fresh() throws -> Repository { try Repository.open(store, keyring: scene.keyring) }

    private func flip(_ sequence: Int) throws {
        var bytes = try #require(store.objects[place(sequence).key])
        bytes[bytes.count / 2] ^= 1
        store.replace(place(sequence).key, with: bytes)
    }

    @Test("a record that rotted takes nothing away but itself, is named, and is no place to build on")
    func rotten() throws {
        try flip(2)
        let reader = try fresh()
        #expect(Set(try reader.evidence(plan: Scene.shop).holds.keys) == [Scene.name(0), Scene.name(2)])
        #expect(reader.brokenRecords.map(\.place) == [place(2)])
        let remark = try #require(reader.remarks.first)
        #expect(remark.cause?.contains(place(2).key.text) == true && remark.hint?.contains("lifeboat verify") == true)
        #expect(try reader.hold(Scene.name(3), reason: "more", tool: "t", now: Scene.start) == nil)
        #expect(try Set(fresh().holds().keys) == [Scene.name(0), Scene.name(2), Scene.name(3)])
    }

    @Test(
        "whatever is planted under this machine's name stops nobody, and the chain goes on around it",
        arguments: ["", "{}\n", "{\"format\":2}\n", "garbage without an end"],
        [4, 5, 999_999_999]
    )
    func planted(_ text: String, _ sequence: Int) throws {
        store.replace(place(sequence).key, with: Array(text.utf8))
        let writer = try fresh()
        let last = try writer.records().last
        let appended = try writer.append(scene.record(.hold(HoldChange(point: Scene.name(3), reason: "new")), hour: 9))
        #expect(appended.record.previous == last?.sha256 && appended.place.sequence == (sequence == 4 ? 5 : 4))
        try writer.append(scene.record(.hold(HoldChange(point: Scene.name(3), reason: nil)), hour: 10))
        let reader = try fresh()
        #expect(Set(try reader.holds().keys) == [Scene.name(0), Scene.name(1), Scene.name(2)])
        #expect(reader.brokenRecords.map(\.place) == [place(sequence)])
        // Removed by hand it still leaves a hole, for nobody knows what it was; behind the end there is none.
        store.remove(place(sequence).key)
        let after = try fresh()
        _ = try after.records()
        #expect(after.brokenRecords.isEmpty == (sequence == 999_999_999))
    }

    @Test("a key with more than nine digits is none")
    func tooLong() throws {
        let key = try objectKey(place(1).key.text.replacing("000000001", with: "9223372036854775807"))
        store.replace(key, with: [1])
        try hold(3)
        let reader = try fresh()
        #expect(try reader.records().map(\.place.sequence) == [1, 2, 3, 4] && reader.brokenRecords.isEmpty)
    }

    @Test("one misread is no damage: neither a reader nor the next record takes it for that")
    func misread() throws {
        let reader = try Repository.open(misreading(3), keyring: scene.keyring)
        #expect(try reader.records().count == 3 && reader.brokenRecords.isEmpty)
        let writer = try Repository.open(misreading(3), keyring: scene.keyring)
        let appended = try writer.append(scene.record(.verify(nothing)))
        #expect(appended.place.sequence == 4)
        let after = try fresh()
        #expect(try after.records().count == 4 && after.brokenRecords.isEmpty)
    }

    /// Gives other bytes of a record than are stored, the first time that it is read.
    private func misreading(_ sequence: Int) throws -> InterposedStore {
        let key = place(sequence).key
        let good = try #require(store.objects[key])
        var bad = good
        bad[bad.count / 2] ^= 1
        let (store, wrong, reads) = (store, bad, Reads())
        return InterposedStore(inner: store) { kind, text in
            guard kind == .read, text == key.text else { return }
            store.replace(key, with: reads.next() == 1 ? wrong : good)
        }
    }

    private let nothing = VerifyRun(points: [], bytesRead: 0, bad: [])

    @Test("a prune refuses beside one, until an operator accepts exactly that, once")
    func prune() throws {
        try flip(2)
        let decisions = [PruneDecision(point: Scene.name(1), isKept: false, reasons: [])]
        let options = PruneOptions(acceptsBrokenChain: true)
        let refusing = try fresh()
        #expect(code { _ = try refusing.prune(refusing.planPrune(decisions), tool: "t", now: store.now) } != nil)
        #expect(refusing.pruneRefusal(PruneOptions())?.code == .signatureInvalid)
        #expect(refusing.pruneRefusal(options) == nil)
        #expect(try refusing.listPoints().count == 4)
        #expect(
            try refusing.prune(refusing.planPrune(decisions, options: options), tool: "t", now: store.now)
                .removedPoints.count == 1
        )
        let next = try fresh()
        _ = try next.prune(next.planPrune([]), tool: "t", now: store.now)
        #expect(next.brokenRecords.isEmpty && next.remarks.isEmpty)
        // What is lost later is another matter.
        store.remove(place(3).key)
        let later = try fresh()
        #expect(code { _ = try later.prune(later.planPrune([]), tool: "t", now: store.now) } == .signatureInvalid)
        #expect(later.brokenRecords.map(\.place) == [place(3)])
    }

    @Test("where the store overwrites, the records of one machine wait for each other, and none is lost")
    func overwriting() throws {
        let store = Overwriting()
        let scene = try Scene(store)
        #expect(!scene.repository.descriptor.capabilities.createsExclusively)
        let (keyring, record) = (scene.keyring, scene.record(.verify(nothing)))
        let failures = Mutex(0)
        try runWorkers(Array(0..<24), workerCount: 6, stop: Stop(), makeWorker: { $0 }) {
            (_: inout Int, _: Int) in
            do {
                try Repository.open(store, keyring: keyring).append(record)
            } catch {
                failures.withLock { $0 += 1 }
            }
        } finishWorker: { _ in
        }
        #expect(failures.withLock { $0 } == 0)
        #expect(try scene.repository.records().count == 24)
    }

    /// A record as it stands, without what `append` adds.
    private func write(_ record: RunRecord, at place: RecordPlace) throws {
        let section = try SealedText.seal(try CanonicalJSON.encode(record), to: try repository.indexRecipients())
        let signer = scene.keyring.signer
        store.replace(
            place.key,
            with: try Envelope.seal(.record, at: place.key, sections: [("record", section)], with: signer)
        )
    }

    @Test("what is found out later counts, whatever the clocks of the hosts said")
    func clocks() throws {
        let found = VerifyRun(
            points: [Scene.name(0)],
            bytesRead: 0,
            bad: [BadPoint(point: Scene.name(0), reason: "flipped")]
        )
        let sound = VerifyRun(points: [Scene.name(0)], bytesRead: 0, bad: [])
        // A host whose clock is half an hour fast finds nothing; then this one finds damage, and dates it before.
        let other = try Keyring.createIfMissing(scene.home.path + "/other", now: Scene.start).keyring
            .trust(scene.keyring.signer.verifyingKey.text)
        let ours = try scene.keyring.trust(other.signer.verifyingKey.text)
        try Repository.open(store, keyring: other).append(scene.record(.verify(sound), hour: 50))
        let late = try Repository.open(store, keyring: ours).append(scene.record(.verify(found), hour: 49))
        #expect(late.record.finished == Scene.start + .seconds(49 * 3600))
        #expect(try Repository.open(store, keyring: ours).evidence().bad[Scene.name(0)] == "flipped")
        // And in one chain the numbers decide, also where an older version wrote, which did not look at the clocks of others.
        let last = try Repository.open(store, keyring: ours).append(scene.record(.verify(sound), hour: 60))
        var old = scene.record(.verify(found), hour: 59)
        old.previous = last.sha256
        try write(old, at: place(last.place.sequence + 1))
        let reader = try Repository.open(store, keyring: ours)
        #expect(try reader.evidence().bad[Scene.name(0)] == "flipped")
        #expect(try reader.records().map(\.folded) == reader.records().map(\.folded).sorted())
    }
}

/// Looks whether an object is there, takes its time, and then overwrites.
private final class Overwriting: LocklessStore {
    private let inner = MemoryStore()

    let displayName = "overwriting"
    let capabilities = StoreCapabilities(createsExclusively: false, isDurable: true)

    func prepare() {}
    func holdsOnly(_ keys: Set<ObjectKey>) throws -> Bool { inner.holdsOnly(keys) }
    func read(_ key: ObjectKey, range: Range<Int64>?) throws -> any ByteSource { try inner.read(key, range: range) }
    func info(_ key: ObjectKey) throws -> ObjectInfo? { inner.info(key) }
    func list(_ prefix: String) throws -> [ObjectInfo] { inner.list(prefix) }
    func replace(_ key: ObjectKey, with bytes: [UInt8]) throws { inner.replace(key, with: bytes) }
    func remove(_ key: ObjectKey) throws { inner.remove(key) }
    func insist(on capabilities: StoreCapabilities) {}
    func removeAbandoned(before instant: Instant) throws {}
    func releaseReserve() throws {}
    func keepReserve() throws {}

    func create(_ key: ObjectKey) throws -> any ObjectWriter {
        guard inner.info(key) == nil else { throw Diagnostic(.objectExists, "'\(key)' exists") }
        return Writer(store: inner, key: key)
    }

    private final class Writer: ObjectWriter {
        private let store: MemoryStore
        private let key: ObjectKey
        private var bytes: [UInt8] = []

        init(store: MemoryStore, key: ObjectKey) { (self.store, self.key) = (store, key) }

        func write(_ span: RawSpan) { span.withUnsafeBytes { bytes.append(contentsOf: $0) } }

        func finish() {
            usleep(2000)
            store.replace(key, with: bytes)
        }
    }
}

/// Counts from any thread.
private final class Reads: Sendable {
    private let count = Atomic(0)

    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
