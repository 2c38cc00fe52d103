import Model
import PostgresClient
import Repository

/// The point before, once it is established that its ranges may be taken over where nothing changed.
///
/// Every doubt ends in reading, never in an error; `docs/incremental.md` says why this is sound.
struct ReuseBasis: Sendable {
    /// What is known of a range before it is looked at.
    enum Prospect: Sendable, Hashable {
        case read(ReadReason)
        /// Reusable if the scan says that nothing changed; with `isDue`, it is read even then, and compared.
        case candidate(TableRange, isDue: Bool)
        /// To be read, and stored only if it is other than this.
        case sameText(StoredText)
        /// This run has it already.
        case settled
    }

    let window: FingerprintScan.Window
    /// The point it is.
    let slot: Slot
    /// By name; the catalog key holds a table's number.
    private let tables: [TableName: TableData]
    /// The archives of the base that are still there, whole, and the times that stand in their headers.
    private let archives: [ArchiveID: Int64]
    /// Those that are there and are to be read again.
    private let repacked: Set<ArchiveID>
    /// Those that were found damaged.
    private let damaged: Set<ArchiveID>
    private let schedule: RereadSchedule

    init(_ base: Manifest, window: FingerprintScan.Window, present: ReusableArchives, schedule: RereadSchedule) {
        self.window = window
        self.schedule = schedule
        slot = base.point.slot
        tables = Dictionary(
            base.tables.map { ($0.fullName, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        archives = Dictionary(
            base.archives.filter { present.sizes[$0.id] == $0.bytes }
                .map { ($0.id, $0.writtenIn.slot.instant.secondsSinceEpoch) },
            uniquingKeysWith: { first, _ in first }
        )
        repacked = present.repacked
        damaged = present.damaged
    }

    /// Where the base cut this table; empty when it is not the same table any more.
    func boundaries(of table: SourceTable) -> [BlockRange] {
        guard case .success(let known) = comparable(table) else { return [] }
        return known.ranges.map(\.blocks)
    }

    /// Whether it has been worth looking for changes in this table; nil when it is not the same table any more.
    func rhythm(of table: SourceTable) -> ScanRhythm? {
        guard case .success(let known) = comparable(table) else { return nil }
        return ScanRhythm(history: known.rhythm)
    }

    /// Whether a range may be taken over, as far as that is known without looking at its rows.
    func prospect(of blocks: BlockRange, in table: SourceTable) -> Prospect {
        if table.isComparedByText, blocks == .all { return textProspect(of: table) }
        switch comparable(table) {
        case .failure(let refusal): return .read(refusal.reason)
        case .success(let known):
            guard ScanRhythm(history: known.rhythm).decision == .compare else { return .read(.alwaysChanges) }
            guard let range = known.range(blocks) else { return .read(.newRange) }
            guard range.fingerprint != nil else { return .read(.notComparable) }
            guard archives[range.location.archive] != nil else { return .read(absence(of: range)) }
            return .candidate(range, isDue: schedule.isDue(range, of: table.displayName))
        }
    }

    /// What a small table is held against: its rows are read whatever the catalogs say, so it only matters that the base
    /// means the same columns.
    private func textProspect(of table: SourceTable) -> Prospect {
        guard let known = tables[TableName(schema: table.schema, name: table.name)] else { return .read(.newTable) }
        guard known.condition == nil, known.columns.map(Spelling.init) == table.columns.map(Spelling.init) else {
            return .read(.tableChanged)
        }
        guard let range = known.range(.all), range.location.members == 1 else { return .read(.newRange) }
        guard let modified = archives[range.location.archive] else { return .read(absence(of: range)) }
        return .sameText(StoredText(range: range, modified: modified))
    }

    /// Why an archive of the base is not referred to again.
    private func absence(of range: TableRange) -> ReadReason {
        damaged.contains(range.location.archive)
            ? .archiveDamaged : repacked.contains(range.location.archive) ? .repack : .archiveMissing
    }

    private struct Refusal: Error {
        var reason: ReadReason
    }

    private func comparable(_ table: SourceTable) -> Result<TableData, Refusal> {
        guard let known = tables[TableName(schema: table.schema, name: table.name)] else {
            return .failure(Refusal(reason: .newTable))
        }
        guard table.isReusable, known.isReusable else { return .failure(Refusal(reason: .notComparable)) }
        guard let key = table.catalogKey, key == known.catalogKey,
            known.columns.map(Spelling.init) == table.columns.map(Spelling.init),
            known.condition.map(Spelling.init) == table.condition.map(Spelling.init)
        else { return .failure(Refusal(reason: .tableChanged)) }
        return .success(known)
    }
}

extension TableData {
    /// The range of exactly these blocks; ranges stand in block order.
    fileprivate func range(_ blocks: BlockRange) -> TableRange? {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].blocks.first < blocks.first { low = middle + 1 } else { high = middle }
        }
        guard low < ranges.count, ranges[low].blocks == blocks else { return nil }
        return ranges[low]
    }
}

/// When ranges that do not change are read again nevertheless; pure.
///
/// Each range has a moment of its own between half of the time and all of it, so that what a first backup read in one
/// go is not due in one go.
struct RereadSchedule: Sendable {
    var now: Instant
    /// When the point before was taken: the next one is expected as much later.
    var previous: Instant
    var within: Duration

    /// Whether the range must be read in this run, because by the next it would be too late.
    func isDue(_ range: TableRange, of table: String) -> Bool {
        let age = (now - range.readIn.instant).inSeconds
        let interval = max(0, (now - previous).inSeconds)
        return age + interval >= within.inSeconds * share(table, range.blocks.first)
    }

    /// A number in [0.5, 1), the same in every run: FNV-1a over table and block.
    private func share(_ table: String, _ block: Int64) -> Double {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(table):\(block)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 32
        return 0.5 + Double(hash & 0xFFFF) / 131_072
    }
}
