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
    /// Tables that this restore has not made: they are added to, never emptied.
    private let standing: Set<TableName>
    /// Partitions into which the target itself sorts rows.
    private let rooted: RootedTables

    init(
        connection: Connection,
        reader: RangeReader,
        encoding: String,
        standing: Set<TableName>,
        rooted: RootedTables,
        progress: RestoreProgress
    ) {
        self.rooted = rooted
        self.encoding = encoding
        self.standing = standing
        self.connection = connection
        self.reader = reader
        self.progress = progress
    }

    /// Loads tables in one transaction, one after the other, and leaves nothing of them when anything fails.
    ///
    /// TRUNCATE and COPY FREEZE in one transaction let the server skip the write-ahead log where its configuration
    /// allows, and spare the table its first rewrite by VACUUM. Tables with a condition (configuration tables of
    /// extensions) already hold the extension's own rows, and tables that were there before may hold anybody's, so both are
    /// added to instead. Small tables that certainly are empty are not truncated either: that makes each of its files anew
    /// and waits for the disk, which takes longer than the rows. When an archive fails in the middle, the transaction is
    /// begun again with another copy of it, or with other archives that hold the same rows, where there are some.
    func load(_ tables: [TableData], areEmpty: Bool) throws {
        let filled = tables.filter { $0.proof.rows > 0 }
        guard !filled.isEmpty else { return }
        try reader.retrying(filled, elsewhere: { $0.counterparts(of: filled) }) { tables in
            try loadOnce(tables, areEmpty: areEmpty)
        }
    }

    /// Loads tables, and leaves those empty whose rows the target refuses: a condition of a domain may find nothing here.
    func loadIfTaken(_ tables: [TableData], areEmpty: Bool) throws -> BuiltParts {
        do {
            try load(tables, areEmpty: areEmpty)
            return BuiltParts()
        } catch let error as Diagnostic where SchemaBuilder.isObjectsOwn(error) {
            guard tables.count == 1 else {
                return try tables.reduce(into: BuiltParts()) { $0.add(try loadIfTaken([$1], areEmpty: areEmpty)) }
            }
            return BuiltParts(unloaded: [tables[0].identity: (error.cause ?? error.summary).onOneLine])
        }
    }

    /// Whether what is in the table is ours, so that loading it again replaces its rows.
    ///
    /// Never of a partition into which rows of others are sorted.
    func mayEmpty(_ table: TableData) -> Bool {
        table.condition == nil && !standing.contains(table.fullName) && rooted.root(of: table) == nil
    }

    /// BEGIN and TRUNCATE travel with the COPY that follows them: a small table costs one round trip besides its rows.
    private func loadOnce(_ tables: [TableData], areEmpty: Bool) throws {
        do {
            for (position, table) in tables.enumerated() {
                do {
                    try load(
                        table,
                        truncating: !areEmpty && mayEmpty(table),
                        after: position == 0 ? "BEGIN; " : ""
                    )
                } catch let error as PostgresError {
                    throw error.ofStatement(while: "cannot load the rows of '\(Self.name(table))'")
                }
            }
            do {
                try connection.execute("COMMIT")
            } catch let error as PostgresError {
                throw error.ofStatement(while: "cannot keep the rows of '\(Self.name(tables[0]))'")
            }
        } catch {
            connection.rollBack()
            throw error
        }
    }

    private func load(_ table: TableData, truncating: Bool, after begin: String) throws {
        let name = Self.name(table)
        let place = rooted.root(of: table) ?? table.fullName
        let relation = try connection.quoteIdentifier(place.schema) + "." + connection.quoteIdentifier(place.name)
        let columns = try table.columns.map { try connection.quoteIdentifier($0) }.joined(separator: ", ")
        let list = columns.isEmpty ? "" : " (\(columns))"
        let truncate = truncating ? "TRUNCATE ONLY \(relation); " : ""
        let options = "ENCODING \(try connection.quoteLiteral(encoding)), FREEZE \(truncating)"
        let copy = "COPY \(relation)\(list) FROM STDIN WITH (\(options))"
        let rows = try connection.copyIn(begin + truncate + copy) { input in
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

    private static func name(_ table: TableData) -> String { "\(table.schema).\(table.name)" }
}
