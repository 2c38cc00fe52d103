import AgeEncryption
import Glibc
import Model
import PostgresClient

/// Throws an anchor: transactions that end one way or the other by chance, after a snapshot was taken.
///
/// The write-ahead log is durable from its beginning up to some point. A history that has these transactions, with these
/// outcomes, therefore has everything that was committed before them, and with it all that the snapshot saw: none of
/// those transaction ids can ever mean something else again. Nothing is written into any table.
struct AnchorCast {
    static let transactionCount = 64
    /// Fewer outcomes of either kind could come about by chance in a history where nearly all transactions commit.
    static let fewest = 24

    private let connection: Connection
    private let anchor: Anchor
    /// Up to where the server's log must be on its disk before the anchor is; nil where it does not say.
    private let goal: String?

    /// Assigns the transaction ids over a session without a transaction; nil where the server does not allow it (a
    /// standby), which means no reuse next time.
    init?(_ connection: Connection) throws {
        let coins = try Self.coins()
        let transactions = try Self.unlessRefused(on: connection) { () -> [UInt64]? in
            var transactions: [UInt64] = []
            for isCommitted in coins {
                guard let transaction = try Self.assign(committing: isCommitted, on: connection) else { return nil }
                transactions.append(transaction)
            }
            return transactions
        }
        guard let transactions else { return nil }
        self.connection = connection
        anchor = Anchor(transactions: transactions, committed: coins)
        goal = try connection.queryIfAllowed("SELECT pg_catalog.pg_current_wal_insert_lsn()")?[0, 0]
    }

    /// The anchor, once it is on the server's disk.
    ///
    /// Commits that wrote nothing else are not flushed at once, so this is asked for last, when they have long been. A
    /// crash before the flush would only cost a full read.
    func settled() throws -> Anchor? {
        guard let goal else { return anchor }
        return try Self.unlessRefused(on: connection) { () -> Anchor? in
            for _ in 0..<100 {
                let rows = try connection.query(
                    "SELECT pg_catalog.pg_current_wal_flush_lsn() OPERATOR(pg_catalog.>=) $1::pg_catalog.pg_lsn",
                    [goal]
                )
                if rows[0, 0] == "t" { break }
                usleep(20_000)
            }
            return anchor
        }
    }

    private static func unlessRefused<Value>(on connection: Connection, _ body: () throws -> Value?) throws -> Value? {
        do {
            return try body()
        } catch let error as PostgresError {
            guard connection.isUsable, !error.isConnectionLost, !error.isCancelled else { throw error }
            connection.rollBack()
            return nil
        }
    }

    private static func assign(committing isCommitted: Bool, on connection: Connection) throws -> UInt64? {
        let sql = "SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text"
        if isCommitted { return try connection.query(sql)[0, 0].flatMap(UInt64.init) }
        try connection.execute("BEGIN")
        let transaction = try connection.query(sql)[0, 0].flatMap(UInt64.init)
        try connection.execute("ROLLBACK")
        return transaction
    }

    /// Random outcomes with enough of both kinds.
    static func coins() throws -> [Bool] {
        while true {
            let bytes = try randomBytes(transactionCount / 8)
            let coins = bytes.flatMap { byte -> [Bool] in (0..<8).map { (byte >> $0) & 1 == 1 } }
            let committed = coins.count { $0 }
            if committed >= fewest, coins.count - committed >= fewest { return coins }
        }
    }
}

extension Anchor {
    /// Whether the history behind `connection` contains this anchor.
    ///
    /// A transaction id of the future is an error on the server, one that was forgotten has no status: both mean no.
    func isVisible(on connection: Connection) throws -> Bool {
        guard transactions.count == committed.count, transactions.count >= AnchorCast.transactionCount,
            committed.count(where: { !$0 }) >= AnchorCast.fewest
        else { return false }
        let list = "{\(transactions.map(String.init).joined(separator: ","))}"
        let rows = try connection.queryIfAllowed(
            """
            SELECT pg_catalog.pg_xact_status(x.id::pg_catalog.xid8)
            FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS x(id, position) ORDER BY x.position
            """,
            [list]
        )
        guard let rows, rows.count == transactions.count else { return false }
        return zip(rows, committed).allSatisfy { row, isCommitted in
            row[0] == (isCommitted ? "committed" : "aborted")
        }
    }
}
