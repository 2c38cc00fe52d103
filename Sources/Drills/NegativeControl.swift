import Diagnostics
import Model
import PostgresClient
import Restore

/// Sabotages the copy on purpose and asks the proof to notice: a proof that never fails proves nothing.
struct NegativeControl {
    let connection: Connection

    enum Outcome {
        /// There is nothing to take away.
        case noRows
        case made(DrillRun.Check)
        /// Nothing could be taken away, which says nothing about the copy.
        case impossible(reason: String)
    }

    /// Takes something out of a small table, looks, and puts it back.
    ///
    /// As a replica no ordinary trigger, rule or foreign key interferes. Tables with others are left alone: what they call
    /// would run as the scratch cluster's superuser. A healthy database may refuse the sabotage all the same; then another
    /// way or another table is tried. Throws only when the scratch cluster is gone.
    func run(_ manifest: Manifest, progress: RestoreProgress) throws -> Outcome {
        let filled = manifest.tables.filter { $0.condition == nil && $0.proof.rows > 0 }
        guard !filled.isEmpty else { return .noRows }
        let prover = TableProver(connection: connection, encoding: manifest.source.encoding, progress: progress)
        var obstacle = "every table with rows has triggers or rules that always run"
        do {
            let active = Set(
                try connection.query(Self.tablesThatReact).map { TableName(schema: $0[0] ?? "", name: $0[1] ?? "") }
            )
            let candidates = filled.filter { !active.contains(TableName(schema: $0.schema, name: $0.name)) }
                .map { (table: $0, bytes: $0.textBytes) }.sorted { $0.bytes < $1.bytes }
            for (table, _) in candidates.prefix(Self.mostTables) {
                for loss in Loss.allCases {
                    do {
                        return .made(try check(table, after: loss, prover))
                    } catch {
                        obstacle = try Self.refusal(error, ifAlive: connection)
                    }
                }
            }
        } catch let error as PostgresError {
            obstacle = try Self.refusal(error, ifAlive: connection)
        }
        return .impossible(reason: obstacle)
    }

    /// What is taken away.
    ///
    /// A publication can forbid the first where a table has no replica identity, a foreign key the second.
    private enum Loss: CaseIterable {
        case row, everyRow

        func statement(_ relation: String) -> String {
            switch self {
            case .row: "DELETE FROM ONLY \(relation) WHERE ctid = (SELECT ctid FROM ONLY \(relation) LIMIT 1)"
            case .everyRow: "TRUNCATE ONLY \(relation)"
            }
        }

        func words(_ table: TableData) -> String {
            switch self {
            case .row: "a row was removed from \(table.fullName)"
            case .everyRow: "all rows were removed from \(table.fullName)"
            }
        }
    }

    private static let mostTables = 100

    private func check(_ table: TableData, after loss: Loss, _ prover: TableProver) throws -> DrillRun.Check {
        let relation = try connection.quoteIdentifier(table.schema) + "." + connection.quoteIdentifier(table.name)
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        try connection.execute("SET LOCAL session_replication_role = replica")
        try connection.execute(loss.statement(relation))
        let noticed = try prover.mismatches(of: [table])[0]
        return DrillRun.Check(
            name: "negative control",
            passed: noticed != nil,
            detail: noticed == nil ? "\(loss.words(table)) and the proof did not notice" : nil
        )
    }

    /// Why the server refused; throws where no server is left to ask.
    private static func refusal(_ error: any Error, ifAlive connection: Connection) throws -> String {
        guard (try? connection.query("SELECT 1")) != nil else { throw error }
        let refused =
            switch error {
            case let error as PostgresError: error.diagnostic(while: "the negative control was refused")
            case let error as Diagnostic: error
            default: throw error
            }
        return (refused.cause ?? refused.summary).onOneLine
    }

    private static let tablesThatReact = """
        SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgenabled IN ('A', 'R'))
          OR EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_enabled IN ('A', 'R'))
        """
}
