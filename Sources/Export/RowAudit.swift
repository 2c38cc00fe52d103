import Diagnostics
import Model
import PostgresClient

/// Counts tables without block ranges under the same snapshot: a range that got lost is missing from its own proof, but
/// not from this count.
struct RowAudit {
    private static let batchSize = 50
    /// With `rotating`, each table is counted in one of so many runs.
    private static let rotation: UInt64 = 16

    let connection: Connection

    /// The tables whose turn it is; pure.
    ///
    /// Which sixteenth it is, is scattered over the runs: a day has a multiple of sixteen minutes, so a turn that followed
    /// the clock would be the same one every night.
    static func due(_ tables: [SourceTable], _ audit: ExportPlan.Audit, in slot: Slot) -> [Int] {
        // One of which no query can be planned was read whole, by one COPY that the server itself counts.
        let countable = tables.indices.filter { tables[$0].isAskable }
        return switch audit {
        case .none: []
        case .all: countable
        case .rotating: countable.filter { (UInt64(tables[$0].oid) &+ turn(of: slot)) % rotation == 0 }
        }
    }

    /// A number that is as good as random and always the same for one slot (the last steps of SplitMix64).
    private static func turn(of slot: Slot) -> UInt64 {
        var number = UInt64(bitPattern: slot.instant.secondsSinceEpoch) &* 0x9E37_79B9_7F4A_7C15
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return number ^ (number >> 31)
    }

    /// Throws when a table holds another number of rows than its ranges.
    func check(_ tables: [(table: SourceTable, rows: Int64)]) throws {
        var rest = tables[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batchSize))
            rest = rest.dropFirst(Self.batchSize)
            let parts = batch.enumerated().map { index, entry in
                "SELECT \(index), count(*) \(entry.table.fromClause(.all))"
            }
            for row in try connection.query(parts.joined(separator: " UNION ALL ")) {
                guard let index = row[0].flatMap(Int.init), batch.indices.contains(index),
                    let count = row[1].flatMap(Int64.init)
                else { throw PostgresError(message: "a count cannot be read") }
                guard count == batch[index].rows else { throw lost(batch[index], count) }
            }
        }
    }

    private func lost(_ entry: (table: SourceTable, rows: Int64), _ count: Int64) -> Diagnostic {
        Diagnostic(
            .internalError,
            "the export of table '\(entry.table.displayName)' is not complete",
            cause: "its ranges hold \(entry.rows) rows, the table \(count)",
            hint: "Report this, and take a full backup with --full."
        )
    }
}
