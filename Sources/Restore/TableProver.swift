import Diagnostics
package import Model
package import PostgresClient
import RowHashing
import Streams

/// Reads a restored table back and compares it with what the source held under the backup's snapshot.
package struct TableProver {
    private let connection: Connection
    private let progress: RestoreProgress
    private let encoding: String

    /// Creates a prover over a session opened with `RestoreSession.openForRows`; `encoding` is the source database's.
    package init(connection: Connection, encoding: String, progress: RestoreProgress) {
        self.encoding = encoding
        self.connection = connection
        self.progress = progress
    }

    /// Why each of the tables is not what it was; nil when it is.
    package func mismatches(of tables: [TableData]) throws -> [String?] {
        zip(tables, try proofs(of: tables)).map { Self.mismatch($0.fullName, $0.proof, $1) }
    }

    /// What the tables hold now, number and hash sum of their rows in the manifest's columns, asked for in one message.
    func proofs(of tables: [TableData]) throws -> [RowProof] {
        let encoding = try connection.quoteLiteral(encoding)
        var proofs: [RowProof] = []
        try connection.copyOut(try tables.map { try copy($0, encoding) }) { series in
            for table in tables {
                var hasher = RowHasher()
                do {
                    _ = try series.next { row in
                        hasher.add(row.extracting(droppingLast: 1))
                        progress.addProven(row.byteCount)
                    }
                } catch let error as PostgresError {
                    throw error.diagnostic(while: "cannot read back the rows of '\(table.fullName)'")
                }
                proofs.append(hasher.proof)
            }
        }
        return proofs
    }

    /// A whole table needs no plan, for which the server would look at the functions behind indexes and statistics, and one
    /// of these may find nothing here.
    private func copy(_ table: TableData, _ encoding: String) throws -> String {
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        let columns = try table.columns.map { try connection.quoteIdentifier($0) }.joined(separator: ", ")
        let rows =
            if table.condition == nil, !columns.isEmpty {
                "\(relation) (\(columns))"
            } else {
                "(SELECT \(columns) FROM ONLY \(relation) \(table.condition ?? ""))"
            }
        return "COPY \(rows) TO STDOUT WITH (ENCODING \(encoding))"
    }

    /// Nil where the rows are those that they should be.
    static func mismatch(_ table: TableName, _ expected: RowProof, _ found: RowProof) -> String? {
        guard found != expected else { return nil }
        return found.rows == expected.rows
            ? "\(table): \(found.rows) rows, but their contents differ"
            : "\(table): \(found.rows) rows instead of \(expected.rows)"
    }
}
