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

    private func take(_ task: RangeTask, _ scan: ScannedRange?) throws {
        switch task.prospect {
        case .read(let reason):
            try read(task, scan, because: reason)
        case .candidate(let base, let isDue):
            guard let scan, let known = base.fingerprint else {
                try read(task, scan, because: .notComparable)
                return
            }
            switch RangeVerdict(base: known, now: scan) {
            case .read(let reason):
                try read(task, scan, because: reason)
            case .contradiction:
                context.ledger.contradict("\(name(of: task)): no row is new and none is missing, yet they are others")
                try read(task, scan, because: .violation)
            case .unchanged where isDue:
                let range = try read(task, scan, because: .rereadDue)
                if range.proof != base.proof || range.textBytes != base.textBytes {
                    context.ledger.contradict("\(name(of: task)): it looked unchanged, but its rows are others")
                }
            case .unchanged:
                context.ledger.reuse(task, base)
                context.progress.finishRange(tableBytes: task.bytes, reused: true)
            }
        }
    }

    @discardableResult
    private func read(_ task: RangeTask, _ scan: ScannedRange?, because reason: ReadReason) throws -> TableRange {
        let packed = try pack(task)
        if let scan, scan.fingerprint.rows != packed.proof.rows {
            throw Diagnostic(
                .internalError,
                "\(name(of: task)) cannot be read twice with the same result",
                cause: "COPY sent \(packed.proof.rows) rows, the scan counted \(scan.fingerprint.rows)",
                hint: "Run the backup again; check the table with amcheck when it happens twice."
            )
        }
        let range = TableRange(
            blocks: task.blocks,
            proof: packed.proof,
            textBytes: packed.textBytes,
            location: packed.location,
            fingerprint: scan?.fingerprint,
            readIn: context.plan.point.slot
        )
        context.ledger.read(task, range, because: reason)
        context.progress.finishRange(tableBytes: task.bytes, reused: false)
        return range
    }

    private func pack(_ task: RangeTask) throws -> PackedRange {
        switch task.source {
        case .largeObjects:
            let sql = LargeObjectListing.copy(task.blocks, encoding: context.encoding)
            return try pipeline.copy(sql, on: connection, as: .largeObjects, from: task.blocks.first)
        case .table(let index):
            let table = context.inventory.tables[index]
            if table.isCertainlyEmpty { return try pipeline.empty() }
            let columns = table.columns.map { quotedIdentifier($0) }.joined(separator: ", ")
            let sql = """
                COPY (SELECT \(columns) \(table.fromClause(task.blocks))) \
                TO STDOUT WITH (ENCODING \(quotedLiteral(context.encoding)))
                """
            return try pipeline.copy(
                sql,
                on: connection,
                as: .rows(schema: table.schema, table: table.name),
                from: task.blocks.first
            )
        }
    }

    /// The fingerprints of the tasks, in their order; nil where there is none to be had or none is of use.
    private func scan(_ tasks: [RangeTask]) throws -> [ScannedRange?] {
        var results = [ScannedRange?](repeating: nil, count: tasks.count)
        guard context.takesFingerprints else { return results }
        var wanted: [(position: Int, table: SourceTable, blocks: BlockRange)] = []
        for (position, task) in tasks.enumerated() {
            guard case .table(let index) = task.source else { continue }
            let table = context.inventory.tables[index]
            guard table.isReusable else { continue }
            if table.isCertainlyEmpty {
                let nothing = RangeFingerprint(rows: 0, first: 0, second: 0, permanent: 0)
                results[position] = ScannedRange(fingerprint: nothing, inWindow: context.window == nil ? nil : 0)
            } else {
                wanted.append((position, table, task.blocks))
            }
        }
        let found = try explaining("cannot look for changes") {
            try FingerprintScan(connection: connection).scan(
                wanted.map { ($0.table, $0.blocks) },
                window: context.window
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
