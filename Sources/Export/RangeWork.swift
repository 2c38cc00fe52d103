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

    /// COPYs that are sent in one message.
    private static let seriesLimit = 64

    /// A range that has to be read.
    private struct Reading {
        var task: RangeTask
        var scan: WindowedScan?
        /// Who needs it, and why.
        var takers: [(destination: Destination, reason: ReadReason)]
        /// What bases hold that think it unchanged: each is held against the rows, also one that they are not read for.
        var unchanged: [TableRange]
        /// What destinations hold of a table that is read in any case, by index.
        var stored: [Int: StoredText]
        /// What the server is asked; nil when the range certainly is empty.
        var statement: String?
    }

    /// Does `tasks`, whose tables are locked.
    func take(_ tasks: [RangeTask]) throws {
        let scanned = try scan(tasks)
        let readings = zip(tasks, scanned).compactMap { judge($0, $1) }
        for reading in readings where reading.statement == nil {
            try explaining("cannot read \(name(of: reading.task))") {
                try settle(reading, pipeline.empty(to: reading.takers.map(\.destination)))
            }
        }
        var rest = readings.filter { $0.statement != nil }[...]
        while !rest.isEmpty {
            try read(Array(rest.prefix(Self.seriesLimit)))
            rest = rest.dropFirst(Self.seriesLimit)
        }
    }

    /// Takes over what is unchanged; returns what has to be read, and nil when nobody needs it.
    private func judge(_ task: RangeTask, _ scan: WindowedScan?) -> Reading? {
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
        if takers.isEmpty {
            context.progress.finishRange(tableBytes: task.bytes, reused: true)
            return nil
        }
        return Reading(
            task: task,
            scan: scan,
            takers: takers,
            unchanged: judged.unchanged,
            stored: stored(task),
            statement: statement(for: task)
        )
    }

    private func stored(_ task: RangeTask) -> [Int: StoredText] {
        var stored: [Int: StoredText] = [:]
        for (destination, prospect) in zip(context.destinations, task.prospects) {
            if case .sameText(let text) = prospect { stored[destination.index] = text }
        }
        return stored
    }

    /// Reads ranges, each once for every destination that needs it: a message to the server for all of them.
    private func read(_ readings: [Reading]) throws {
        try connection.copyOut(readings.compactMap(\.statement)) { series in
            for reading in readings {
                try explaining("cannot read \(name(of: reading.task))") {
                    try settle(reading, pack(reading, series))
                }
            }
        }
    }

    private func pack(_ reading: Reading, _ series: CopySeries) throws -> PackedRange {
        let (content, takers) = (content(of: reading.task), reading.takers.map(\.destination).live)
        do {
            guard reading.stored.isEmpty else {
                return try pipeline.copy(series, as: content, to: takers, unless: reading.stored)
            }
            return try pipeline.copy(series, as: content, from: reading.task.blocks.first, to: takers)
        } catch let error as PostgresError where error.saysTextIsTooLong {
            guard case .table(let index) = reading.task.source else { throw error }
            throw UnprintableRow(table: context.inventory.tables[index], blocks: reading.task.blocks, error: error)
        }
    }

    /// Records a range that was read, once it is certain that it is what the scan saw.
    private func settle(_ reading: Reading, _ packed: PackedRange) throws {
        let (task, scan) = (reading.task, reading.scan)
        if let scan, scan.fingerprint.rows != packed.proof.rows {
            throw Diagnostic(
                .internalError,
                "\(name(of: task)) cannot be read twice with the same result",
                cause: "COPY sent \(packed.proof.rows) rows, the scan counted \(scan.fingerprint.rows)",
                hint: "Run the backup again; check the table with amcheck when it happens twice."
            )
        }
        for taker in reading.takers {
            guard let location = packed.locations[taker.destination.index] else { continue }
            let range = TableRange(
                blocks: task.blocks,
                proof: packed.proof,
                textBytes: packed.textBytes,
                location: location,
                fingerprint: scan?.fingerprint,
                readIn: context.plan.point.slot
            )
            let isOther = taker.reason == .small && !packed.unchanged.contains(taker.destination.index)
            taker.destination.ledger.read(task, range, because: isOther ? .rowsChanged : taker.reason)
        }
        if reading.unchanged.contains(where: { $0.proof != packed.proof || $0.textBytes != packed.textBytes }) {
            context.findings.contradict("\(name(of: task)): it looked unchanged, but its rows are others")
        }
        context.progress.finishRange(tableBytes: task.bytes, reused: false)
    }

    private func content(of task: RangeTask) -> MemberName.Content {
        switch task.source {
        case .largeObjects: return .largeObjects
        case .table(let index):
            let table = context.inventory.tables[index]
            return .rows(schema: table.schema, table: table.name)
        }
    }

    /// The COPY that reads a range; nil when there certainly is nothing to read.
    private func statement(for task: RangeTask) -> String? {
        switch task.source {
        case .largeObjects: return LargeObjectListing.copy(task.blocks, encoding: context.encoding)
        case .table(let index):
            let table = context.inventory.tables[index]
            return table.isCertainlyEmpty ? nil : table.copy(task.blocks, encoding: context.encoding)
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
            guard table.isReusable, !table.isComparedByText || task.blocks != .all else { continue }
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
