import Diagnostics
import Model
import PostgresClient
import Streams

/// Loads tables into a database whose definitions are already there; one per worker thread.
struct TableLoader {
    private let connection: Connection
    private let reader: RangeReader
    private let progress: RestoreProgress
    /// The encoding of the COPY text, which is the source database's own.
    private let encoding: String

    init(connection: Connection, reader: RangeReader, encoding: String, progress: RestoreProgress) {
        self.encoding = encoding
        self.connection = connection
        self.reader = reader
        self.progress = progress
    }

    /// Loads one table in one transaction, and leaves nothing of it when anything fails.
    ///
    /// TRUNCATE and COPY FREEZE in one transaction let the server skip the write-ahead log where its configuration
    /// allows, and spare the table its first rewrite by VACUUM. Tables with a condition (configuration tables of
    /// extensions) already hold the extension's own rows, so they are added to instead. When an archive fails in the
    /// middle, the transaction is begun again with another copy of it, where there is one.
    func load(_ table: TableData) throws {
        guard table.proof.rows > 0 else { return }
        try reader.retrying { try loadOnce(table) }
    }

    private func loadOnce(_ table: TableData) throws {
        let name = "\(table.schema).\(table.name)"
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        let columns = try table.columns.map { try connection.quoteIdentifier($0) }.joined(separator: ", ")
        let list = columns.isEmpty ? "" : " (\(columns))"
        do {
            try connection.withTransaction("BEGIN") {
                if table.condition == nil { try connection.execute("TRUNCATE ONLY \(relation)") }
                let options = "ENCODING \(try connection.quoteLiteral(encoding)), FREEZE \(table.condition == nil)"
                let rows = try connection.copyIn("COPY \(relation)\(list) FROM STDIN WITH (\(options))") { input in
                    for range in table.ranges {
                        try reader.read(range, of: name) { bytes in
                            try input.write(bytes)
                            progress.addLoaded(bytes.byteCount)
                        }
                    }
                }
                guard rows == table.proof.rows else {
                    throw Diagnostic(
                        .restoreStatement,
                        "the target took \(rows) rows of '\(name)', the point has \(table.proof.rows)"
                    )
                }
            }
        } catch let error as PostgresError {
            throw error.diagnostic(while: "cannot load the rows of '\(name)'")
        }
    }
}
