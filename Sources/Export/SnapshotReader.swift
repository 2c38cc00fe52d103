import Diagnostics
import PostgresClient
import Streams

/// A worker's session under the exported snapshot.
///
/// Belongs to one thread. Its transaction is renewed now and then, so that the locks of thousands of tables and their
/// indexes do not pile up; each one imports the snapshot again and proves that it sees the same.
final class SnapshotReader {
    private static let tablesPerTransaction = 128

    let connection: Connection
    private let snapshot: ExportedSnapshot
    private let pinned: PinnedSettings
    private var locked: Set<UInt32> = []

    /// Connects and imports the snapshot.
    init(_ plan: ExportPlan, snapshot: ExportedSnapshot, pinned: PinnedSettings, stop: Stop) throws {
        self.snapshot = snapshot
        self.pinned = pinned
        connection = try Connection(plan.source, stop: stop)
        // The coordinator and its probe hold two server connections already, and a pool may have no third.
        try connection.answered(within: plan.sessionPatience) { try begin() }
    }

    /// Locks the tables without waiting; returns those that somebody with a stronger lock stands in line for.
    ///
    /// Waiting would be for ever: the request ahead of ours waits for the coordinator, which waits for us.
    func lock(_ tables: [SourceTable]) throws -> Set<UInt32> {
        let fresh = tables.filter { !locked.contains($0.oid) }
        guard !fresh.isEmpty else { return [] }
        if locked.count + fresh.count > Self.tablesPerTransaction, !locked.isEmpty { try renew() }
        if try lockNow(tables.filter { !locked.contains($0.oid) }) { return [] }
        var refused: Set<UInt32> = []
        for table in tables where !locked.contains(table.oid) {
            if try !lockNow([table]) { refused.insert(table.oid) }
        }
        return refused
    }

    private func lockNow(_ tables: [SourceTable]) throws -> Bool {
        let names = tables.map { "ONLY \($0.sqlName)" }.joined(separator: ", ")
        do {
            try connection.execute(
                "SAVEPOINT lifeboat; LOCK TABLE \(names) IN ACCESS SHARE MODE NOWAIT; RELEASE lifeboat"
            )
            locked.formUnion(tables.map(\.oid))
            return true
        } catch let error as PostgresError where error.sqlState == "55P03" {
            try connection.execute("ROLLBACK TO lifeboat; RELEASE lifeboat")
            return false
        }
    }

    /// Ends the transaction: a pooler throws sessions away whose client leaves in the middle of one.
    func finish() throws { try connection.execute("COMMIT") }

    private func renew() throws {
        try finish()
        locked = []
        try begin()
    }

    private func begin() throws {
        try connection.execute(
            """
            BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
            SET TRANSACTION SNAPSHOT \(quotedLiteral(snapshot.identifier)); \
            \(pinned.statements)
            """
        )
        let seen = try connection.query("SELECT pg_catalog.pg_current_snapshot()::pg_catalog.text")[0, 0]
        guard seen == snapshot.text else {
            throw Diagnostic(
                .internalError,
                "a worker does not see the snapshot it imported",
                cause: "'\(seen ?? "")' instead of '\(snapshot.text)'"
            )
        }
    }
}
