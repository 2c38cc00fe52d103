import Model
import PostgresClient

/// A table whose rows are to be read, as it stands under the snapshot.
struct SourceTable: Sendable, Hashable {
    var oid: UInt32
    var schema: String
    var name: String
    /// What COPY lists: every column that is neither dropped nor generated.
    var columns: [String]
    /// What follows `FROM ONLY table`, for configuration tables of extensions: `WHERE …`.
    var condition: String?
    /// Whether the rows lie in a heap, where block ranges mean something.
    var isHeap: Bool
    var heapBlocks: Int64
    var toastBytes: Int64
    /// Everything in the catalogs that the text of a row depends on, hashed; nil when it could not be computed.
    var catalogKey: String?
    /// Whether (ctid, xmin) say anything about the text of this table's rows.
    var isReusable: Bool
    /// Whether the server can plan a query of it, which COPY of the table does without; see `PlanTrial`.
    var isAskable = true
    /// Whether its rows are read in any case, and held against what is stored.
    var isComparedByText = false

    /// The name in SQL.
    var sqlName: String { quotedIdentifier(schema, name) }

    /// The name for people.
    var displayName: String { "\(schema).\(name)" }

    /// Whether it can be read by block ranges: a condition, another storage or a lost function leaves only the whole.
    var isDivisible: Bool { isHeap && isAskable && condition == nil }

    /// Whether sending its rows takes less than finding out whether they changed: a query has the server open every index
    /// of the table, which for a few rows is four times the work of sending them.
    var isSmall: Bool { isDivisible && (1...2).contains(heapBlocks) && toastBytes == 0 && !columns.isEmpty }

    /// Whether it certainly holds no row: every row that the snapshot sees lies in a block that cannot have gone away
    /// while the table was locked.
    var isCertainlyEmpty: Bool { isDivisible && heapBlocks == 0 }

    /// The COPY that sends one range of it.
    ///
    /// A whole table needs no query to be planned, which for a small one costs as much as its rows; it never sends those
    /// of tables that inherit from it.
    func copy(_ blocks: BlockRange, encoding: String) -> String {
        let list = columns.map { quotedIdentifier($0) }.joined(separator: ", ")
        let isPlain = blocks == .all && condition == nil && !columns.isEmpty
        let rows = isPlain ? "\(sqlName) (\(list))" : "(SELECT \(list) \(fromClause(blocks)))"
        return "COPY \(rows) TO STDOUT WITH (ENCODING \(quotedLiteral(encoding)))"
    }

    /// `FROM ONLY table …` for one range of it.
    func fromClause(_ blocks: BlockRange) -> String {
        var clauses: [String] = []
        if blocks.first > 0 { clauses.append("ctid >= '(\(blocks.first),0)'::pg_catalog.tid") }
        if let end = blocks.end { clauses.append("ctid < '(\(end),0)'::pg_catalog.tid") }
        let filter = clauses.isEmpty ? condition : "WHERE " + clauses.joined(separator: " AND ")
        return "FROM ONLY \(sqlName)" + (filter.map { " " + $0 } ?? "")
    }
}
