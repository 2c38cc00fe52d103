import Diagnostics
import Model
import PostgresClient
import Restore

/// Sabotages the copy on purpose and asks the proof to notice: a proof that never fails proves nothing.
struct NegativeControl {
    let connection: Connection

    /// Removes one row of the smallest table that has rows, looks, and takes it back; nil when there is none that can be
    /// touched.
    ///
    /// As a replica no ordinary trigger, rule or foreign key interferes. Tables with others are left alone: what they call
    /// would run as the scratch cluster's superuser.
    func run(_ manifest: Manifest, progress: RestoreProgress) throws -> DrillRun.Check? {
        let active = Set(
            try connection.query(Self.tablesThatReact).map { TableName(schema: $0[0] ?? "", name: $0[1] ?? "") }
        )
        let candidates = manifest.tables.filter { table in
            table.condition == nil && table.proof.rows > 0
                && !active.contains(TableName(schema: table.schema, name: table.name))
        }
        guard let table = candidates.min(by: { $0.textBytes < $1.textBytes }) else { return nil }
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        try connection.execute("SET LOCAL session_replication_role = replica")
        try connection.execute(
            "DELETE FROM ONLY \(relation) WHERE ctid = (SELECT ctid FROM ONLY \(relation) LIMIT 1)"
        )
        let noticed = try TableProver(
            connection: connection,
            encoding: manifest.source.encoding,
            progress: progress
        ).mismatches(of: [table])[0]
        return DrillRun.Check(
            name: "negative control",
            passed: noticed != nil,
            detail: noticed == nil
                ? "a row was removed from \(table.fullName) and the proof did not notice" : nil
        )
    }

    private static let tablesThatReact = """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('A', 'R'))
          OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_enabled IN ('A', 'R'))
        """
}
