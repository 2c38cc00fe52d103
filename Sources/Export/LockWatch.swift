import Diagnostics
import Model
import PostgresClient

/// Looks, while rows are read, for sessions that wait because the export keeps a table from being altered.
///
/// A migration waits for our ACCESS SHARE locks, and everybody who comes after it waits for the migration: a backup that
/// takes an hour can stop an application for an hour. So it is said who waited, and where a limit is set, the backup gives
/// way. One thread: the coordinator's, over its session, which holds all the locks.
final class LockWatch {
    /// How often it looks.
    static let interval = Duration.milliseconds(500)
    /// Shorter waits are nobody's trouble.
    private static let noteworthy = Duration.seconds(1)

    private let connection: Connection
    private let limit: Duration?
    private var longest: [Int: Waiter] = [:]
    private var lastLook: ContinuousClock.Instant?

    /// Creates a watch over the session that holds the locks; `limit` is how long anybody may wait, nil for ever.
    init(_ connection: Connection, limit: Duration?) {
        self.connection = connection
        self.limit = limit
    }

    /// Looks, if the last look is long enough ago; throws `database-lock-yielded` when somebody has waited for too long.
    func lookIfDue() throws {
        let now = ContinuousClock.now
        if let lastLook, now - lastLook < Self.interval { return }
        lastLook = now
        guard let rows = try explaining("the snapshot was lost", { try connection.queryIfAllowed(Self.sql) }) else {
            return
        }
        for waiter in rows.compactMap(Waiter.init) {
            if waiter.waited > (longest[waiter.process]?.waited ?? .zero) { longest[waiter.process] = waiter }
            if let limit, waiter.waited >= limit { throw Self.giveWay(to: waiter, limit) }
        }
    }

    /// Who waited, a sentence each.
    var notices: [String] {
        longest.values.filter { $0.waited >= Self.noteworthy }.sorted { $0.process < $1.process }.map {
            "\($0.description) waited at least \($0.waited.inWords) for table '\($0.table)', which this export was reading"
        }
    }

    private static func giveWay(to waiter: Waiter, _ limit: Duration) -> Diagnostic {
        Diagnostic(
            .databaseLockYielded,
            "the backup gave way to a session that waited for table '\(waiter.table)'",
            cause: "\(waiter.description) waited \(waiter.waited.inWords) for an ACCESS EXCLUSIVE lock;"
                + " the limit is \(limit.inWords)",
            hint: "Start the backup again when the migration is over, or let it wait longer with maxLockWait.",
            retry: .later
        )
    }

    /// Whoever waits for a table that this session has locked; only ACCESS EXCLUSIVE has to wait for us.
    ///
    /// The list of sessions is a copy that the server keeps for the transaction, so it is thrown away first.
    private static let sql = """
        SELECT w.pid, a.usename, a.application_name, n.nspname, c.relname,
          (extract(epoch FROM pg_catalog.clock_timestamp() - w.waitstart) * 1000)::pg_catalog.int8 AS waited
        FROM (SELECT pg_catalog.pg_stat_clear_snapshot()) AS fresh
        CROSS JOIN pg_catalog.pg_locks AS w
        JOIN pg_catalog.pg_locks AS held ON held.pid = pg_catalog.pg_backend_pid() AND held.granted
          AND held.locktype = 'relation' AND held.database = w.database AND held.relation = w.relation
        JOIN pg_catalog.pg_class AS c ON c.oid = w.relation
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid
        WHERE w.locktype = 'relation' AND NOT w.granted AND w.mode = 'AccessExclusiveLock'
        """

    private struct Waiter: CustomStringConvertible {
        let process: Int
        let table: String
        let waited: Duration
        private let role: String?
        private let application: String?

        init?(_ row: Row) {
            guard let process = row[0].flatMap(Int.init) else { return nil }
            self.process = process
            role = row[1]
            application = row[2]
            table = "\(row[3] ?? "").\(row[4] ?? "")"
            waited = .milliseconds(row[5].flatMap(Int64.init) ?? 0)
        }

        var description: String {
            let who = [role.map { "role '\($0)'" }, application.flatMap { $0.isEmpty ? nil : "application '\($0)'" }]
                .compactMap(\.self).joined(separator: ", ")
            return redacted("process \(process)" + (who.isEmpty ? "" : " (\(who))"))
        }
    }
}
