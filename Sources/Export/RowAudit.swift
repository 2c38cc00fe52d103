import Diagnostics
import Model
import PostgresClient

/// Counts tables without block ranges under the same snapshot: a range that got lost is missing from its own proof, but
/// not from this count.
struct RowAudit {
    private static let batchSize = 50
    /// How many runs it takes, with `rotating`, until every table was counted.
    static let rotation: UInt64 = 16

    let connection: Connection

    /// The tables whose turn it is; pure.
    static func due(_ tables: [SourceTable], _ audit: ExportPlan.Audit, in slot: Slot) -> [Int] {
        switch audit {
        case .none: []
        case .all: Array(tables.indices)
        case .rotating:
            tables.indices.filter { index in
                let turn = UInt64(bitPattern: slot.instant.secondsSinceEpoch / 60)
                return (UInt64(tables[index].oid) &+ turn) % rotation == 0
            }
        }
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
