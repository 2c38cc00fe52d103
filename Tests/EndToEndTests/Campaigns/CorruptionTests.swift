import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

/// Every byte of a small repository is changed, every object cut at every length, exchanged and taken away: each is noticed,
/// or changes nothing that a restore would load.
@Suite("Changed bytes are noticed or harmless")
struct CorruptionTests {
    /// One changed repository: what was done to it, and to which objects.
    private struct Variant {
        var name: String
        var changes: [ObjectKey: [UInt8]?]
    }

    @Test("a flip of any byte")
    func flips() throws {
        try Repositories.with { subject in
            let masks: [UInt8] = [0x01, 0x20, 0x80]
            let bytes = subject.keys.flatMap { key in
                (0..<(subject.original[key]?.count ?? 0)).flatMap { index in masks.map { (key, index, $0) } }
            }
            #expect(bytes.count > 100_000)
            try run("flip", sample: 1200, of: bytes.count, subject) { number in
                let (key, index, mask) = bytes[number]
                var changed = subject.original[key] ?? []
                changed[index] ^= mask
                return Variant(name: "byte \(index) of '\(key)' xor \(mask)", changes: [key: changed])
            }
        }
    }

    @Test("a cut at any length, and bytes that were added")
    func cuts() throws {
        try Repositories.with { subject in
            let lengths = subject.keys.flatMap { key in
                (0...(subject.original[key]?.count ?? 0)).map { (key, $0) }
            }
            try run("cut", sample: 400, of: lengths.count, subject) { number in
                let (key, length) = lengths[number]
                let whole = subject.original[key] ?? []
                let changed = length == whole.count ? whole + [0] : Array(whole[..<length])
                return Variant(name: "'\(key)' cut to \(length) bytes", changes: [key: changed])
            }
        }
    }

    @Test("an object in another's place, older ones among them, and an object taken away")
    func exchanges() throws {
        try Repositories.with { subject in
            let pairs = subject.keys.flatMap { key in subject.keys.map { (key, $0) } }
            try run("exchange", sample: 200, of: pairs.count, subject) { number in
                let (key, other) = pairs[number]
                if key == other { return Variant(name: "'\(key)' taken away", changes: [key: nil]) }
                let isSwap = number % 2 == 0
                var changes: [ObjectKey: [UInt8]?] = [key: subject.original[other]]
                if isSwap { changes[other] = subject.original[key] }
                return Variant(name: "'\(other)' \(isSwap ? "exchanged with" : "over") '\(key)'", changes: changes)
            }
        }
    }

    private func run(
        _ name: String,
        sample: Int,
        of total: Int,
        _ subject: Repositories,
        _ variant: (Int) -> Variant
    ) throws {
        let numbers = CampaignSize.numbers(name, sample: sample, of: total)
        var breaches = 0
        var noticed = 0
        for number in numbers {
            let variant = variant(number - 1)
            switch try subject.judge(variant.changes) {
            case .noticed: noticed += 1
            case .harmless: break
            case .breach(let text):
                breaches += 1
                Issue.record("I8: \(variant.name): \(text) [LIFEBOAT_FAULT=\(name):\(number)]")
            }
        }
        CampaignSize.report(name, ran: numbers.count, of: total, breaches: breaches)
        print("campaign \(name): \(noticed) noticed, \(numbers.count - noticed - breaches) harmless")
        #expect(numbers.isEmpty || noticed > 0)
    }
}

/// A small repository of every kind of object, and what a restore of each of its points loads.
private struct Repositories {
    enum Judgement {
        case noticed
        case harmless
        case breach(String)
    }

    let world: World
    let store: MemoryStore
    let original: [ObjectKey: [UInt8]]
    let keys: [ObjectKey]
    private let readings: [PointName: Reading]
    /// The end of the chain of records: taken away, it leaves no trace in the chain, as `docs/reliability.md` says.
    private let lastRecord: ObjectKey?

    static func with(_ body: (Repositories) throws -> Void) throws {
        try World.with { try body(try Repositories($0)) }
    }

