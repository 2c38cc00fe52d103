import Diagnostics
import Model
import PostgresClient

/// Gathers statistics on restored tables: without them the first queries after a recovery are the slowest ever.
struct Analyze {
    let connection: Connection

    /// Looks at a sample of each table's rows, in one statement and one transaction.
    ///
    /// The server works out indexed and counted expressions while it does so, and a function among them may find here what
    /// it looks for no more than an index would: such a table stays without statistics.
    func run(_ tables: [TableData]) throws -> BuiltParts {
        do {
            try analyze(tables)
            return BuiltParts()
        } catch let error as Diagnostic where SchemaBuilder.isObjectsOwn(error) || error.isDeadlock {
            // Alone each holds one lock, so that nobody it waits for can be waiting for it.
            guard tables.count == 1 else {
                return try tables.reduce(into: BuiltParts()) { $0.add(try run([$1])) }
            }
            return BuiltParts(withoutStatistics: [tables[0].identity: (error.cause ?? error.summary).onOneLine])
        }
    }

    private func analyze(_ tables: [TableData]) throws {
        let names = try tables.map { table in
            try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        }
        do {
            try connection.execute("BEGIN; ANALYZE \(names.joined(separator: ", ")); COMMIT")
        } catch let error as PostgresError {
            connection.rollBack()
            throw error.ofStatement(while: "cannot gather statistics")
        }
    }
}
