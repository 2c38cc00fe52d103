import Model
import PostgresClient
import TestSupport
import Testing

@testable import Export
@testable import Repository

/// A random life of a database, watched with the code of an export: at each look, every range of every earlier look is
/// judged, and what would be taken over is held against the rows as they are now.
///
/// One thread; the same seed does the same things. Mutants are judged along the way, each until it is caught.
final class RandomHistory {
    /// How many looks are kept to judge later ones by.
    private let remembered: Int
    let cluster: HistoryCluster
    var random: SeededGenerator
    var session: Connection
    /// Somebody else's transaction that stays open.
    var sleeper: Connection?
    var era = Era()
    var moments: [Moment] = []
    /// Whether the disk has just mixed up blocks: an alarm is right then.
    var isDiskBroken = false
    var lostArchives: Set<ArchiveID> = []
    /// Statements that can be done again with other values.
    var counter = 0
    var savedState: (era: Era, moment: Int)?
    let known: Set<String>

    private(set) var comparisons = 0
    private(set) var reused = 0
    private(set) var alarms = 0
    private(set) var faults: [String] = []
    /// How many comparisons it took.
    private(set) var caught: [Mutant: Int] = [:]
    var tally: [HistoryEvent: Int] = [:]
    private var looks = 0

    init(seed: UInt64, remembering remembered: Int, in folder: String) throws {
        self.remembered = remembered
        random = SeededGenerator(seed: seed)
        cluster = try HistoryCluster(
            [
                "shared_buffers = 32MB", "wal_writer_delay = 10ms", "bgwriter_lru_maxpages = 0",
                "max_prepared_transactions = 5", "full_page_writes = off", "bytea_output = 'escape'",
                "autovacuum_freeze_max_age = 2000000000",
            ],
            in: folder
        )
        try Connection(cluster.settings).execute("CREATE DATABASE history")
        session = try Connection(cluster.settings.with(database: "history"))
        known = Set(try session.query("SELECT lower(name) FROM pg_settings").compactMap { $0[0] })
        try prepare()
        try reconnect()
    }

    var source: ConnectionSettings { get throws { try cluster.settings.with(database: "history") } }

    /// Plays `rounds` bags of events; every kind of event is in each bag.
    func play(rounds: Int) throws {
        try look()
        for _ in 0..<rounds {
            var bag = HistoryEvent.allCases.flatMap { [HistoryEvent](repeating: $0, count: $0.weight) }
            bag.shuffle(using: &random)
            // Whatever comes after a counter that went round builds on nothing of before.
            for event in bag.filter({ $0 != .counterWentRound }) + [.counterWentRound] {
                if event.isDelicate { try look() }
                try play(event)
                tally[event, default: 0] += 1
                if event.isDelicate || random.chance(3) { try look() }
            }
        }
    }

    /// Looks, judges and remembers.
    ///
    /// Without `anchored` the look ends as if the run had died before it cast its anchor.
    func look(anchored: Bool = true, earlyAnchor: Anchor? = nil) throws {
        looks += 1
        let looking = try Looking(source, known: known, era: era)
        let anchor = anchored ? try AnchorCast(Connection(source))?.settled() : nil
        let name = PointName(plan: ExportScene.plan, slot: Slot(Instant(secondsSinceEpoch: Int64(looks) * 3600)))
        let archive = try #require(ArchiveID(String(repeating: "0", count: 32 - "\(looks)".count) + "\(looks)"))
        var now = Moment(
            number: looks,
            era: era,
            bounds: looking.bounds,
            tables: looking.inventory.tables,
            cluster: looking.cluster,
            blindKeys: Dictionary(
                uniqueKeysWithValues: try Mutant.allCases.compactMap { mutant in
                    try looking.keys(mutant).map { (mutant, $0) }
                }
            ),
            earlyAnchor: earlyAnchor,
            manifest: Moment.manifest(name, looking, tables: [], archive: archive, anchor: anchor)
        )
        let judging = try Judging(self, now, looking, visible: anchor)
        now.manifest.tables = judging.tables
        for index in moments.indices { try judge(moments[index], judging) }
        try looking.reader.execute("COMMIT")
        guard !isDiskBroken else { return }
        moments.append(now)
        if moments.count > remembered { moments.removeFirst() }
    }

    private func judge(_ base: Moment, _ judging: Judging) throws {
        let verdict = try judging.verdict(base, nil)
        let found = judging.faults(base, verdict, nil) { compared, taken, alarmed in
            comparisons += compared
            reused += taken
            alarms += alarmed
        }
        for fault in found {
            faults.append("look \(looks) after look \(base.number): \(fault)")
        }
        for mutant in Mutant.allCases where caught[mutant] == nil {
            // A blind eye can only turn a refusal into a use, and only where it would have looked.
            guard (verdict.basis == nil) == (mutant.level == .point) else { continue }
            let blind = mutant.level == .range ? verdict : try judging.verdict(base, mutant)
            let found = judging.faults(base, blind, mutant) { _, _, _ in }
            if found.contains(where: mutant.isGivenAway) { caught[mutant] = comparisons }
        }
    }
}

/// What one look sees, and what would be made of it.
struct Judging {
    private let history: RandomHistory
    private let now: Moment
    private let looking: Looking
    private let visible: Anchor?
    private let present: ReuseVerdict.Present
    private let plan: ExportPlan
    /// Every range as it is now.
    ///
    /// `inWindows` has two numbers for each earlier look: the rows since its xmin and those since its xmax.
    private var ranges: [(table: SourceTable, range: TableRange, scan: WindowedScan)] = []