    private init(_ world: World) throws {
        self.world = world
        store = try StoreFaultTests.history(world)
        original = store.objects
        keys = original.keys.sorted()
        let repository = try Repository.open(store, keyring: world.oracle.keyring)
        var readings: [PointName: Reading] = [:]
        for point in try repository.listPoints() {
            readings[point.name] = try Reading(point.name, in: repository, world.oracle.identities)
        }
        self.readings = readings
        lastRecord = keys.last { Layout.recordPlace($0) != nil }
    }

    /// Applies changes, asks `verify` and the reading half of a restore, and puts everything back.
    func judge(_ changes: [ObjectKey: [UInt8]?]) throws -> Judgement {
        for (key, bytes) in changes {
            if let bytes { store.replace(key, with: bytes) } else { store.remove(key) }
        }
        defer { for key in changes.keys { original[key].map { store.replace(key, with: $0) } } }
        guard changes.contains(where: { original[$0.key] != $0.value }) else { return .harmless }
        do {
            let repository = try Repository.open(store, keyring: world.oracle.keyring)
            for point in affected(by: Set(changes.keys)) { try requireTruth(point, repository) }
            let isNoticed = try isNoticed(changes, repository)
            let needsNotice = changes.contains { key, bytes in
                !Self.isIncidental(key) && !isOrphan(key) && !(bytes == nil && key == lastRecord)
            }
            if needsNotice, !isNoticed { return .breach("neither verify nor the records notice it") }
            if changes.keys.allSatisfy(Self.guidesCollection) { try requireSafeCollection() }
            return isNoticed ? .noticed : .harmless
        } catch let error as Diagnostic {
            return error.code == .internalError ? .breach("\(error)") : .noticed
        } catch let breach as BreachError {
            return .breach(breach.text)
        }
    }

    /// The points that need one of these objects.
    private func affected(by keys: Set<ObjectKey>) -> [PointName] {
        readings.filter { name, reading in
            keys.contains(Layout.point(name))
                || reading.manifest.archives.contains { keys.contains(Layout.archive($0.id)) }
        }.keys.sorted()
    }

    /// A restore refuses, or loads what was written.
    private func requireTruth(_ point: PointName, _ repository: Repository) throws {
        guard let reading = try? Reading(point, in: repository, world.oracle.identities) else { return }
        guard reading == readings[point] else { throw BreachError(text: "point '\(point)' restores as something else") }
    }

    private func isNoticed(_ changes: [ObjectKey: [UInt8]?], _ repository: Repository) throws -> Bool {
        let points = affected(by: Set(changes.keys))
        let run = try repository.verify(points.filter { changes[Layout.point($0)] != .some(nil) }, stop: Stop())
        if !run.bad.isEmpty { return true }
        if changes.keys.contains(where: { Layout.recordPlace($0) != nil }) {
            _ = try repository.records()
            if !repository.brokenRecords.isEmpty { return true }
        }
        return try changes.keys.contains { Layout.pointName($0) != nil }
            && !repository.verifyChain(plan: World.plan).isEmpty
    }

    /// A condemned list, census or repack list that lies makes no prune delete what a point needs.
    private func requireSafeCollection() throws {
        let copy = store.copy()
        guard (try? world.prune(copy, removing: [], waits: true)) != nil else { return }
        let repository = try Repository.open(copy, keyring: world.oracle.keyring)
        let breaches = try world.oracle.unsound(repository, readings.keys.sorted())
        if let first = breaches.first { throw BreachError(text: "a prune believed it: \(first)") }
    }

    /// Objects that no restore reads: how to restore by hand, signs of life, and what guides a collection.
    private static func isIncidental(_ key: ObjectKey) -> Bool {
        key == Layout.recoveryGuide || key.text.hasPrefix("sessions/") || guidesCollection(key)
    }

    /// Lists that a prune consults and need not believe: of what nothing refers to, of what the last one saw, of what is
    /// worth reading again.
    private static func guidesCollection(_ key: ObjectKey) -> Bool {
        ["condemned/", "census/", "repack/"].contains { key.text.hasPrefix($0) }
    }

    private func isOrphan(_ key: ObjectKey) -> Bool {
        Layout.archiveID(key) != nil && affected(by: [key]).isEmpty
    }

    private struct BreachError: Error {
        var text: String
    }
}
