import Diagnostics
import Model
import Repository

/// Puts together what a run has found for one repository.
struct ManifestDraft {
    let context: ExportContext
    let destination: Destination
    let verdict: ReuseVerdict
    let tasks: [RangeTask]
    let source: SourceFacts
    let continuity: Continuity?
    let largeObjects: [LargeObjectFacts]?
    let sequences: [SequenceState]
    let catalog: StoredDefinitions
    let notices: [String]
    let phases: [Phase]

    /// The manifest, complete: a task without a result is an error, never a gap.
    func manifest() throws -> Manifest {
        var tables = try self.tables()
        var largeObjects = try largeObjectData()
        let archives = try archives(of: &tables, &largeObjects)
        return Manifest(
            tool: context.plan.tool,
            point: context.plan.point,
            source: source,
            snapshot: SnapshotFacts(
                instant: context.snapshot.instant,
                text: context.snapshot.text,
                lsn: context.snapshot.lsn
            ),
            settings: context.pinned.recorded,
            continuity: continuity,
            tables: tables,
            largeObjects: largeObjects,
            sequences: sequences,
            archives: archives,
            catalog: catalog.facts,
            omissions: context.inventory.omissions,
            notices: notices,
            phases: phases,
            totals: totals(tables, largeObjects),
            previous: destination.base.asPrevious
        )
    }

    private func tables() throws -> [TableData] {
        var ranges = [[TableRange]](repeating: [], count: context.inventory.tables.count)
        var changed = [Int](repeating: 0, count: ranges.count)
        for task in tasks {
            guard case .table(let index) = task.source else { continue }
            ranges[index].append(try range(of: task))
            if destination.ledger.hasChanged(task) { changed[index] += 1 }
        }
        return try context.inventory.tables.enumerated().map { index, table in
            let data = TableData(
                schema: table.schema,
                name: table.name,
                columns: table.columns,
                condition: table.condition,
                catalogKey: table.catalogKey,
                isReusable: table.isReusable,
                rhythm: verdict.basis?.rhythm(of: table)?.after(ranges: ranges[index].count, changed: changed[index]),
                ranges: ranges[index]
            )
            if let problem = data.tilingProblem {
                throw Diagnostic(
                    .internalError,
                    "the export of table '\(table.displayName)' is not complete",
                    cause: problem
                )
            }
            return data
        }
    }

    private func largeObjectData() throws -> LargeObjectData? {
        guard let largeObjects else { return nil }
        let ranges = try tasks.filter { $0.source == .largeObjects }.map(range)
        return LargeObjectData(objects: largeObjects, ranges: ranges)
    }

    private func range(of task: RangeTask) throws -> TableRange {
        guard let range = destination.ledger.range(of: task) else {
            throw Diagnostic(.internalError, "a range from block \(task.blocks.first) was planned but never read")
        }
        return range
    }

    /// The archives that ranges with members lie in; ranges without any move to one of them, so that an old archive is
    /// not kept for the sake of nothing.
    private func archives(of tables: inout [TableData], _ largeObjects: inout LargeObjectData?) throws
        -> [ArchiveFacts]
    {
        let known = Dictionary(
            (destination.register.archives + (destination.base.point?.manifest.archives ?? [])).map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let all = tables.flatMap(\.ranges) + (largeObjects?.ranges ?? [])
        var used = Set(all.filter { $0.location.members > 0 }.map(\.location.archive))
        if used.isEmpty, let any = all.first { used.insert(any.location.archive) }
        guard let home = used.min(by: { $0.text < $1.text }) else { return [] }
        for table in tables.indices {
            for range in tables[table].ranges.indices where tables[table].ranges[range].location.members == 0 {
                tables[table].ranges[range].location.archive = home
                tables[table].ranges[range].location.offset = 0
            }
        }
        for range in largeObjects?.ranges.indices ?? 0..<0 where largeObjects?.ranges[range].location.members == 0 {
            largeObjects?.ranges[range].location.archive = home
            largeObjects?.ranges[range].location.offset = 0
        }
        return try used.sorted { $0.text < $1.text }.map { id in
            guard let facts = known[id] else {
                throw Diagnostic(.internalError, "archive '\(id)' is used but was never finished")
            }
            return facts
        }
    }

    private func totals(_ tables: [TableData], _ largeObjects: LargeObjectData?) -> BackupTotals {
        let all = tables.flatMap(\.ranges) + (largeObjects?.ranges ?? [])
        return BackupTotals(
            bytesRead: destination.ledger.textBytesRead,
            bytesRepresented: all.reduce(0) { $0 + $1.textBytes },
            bytesStored: destination.register.archives.reduce(0) { $0 + $1.bytes },
            rows: all.reduce(0) { $0 + $1.proof.rows },
            rangesRead: destination.ledger.reads.values.reduce(0) { $0 + $1.ranges },
            rangesReused: destination.ledger.reused.ranges,
            readReasons: Dictionary(
                uniqueKeysWithValues: destination.ledger.reads.map { ($0.key.rawValue, $0.value.ranges) }
            )
        )
    }
}