    init(_ history: RandomHistory, _ now: Moment, _ looking: Looking, visible: Anchor?) throws {
        (self.history, self.now, self.looking, self.visible) = (history, now, looking, visible)
        let archives = Set(history.moments.map(\.archive)).subtracting(history.lostArchives)
        present = ReuseVerdict.Present(
            cluster: looking.cluster,
            bounds: looking.bounds,
            archives: ReusableArchives(
                sizes: Dictionary(uniqueKeysWithValues: archives.map { ($0, 1000) }),
                repacked: []
            )
        )
        plan = ExportPlan(point: now.manifest.point, source: try history.source, tool: "", host: "")
        try readEverything()
    }

    private mutating func readEverything() throws {
        let verdicts = try history.moments.reversed().map { try verdict($0, nil) }
        let tasks = TaskList(
            looking.inventory,
            largeObjects: nil,
            reuse: verdicts,
            chunks: ChunkPlan(targetBytes: 32 << 10)
        ).tasks
        let high = now.bounds.xmax
        let windows = history.moments.flatMap { base in
            [base.bounds.xmin, base.bounds.xmax].map { FingerprintScan.Window(low: min($0, high), high: high) }
        }
        let places = tasks.compactMap { task -> (table: SourceTable, blocks: BlockRange)? in
            guard case .table(let index) = task.source else { return nil }
            return (looking.inventory.tables[index], task.blocks)
        }
        let scans = try FingerprintScan(connection: looking.reader).scan(places, windows: windows)
        for (place, scan) in zip(places, scans) {
            let (proof, textBytes) = try looking.read(place.table, place.blocks)
            try #require(proof.rows == scan.fingerprint.rows)
            let range = TableRange(
                blocks: place.blocks,
                proof: proof,
                textBytes: textBytes,
                location: ArchiveLocation(archive: now.archive, offset: 0, length: 0, members: 1, sha256: ""),
                fingerprint: scan.fingerprint,
                readIn: now.manifest.point.slot
            )
            ranges.append((place.table, range, scan))
        }
    }

    /// The tables of now, as a later look finds them.
    var tables: [TableData] {
        looking.inventory.tables.map { table in
            TableData(
                schema: table.schema,
                name: table.name,
                columns: table.columns,
                catalogKey: table.catalogKey,
                isReusable: table.isReusable,
                ranges: ranges.filter { $0.table.oid == table.oid }.map(\.range)
            )
        }
    }

    /// Whether an earlier look can be built on, with all guards or without one.
    func verdict(_ base: Moment, _ mutant: Mutant?) throws -> ReuseVerdict {
        var manifest = base.manifest
        var present = present
        mutant?.falsify(&manifest, of: base, seenFrom: now, visible: visible)
        if mutant == .archiveUnseen { present.archives.sizes[base.archive] = 1000 }
        return try ReuseVerdict(base: manifest, present: present, plan: plan, connection: looking.reader)
    }

    /// What is wrong with what would be taken over from `base`; counts comparisons, ranges taken over and alarms.
    func faults(
        _ base: Moment,
        _ verdict: ReuseVerdict,
        _ mutant: Mutant?,
        counting count: (Int, Int, Int) -> Void
    ) -> Set<Fault> {
        var faults: Set<Fault> = []
        var counts = (0, 0, 0)
        if mustBeObstructed(base), !isObstructed(base, mutant) { faults.insert(.unobstructed) }
        for (table, range, scan) in ranges {
            let judged = judge(base, verdict, mutant, table, range, scan)
            counts.0 += 1
            if judged.contradiction != nil {
                counts.2 += 1
                if !history.isDiskBroken { faults.insert(.falseAlarm) }
            } else if let taken = judged.unchanged.first {
                counts.1 += 1
                if !taken.hasSameRows(as: range) { faults.insert(.otherRows) }
                if history.lostArchives.contains(taken.location.archive) { faults.insert(.missingArchive) }
                if !base.isRightful(for: now) { faults.insert(.foreignPoint) }
            }
        }
        count(counts.0, counts.1, counts.2)
        return faults
    }

    private func mustBeObstructed(_ base: Moment) -> Bool { base.mustBeRefused(by: now) }

    private func isObstructed(_ base: Moment, _ mutant: Mutant?) -> Bool {
        var manifest = base.manifest
        mutant?.falsify(&manifest, of: base, seenFrom: now, visible: visible)
        return ReuseVerdict.obstacle(manifest, present) != nil
    }

    private func judge(
        _ base: Moment,
        _ verdict: ReuseVerdict,
        _ mutant: Mutant?,
        _ table: SourceTable,
        _ range: TableRange,
        _ scan: WindowedScan
    ) -> RangeDecisions {
        guard let position = history.moments.firstIndex(where: { $0.number == base.number }) else {
            return RangeDecisions([.read(.noBase)], nil, ScanWindows([nil]))
        }
        var table = table
        mutant?.falsify(&table, seenFrom: now)
        var prospect = verdict.prospect(of: range.blocks, in: table)
        var seen = WindowedScan(fingerprint: scan.fingerprint, inWindows: [scan.inWindows[2 * position]])
        if case .candidate(var known, let isDue) = prospect {
            mutant?.falsify(&known, &seen, late: scan.inWindows[2 * position + 1])
            prospect = .candidate(known, isDue: isDue)
        }
        return RangeDecisions([prospect], seen, ScanWindows([verdict.basis?.window]))
    }
}
