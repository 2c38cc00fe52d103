import Diagnostics
import Model
import PostgresClient

/// A row that the server stores but cannot write as text, which may not exceed a gigabyte.
struct UnprintableRow: Error {
    let table: SourceTable
    let blocks: BlockRange
    let error: PostgresError

    /// The error people see: it names the column and the row.
    ///
    /// Asks on a session that holds the snapshot and the table's lock, unless it is the one that failed; the transaction
    /// survives it.
    func diagnostic(on connection: Connection) throws -> Diagnostic {
        let culprit = try connection.isUsable ? findColumn(on: connection) : nil
        let found = try culprit.flatMap { try findRow(of: $0, on: connection) }
        let place = found.map { "; it is the row at ctid \($0)" } ?? ""
        let summary =
            culprit.map { "a value of column '\($0)' of table '\(table.displayName)' cannot be written as text" }
            ?? "a row of table '\(table.displayName)' cannot be written as text"
        return Diagnostic(
            .unsupportedObject,
            summary,
            cause: redacted(error.message) + place,
            hint: "Shorten the value (text may have 1 GB), or leave the rows out with --exclude-rows"
                + " '\(table.displayName)'.",
            context: error.sqlState.map { ["sqlstate": $0] } ?? [:]
        )
    }

    /// The column whose values cannot be printed even alone, else the one with the longest text.
    private func findColumn(on connection: Connection) throws -> String? {
        var longest: (column: String, bytes: Int64)?
        for column in table.columns {
            let text = "\(quotedIdentifier(column))::pg_catalog.text"
            let sql = "SELECT max(pg_catalog.octet_length(\(text))) \(table.fromClause(blocks))"
            guard let rows = try connection.queryIfAllowed(sql) else { return column }
            let bytes = rows[0, 0].flatMap(Int64.init) ?? 0
            if bytes > longest?.bytes ?? 0 { longest = (column, bytes) }
        }
        return longest?.column
    }

    private func findRow(of column: String, on connection: Connection) throws -> String? {
        let size = "pg_catalog.pg_column_size(\(quotedIdentifier(column)))"
        return try connection.queryIfAllowed(
            "SELECT ctid \(table.fromClause(blocks)) ORDER BY \(size) DESC NULLS LAST LIMIT 1"
        )?.first?[0]
    }
}

extension PostgresError {
    /// Whether the server refused to build a text of more than a gigabyte.
    var saysTextIsTooLong: Bool {
        // Its allocator's refusal has no SQLSTATE of its own, but its words are never translated.
        message.contains("invalid memory alloc request size")
            || sqlState == "54000" || message.contains("Cannot enlarge string buffer")
            || detail?.contains("Cannot enlarge string buffer") == true
    }
}
