import Model
import PostgresClient
import Streams

/// What stands between this machine and the server, and what the server does to long snapshots.
struct SourceSession {
    let connection: Connection
    let workers: Int

    /// Beyond this the clocks of two machines tell different stories about what was lost.
    private static let toleratedSkew = Duration.seconds(5)

    func check(_ list: inout CheckList) throws {
        try checkPooler(&list)
        try connection.trustingCatalogOnly {
            try checkClock(&list)
            try checkStandby(&list)
            try checkSnapshotAge(&list)
        }
    }

    /// A pooler answers with a process of its own making, and may serve each statement from another one.
    private func checkPooler(_ list: inout CheckList) throws {
        var served: Set<String> = []
        for _ in 0..<3 { served.insert(try connection.query("SELECT pg_catalog.pg_backend_pid()")[0][0] ?? "") }
        guard served != [String(connection.backendProcess)] else { return }
        let kind =
            served.count > 1 ? "statements are served by several sessions" : "the server does not know our session"
        list.warn(
            "pooler",
            "a connection pooler stands before the server",
            cause: kind,
            hint:
                "It works, but needs \(workers + 1) server connections at once; a direct address is faster and can cancel."
        )
    }

    private func checkClock(_ list: inout CheckList) throws {
        let before = Instant.now
        let text = try connection.query(
            "SELECT (EXTRACT(EPOCH FROM pg_catalog.clock_timestamp()) * 1000000)::int8"
        )[0][0]
        let after = Instant.now
        guard let theirs = text.flatMap({ Int64($0) }) else { return }
        let ours = (before.microsecondsSinceEpoch + after.microsecondsSinceEpoch) / 2
        let skew = Duration.microseconds(theirs - ours)
        let size = skew < .zero ? .zero - skew : skew
        guard size > Self.toleratedSkew + (after - before) else { return }
        list.warn(
            "clock",
            "the server's clock is \(size.inWords) \(skew < .zero ? "behind" : "ahead of") this machine's",
            hint:
                "Synchronise both: what a recovery loses is measured by the server's clock, schedules run by this one's."
        )
    }

    private func checkStandby(_ list: inout CheckList) throws {
        guard try connection.query("SELECT pg_catalog.pg_is_in_recovery()")[0][0] == "t" else { return }
        let row = try connection.query(
            """
            SELECT pg_catalog.current_setting('max_standby_streaming_delay') AS delay,
              pg_catalog.current_setting('hot_standby_feedback') AS feedback,
              pg_catalog.date_part('epoch', pg_catalog.now() - pg_catalog.pg_last_xact_replay_timestamp())::int8 AS lag
            """
        )[0]
        let lag = row["lag"].flatMap { Int64($0) }.map {
            ", its last replayed change is \(Duration.seconds($0).inWords) old"
        }
        let isSafe = row["feedback"] == "on" || row["delay"] == "-1"
        list.warn(
            "standby",
            "this server is a standby\(lag ?? "")",
            cause: isSafe ? nil : "it cancels queries that hold replication up for \(row["delay"] ?? "?")",
            hint: isSafe
                ? "Unchanged ranges cannot be recognised on a standby, so every run reads everything."
                : "Set hot_standby_feedback = on there, or max_standby_streaming_delay = -1 for the time of the backup."
        )
    }

    private func checkSnapshotAge(_ list: inout CheckList) throws {
        let rows = try connection.query(
            "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'old_snapshot_threshold' AND setting <> '-1'"
        )
        guard let minutes = rows.first.flatMap({ $0[0] }) else { return }
        list.warn(
            "snapshots",
            "the server gives up snapshots after \(minutes) min",
            cause: "old_snapshot_threshold is set",
            hint: "Set it to -1: a backup that takes longer fails with 'snapshot too old'."
        )
    }
}
