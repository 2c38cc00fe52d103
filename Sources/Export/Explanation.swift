import Diagnostics
package import PostgresClient

/// Runs `body`, and turns what the server or libpq said into the error that people read: `summary` is what could not be
/// done.
func explaining<Result>(_ summary: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as PostgresError {
        throw error.diagnostic(while: summary())
    }
}

extension Connection {
    /// Asks something the export can do without; nil when the server refuses.
    ///
    /// Inside a transaction a savepoint keeps the refusal from ending it. A lost connection still throws.
    package func queryIfAllowed(_ sql: String, _ parameters: [String?] = []) throws -> Rows? {
        let guarded = isInTransaction
        if guarded { try execute("SAVEPOINT lifeboat") }
        do {
            let rows = try query(sql, parameters)
            if guarded { try execute("RELEASE SAVEPOINT lifeboat") }
            return rows
        } catch let error as PostgresError {
            guard isUsable, !error.isConnectionLost, !error.isCancelled else { throw error }
            if guarded { try execute("ROLLBACK TO SAVEPOINT lifeboat; RELEASE SAVEPOINT lifeboat") }
            return nil
        }
    }
}
