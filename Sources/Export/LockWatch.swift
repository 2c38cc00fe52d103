import Model
import PostgresClient

/// Looks for sessions that wait because the export keeps a table from being altered.
///
/// A migration waits for our ACCESS SHARE locks, and everybody who comes after it waits for the migration: a backup that
/// takes an hour can stop an application for an hour. So it is said who waited, and where a limit is set, the backup gives
/// way. One thread; the session may be any of ours that nothing else is asked of meanwhile.
final class LockWatch {
    /// How often it looks.
    static let interval = Duration.milliseconds(500)

    private let connection: Connection
    private let holder: String
    private let waits: LockWaits
    private var lastLook: ContinuousClock.Instant?

    /// Creates a watch that looks through `connection` for those who wait for the server process `holder`, which has all
    /// the locks.
    init(_ connection: Connection, holder: String, waits: LockWaits) {
        self.connection = connection
        self.holder = holder
        self.waits = waits
    }

    /// Looks, if the last look is long enough ago; throws `database-lock-yielded` when somebody has waited for too long.
    func lookIfDue() throws {
        let now = ContinuousClock.now
        if let lastLook, now - lastLook < Self.interval { return }
        lastLook = now
        let rows = try explaining("the snapshot was lost") { try connection.queryIfAllowed(Self.sql, [holder]) }
        try waits.add(rows.map { $0.compactMap(LockWaiter.init) } ?? [])
    }

    /// Whoever waits for a table that the holder has locked; only ACCESS EXCLUSIVE has to wait for us.
    ///
    /// The list of sessions is a copy that the server keeps for the transaction, so it is thrown away first.
    private static let sql = """
        SELECT w.pid, a.usename, a.application_name, n.nspname, c.relname,
          (extract(epoch FROM pg_catalog.clock_timestamp() - w.waitstart) * 1000)::pg_catalog.int8 AS waited
        FROM (SELECT pg_catalog.pg_stat_clear_snapshot()) AS fresh
        CROSS JOIN pg_catalog.pg_locks AS w
        JOIN pg_catalog.pg_locks AS held ON held.pid = $1::pg_catalog.int4 AND held.granted
          AND held.locktype = 'relation' AND held.database = w.database AND held.relation = w.relation
        JOIN pg_catalog.pg_class AS c ON c.oid = w.relation
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid
        WHERE w.locktype = 'relation' AND NOT w.granted AND w.mode = 'AccessExclusiveLock'
        """
}
