import Diagnostics
package import Model
package import PostgresClient
import RowHashing
import Streams

/// Reads a restored table back and compares it with what the source held under the backup's snapshot.
package struct TableProver: ~Copyable {
    private let connection: Connection
    private let progress: RestoreProgress
    private let encoding: String

    /// Creates a prover over a session opened with `RestoreSession.openForRows`; `encoding` is the source database's.
    package init(connection: Connection, encoding: String, progress: RestoreProgress) {
        self.encoding = encoding
        self.connection = connection
        self.progress = progress
    }

    /// What the table holds now: number and hash sum of its rows, in the manifest's columns.
    package func proof(of table: TableData) throws -> RowProof {
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        let columns = try table.columns.map { try connection.quoteIdentifier($0) }.joined(separator: ", ")
        let filter = table.condition.map { " " + $0 } ?? ""
        var hasher = RowHasher()
        do {
            let encoding = try connection.quoteLiteral(encoding)
            let copy = "COPY (SELECT \(columns) FROM ONLY \(relation)\(filter)) TO STDOUT WITH (ENCODING \(encoding))"
            _ = try connection.copyOut(copy) { row in
                hasher.add(row.extracting(droppingLast: 1))
                progress.addProven(row.byteCount)
            }
        } catch let error as PostgresError {
            throw error.diagnostic(while: "cannot read back the rows of '\(table.fullName)'")
        }
        return hasher.proof
    }

    /// Why the table is not what it was; nil when it is.
    package func mismatch(of table: TableData) throws -> String? {
        let found = try proof(of: table)
        let expected = table.proof
        guard found != expected else { return nil }
        return found.rows == expected.rows
            ? "\(table.fullName): \(found.rows) rows, but their contents differ"
            : "\(table.fullName): \(found.rows) rows instead of \(expected.rows)"
    }
}
