import Diagnostics
import Model
import PostgresClient
import Restore

/// Sabotages the copy on purpose and asks the proof to notice: a proof that never fails proves nothing.
struct NegativeControl {
    let connection: Connection

    /// Removes one row of the smallest table that has rows, looks, and takes it back; nil when there is no row at all.
    func run(_ manifest: Manifest, progress: RestoreProgress) throws -> DrillRun.Check? {
        let candidates = manifest.tables.filter { $0.condition == nil && $0.proof.rows > 0 }
        guard let table = candidates.min(by: { $0.textBytes < $1.textBytes }) else { return nil }
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        // As a replica no trigger and no foreign key interferes; only the row is gone.
        try connection.execute("SET LOCAL session_replication_role = replica")
        try connection.execute(
            "DELETE FROM ONLY \(relation) WHERE ctid = (SELECT ctid FROM ONLY \(relation) LIMIT 1)"
        )
        let noticed = try TableProver(
            connection: connection,
            encoding: manifest.source.encoding,
            progress: progress
        ).mismatch(of: table)
        return DrillRun.Check(
            name: "negative control",
            passed: noticed != nil,
            detail: noticed == nil
                ? "a row was removed from \(table.fullName) and the proof did not notice" : nil
        )
    }
}
