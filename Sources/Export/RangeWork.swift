import Archives
import Diagnostics
import Model
import PostgresClient

/// Takes ranges, one after the other: finds them unchanged or reads them.
///
/// One thread.
struct RangeWork {
    let context: ExportContext
    let connection: Connection
    let pipeline: RowPipeline

    /// Does `tasks`, whose tables are locked.
    func take(_ tasks: [RangeTask]) throws {
        let scanned = try scan(tasks)
        for (task, scan) in zip(tasks, scanned) {
            try explaining("cannot read \(name(of: task))") { try take(task, scan) }
        }
    }

    private func take(_ task: RangeTask, _ scan: WindowedScan?) throws {
        let judged = RangeDecisions(task.prospects, scan, context.windows)
        if let reason = judged.contradiction { context.findings.contradict("\(name(of: task)): \(reason)") }
        var takers: [(destination: Destination, reason: ReadReason)] = []
        for (destination, decision) in zip(context.destinations, judged.decisions) where destination.isLive {
            switch decision {
            case .settled: break
            case .takeOver(let base): destination.ledger.reuse(task, base)
            case .read(let reason): takers.append((destination, reason))
            }
        }
        if !takers.isEmpty { try read(task, scan, for: takers, insteadOf: judged.unchanged) }
        context.progress.finishRange(tableBytes: task.bytes, reused: takers.isEmpty)
    }

    /// Reads a range once, for every destination that needs it; each base that thinks it `unchanged` is held against the
    /// rows, also one that they are not read for.
    private func read(
        _ task: RangeTask,
        _ scan: WindowedScan?,
        for takers: [(destination: Destination, reason: ReadReason)],
        insteadOf unchanged: [TableRange]
    ) throws {
        let packed = try pack(task, for: takers.map(\.destination))
        if let scan, scan.fingerprint.rows != packed.proof.rows {
            throw Diagnostic(
                .internalError,
                "\(name(of: task)) cannot be read twice with the same result",
                cause: "COPY sent \(packed.proof.rows) rows, the scan counted \(scan.fingerprint.rows)",
                hint: "Run the backup again; check the table with amcheck when it happens twice."
            )
        }
        for taker in takers {
            guard let location = packed.locations[taker.destination.index] else { continue }
            let range = TableRange(
                blocks: task.blocks,
                proof: packed.proof,
                textBytes: packed.textBytes,
                location: location,
                fingerprint: scan?.fingerprint,
                readIn: context.plan.point.slot
            )
            taker.destination.ledger.read(task, range, because: taker.reason)
        }
        if unchanged.contains(where: { $0.proof != packed.proof || $0.textBytes != packed.textBytes }) {
            context.findings.contradict("\(name(of: task)): it looked unchanged, but its rows are others")
        }
    }

    private func pack(_ task: RangeTask, for takers: [Destination]) throws -> PackedRange {
        switch task.source {
        case .largeObjects:
            let sql = LargeObjectListing.copy(task.blocks, encoding: context.encoding)
            return try pipeline.copy(
                sql,
                on: connection,
                as: .largeObjects,
                from: task.blocks.first,
                to: takers
            )
        case .table(let index):
            let table = context.inventory.tables[index]
            if table.isCertainlyEmpty { return try pipeline.empty(to: takers) }
            let columns = table.columns.map { quotedIdentifier($0) }.joined(separator: ", ")
            let sql = """
                COPY (SELECT \(columns) \(table.fromClause(task.blocks))) \
                TO STDOUT WITH (ENCODING \(quotedLiteral(context.encoding)))
                """
            do {
                return try pipeline.copy(
                    sql,
                    on: connection,
                    as: .rows(schema: table.schema, table: table.name),
                    from: task.blocks.first,
                    to: takers
                )
            } catch let error as PostgresError where error.saysTextIsTooLong {
                throw UnprintableRow(table: table, blocks: task.blocks, error: error)
            }
        }
    }

    /// The fingerprints of the tasks, in their order; nil where there is none to be had or none is of use.
    private func scan(_ tasks: [RangeTask]) throws -> [WindowedScan?] {
        var results = [WindowedScan?](repeating: nil, count: tasks.count)
        guard context.takesFingerprints else { return results }
        var wanted: [(position: Int, table: SourceTable, blocks: BlockRange)] = []
        for (position, task) in tasks.enumerated() {
            guard task.isScanned, case .table(let index) = task.source else { continue }
            let table = context.inventory.tables[index]
            guard table.isReusable else { continue }
            if table.isCertainlyEmpty {
                let nothing = RangeFingerprint(rows: 0, first: 0, second: 0, permanent: 0)
                let windows = context.windows.distinct.count
                results[position] = WindowedScan(fingerprint: nothing, inWindows: Array(repeating: 0, count: windows))
            } else {
                wanted.append((position, table, task.blocks))
            }
        }
        let found = try explaining("cannot look for changes") {
            try FingerprintScan(connection: connection).scan(
                wanted.map { ($0.table, $0.blocks) },
                windows: context.windows.distinct
            )
        }
        for (entry, scan) in zip(wanted, found) { results[entry.position] = scan }
        return results
    }

    private func name(of task: RangeTask) -> String {
        switch task.source {
        case .largeObjects: return "the large objects from \(task.blocks.first)"
        case .table(let index):
            let table = context.inventory.tables[index]
            return task.blocks == .all
                ? "table '\(table.displayName)'" : "table '\(table.displayName)' from block \(task.blocks.first)"
        }
    }
}
