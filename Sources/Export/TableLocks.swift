import Diagnostics
import Model
import PostgresClient

/// ACCESS SHARE locks, taken before the snapshot: from then on nobody can truncate, rewrite or alter what is to be read.
///
/// A table that is changed between a snapshot and its lock looks empty or shows future rows, without an error; in a
/// REPEATABLE READ transaction LOCK takes no snapshot, so the locks can come first.
struct TableLocks {
    private static let batchSize = 200

    let connection: Connection
    /// Looks for whoever stands in the way, while `connection` cannot.
    let probe: Connection
    let timeout: Duration

    /// Locks the tables; throws `SnapshotRace` when one of them is gone by now.
    func take(_ relations: [ListedRelation]) throws {
        guard !relations.isEmpty else { return }
        try connection.execute("SET LOCAL lock_timeout = '\(max(1, timeout.wholeMicroseconds / 1000))ms'")
        var rest = relations[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batchSize))
            rest = rest.dropFirst(Self.batchSize)
            try lock(batch)
        }
        try connection.execute("SET LOCAL lock_timeout = 0")
    }

    /// Throws when there are more tables than the server has room for locks, before it runs into it half-way.
    static func requireRoom(for count: Int, on connection: Connection) throws {
        let rows = try connection.trustingCatalogOnly {
            try connection.query(
                """
                SELECT pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
                  * (pg_catalog.current_setting('max_connections')::pg_catalog.int8
                    + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8)
                """
            )
        }
        guard let room = rows[0, 0].flatMap(Int.init), count > room else { return }
        throw tooManyLocks(cause: "\(count) tables, room for \(room) locks")
    }

    private func lock(_ batch: [ListedRelation]) throws {
        let names = batch.map { "ONLY \($0.sqlName)" }.joined(separator: ", ")
        do {
            try connection.execute("LOCK TABLE \(names) IN ACCESS SHARE MODE")
        } catch let error as PostgresError {
            switch error.sqlState {
            case "55P03": throw try timedOut(batch, error)
            case "42P01", "3F000", "42809", "XX000":
                throw SnapshotRace(cause: "a table was dropped or renamed: \(error.message)")
            case "53200": throw Self.tooManyLocks(cause: error.message)
            default: throw error.diagnostic(while: "cannot lock the tables to be exported")
            }
        }
    }

    private static func tooManyLocks(cause: String) -> Diagnostic {
        Diagnostic(
            .resourceExhausted,
            "the server has no room to lock every table of the export",
            cause: redacted(cause),
            hint: "Raise max_locks_per_transaction on the server and restart it."
        )
    }

    private func timedOut(_ batch: [ListedRelation], _ error: PostgresError) throws -> Diagnostic {
        let blocker = try LockBlocker(of: batch, seenBy: probe)
        return Diagnostic(
            .databaseLockTimeout,
            blocker.map { "table '\($0.table)' stayed locked for \(Int(timeout.inSeconds.rounded(.up))) s" }
                ?? "a table stayed locked for \(Int(timeout.inSeconds.rounded(.up))) s",
            cause: blocker?.description ?? redacted(error.message),
            hint: "Try again when the migration has ended, or end the session that holds the lock.",
            retry: .later
        )
    }
}

/// Why a snapshot has to be taken again.
struct SnapshotRace: Error {
    var cause: String
}

/// A session that holds, or waits for, a lock which keeps readers out.
struct LockBlocker: CustomStringConvertible {
    let table: String
    let process: String
    private let role: String?
    private let application: String?
    private let isWaiting: Bool

    /// The first such session on one of `relations`; nil when there is none (any more).
    init?(of relations: [ListedRelation], seenBy connection: Connection) throws {
        let oids = relations.map { String($0.identity.oid) }.joined(separator: ",")
        let rows = try connection.trustingCatalogOnly { try connection.query(Self.sql, ["{\(oids)}"]) }
        guard let row = rows.first, let oid = row[0], let process = row[1],
            let relation = relations.first(where: { String($0.identity.oid) == oid })
        else { return nil }
        table = relation.displayName
        self.process = process
        role = row[2]
        application = row[3]
        isWaiting = row[4] == "f"
    }

    private static let sql = """
        SELECT l.relation, l.pid, a.usename, a.application_name, l.granted
        FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
          AND l.database = (SELECT oid FROM pg_catalog.pg_database
                            WHERE datname = pg_catalog.current_database())
          AND l.relation = ANY ($1::pg_catalog.oid[])
        ORDER BY l.granted DESC, l.pid LIMIT 1
        """

    var description: String {
        let who = [role.map { "role '\($0)'" }, application.flatMap { $0.isEmpty ? nil : "application '\($0)'" }]
            .compactMap(\.self).joined(separator: ", ")
        let verb = isWaiting ? "waits for" : "holds"
        return redacted("process \(process)\(who.isEmpty ? "" : " (\(who))") \(verb) an ACCESS EXCLUSIVE lock on it")
    }
}
