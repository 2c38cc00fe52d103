import Diagnostics
import Model
import PostgresClient
import Repository
import TestSupport
import Testing

/// Every operation on the store fails once, in each of four ways, under each kind of run; the oracle looks at what is left.
@Suite("Every storage operation fails, in four ways")
struct StoreFaultTests {
    /// A kind of run.
    enum Run: String, CaseIterable {
        case full
        case incremental
        case prune
        case pruneNow
        case verify
        case hold
        case restore
        case drill

        var slot: PointName? { self == .full || self == .incremental ? World.name(4) : nil }
        var removable: Set<PointName> { self == .prune || self == .pruneNow ? [World.name(1)] : [] }
    }

    @Test("the nine promises hold after each")
    func everyOperation() throws {
        try World.with { world in
            let origin = try Self.history(world)
            var share = 0
            for run in Run.allCases {
                for mode in FaultyStore.Mode.allCases {
                    for isCrash in [false, true] {
                        // A sample takes one fault from every third kind, so that each run and each mode is in it.
                        share += 1
                        try campaign(run, mode, isCrash, world, origin, sample: share % 3 == 0 ? 1 : 0)
                    }
                }
            }
        }
    }

    /// Four points: one held, one that retention may remove, one proven, the newest; and an archive condemned a day ago.
    static func history(_ world: World) throws -> MemoryStore {
        let store = MemoryStore()
        try world.create(in: store)
        for hour in 0..<4 {
            try world.backUp(to: store, hour, full: hour == 1)
            world.remember(World.name(hour))
            try world.turnPage()
        }
        try world.hold(store, World.name(0))
        try #require(try world.drill(store, World.name(2)).verdict == .proven)
        let orphan = try #require(ObjectKey("archives/ab/ab" + String(repeating: "0", count: 30) + ".tar.age"))
        try store.put(orphan, Array("age-encryption.org/v1\n".utf8))
        try world.prune(store, removing: [], waits: true)
        store.advance(.seconds(25 * 3600))
        return store
    }

    private func campaign(
        _ run: Run,
        _ mode: FaultyStore.Mode,
        _ isCrash: Bool,
        _ world: World,
        _ origin: MemoryStore,
        sample: Int
    ) throws {
        let name = "store:\(run.rawValue):\(mode.rawValue)\(isCrash ? ":crash" : "")"
        guard CampaignSize.includes(name), sample > 0 || CampaignSize.isCampaign || CampaignSize.isOne else { return }
        let counting = FaultyStore(origin.copy(), failAt: .max, mode: mode, isCrash: false)
        try perform(run, world, on: counting)
        let total = counting.operations
        #expect(total >= 5, "\(name)")
        let numbers = CampaignSize.numbers(name, sample: sample, of: total)
        var breaches = 0
        for number in numbers {
            let found = try fault(run, mode, isCrash, number, world, origin)
            for breach in found { Issue.record("\(breach) [LIFEBOAT_FAULT=\(name):\(number)]") }
            breaches += found.count
        }
        CampaignSize.report(name, ran: numbers.count, of: total, breaches: breaches)
    }

    /// One fault, and everything that is wrong afterwards.
    private func fault(
        _ run: Run,
        _ mode: FaultyStore.Mode,
        _ isCrash: Bool,
        _ number: Int,
        _ world: World,
        _ origin: MemoryStore
    ) throws -> [Breach] {
        let store = origin.copy()
        let before = try Oracle.Before(store, removable: run.removable, slot: run.slot)
        let faulty = FaultyStore(store, failAt: number, mode: mode, isCrash: isCrash)
        var ending = Oracle.Ending.succeeded
        var found: [Breach] = []
        do {
            found += try perform(run, world, on: faulty)
        } catch {
            let isUnseen = isCrash || (mode == .late && faulty.failed?.hasPrefix("finish points/") == true)
            ending = isUnseen ? .unseen : .failed
        }
        faulty.deliverLate()
        store.endSessions()
        let trace = " after '\(faulty.failed ?? "nothing")' failed"
        found += try world.oracle.breaches(in: store, since: before, ending)
        // Runs that left everything as it was have shown already what comes after.
        if store.isChanged(since: before.objects) { found += try aftermath(run, store, world) }
        return found.map { Breach(promise: $0.promise, text: $0.text + trace) }
    }

    /// I2 of a point that appeared, then I4: the next backup works, is sound, and is what the database holds.
    private func aftermath(_ run: Run, _ store: MemoryStore, _ world: World) throws -> [Breach] {
        var found: [Breach] = []
        if let slot = run.slot, store.info(Layout.point(slot)) != nil {
            found += try world.oracle.unfaithful(store, slot, world.picture)
        }
        let before = try Oracle.Before(store, slot: World.name(5))
        do {
            try world.backUp(to: store, 5)
            try world.prune(store, removing: [], waits: false)
            found += try world.oracle.breaches(in: store, since: before, .succeeded)
        } catch {
            found.append(Breach(promise: .recovers, text: "the next run fails: \(error)"))
        }
        return found
    }

    /// One run of the program; the breaches that only the run itself can see.
    @discardableResult
    private func perform(_ run: Run, _ world: World, on store: any ObjectStore) throws -> [Breach] {
        switch run {
        case .full: try world.backUp(to: store, 4, full: true)
        case .incremental: try world.backUp(to: store, 4)
        case .prune: try world.prune(store, removing: [World.name(1)], waits: true)
        case .pruneNow: try world.prune(store, removing: [World.name(1)], waits: false)
        case .verify: try world.verify(store)
        case .hold: try world.hold(store, World.name(3))
        case .restore: return try restore(world, from: store)
        case .drill: return try drill(world, on: store)
        }
        return []
    }

    /// I8: a restore that ends well has given back the database.
    private func restore(_ world: World, from store: any ObjectStore) throws -> [Breach] {
        try withDatabase(options: "TEMPLATE template0") { target in
            try world.oracle.restore(World.name(3), from: store, into: target)
            guard try DatabasePicture(target) != world.pictures[World.name(3)] else { return [] }
            return [Breach(promise: .noticed, text: "a restore ended well with another database")]
        }
    }

    /// I7 and I8: a fault of the store is no verdict about the point, and the source stays as it was.
    private func drill(_ world: World, on store: any ObjectStore) throws -> [Breach] {
        let run = try world.drill(store, World.name(3))
        guard try DatabasePicture(world.source) == world.picture else {
            return [Breach(promise: .contained, text: "a drill changed the source")]
        }
        if let failure = run.failure, failure.code == DiagnosticCode.repositoryStorage.rawValue {
            return [Breach(promise: .noticed, text: "a fault of the store was taken for a failed point")]
        }
        return []
    }
}
