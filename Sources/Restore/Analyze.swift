import Model
import PostgresClient

/// Gathers statistics on restored tables: without them the first queries after a recovery are the slowest ever.
struct Analyze {
    let connection: Connection

    /// Looks at a sample of each table's rows, in one statement and one transaction.
    func run(_ tables: [TableData]) throws {
        let names = try tables.map { table in
            try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        }
        do {
            try connection.execute("BEGIN; ANALYZE \(names.joined(separator: ", ")); COMMIT")
        } catch let error as PostgresError {
            connection.rollBack()
            throw error.diagnostic(while: "cannot gather statistics")
        }
    }
}
