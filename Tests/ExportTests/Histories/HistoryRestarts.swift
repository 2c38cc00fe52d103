import Model
import PostgresClient
import TestSupport
import Testing

@testable import Export

/// Events for which the server, or the database, has to go away and come back.
extension RandomHistory {
    func restart(_ event: HistoryEvent) throws {
        switch event {
        case .crash: try again { cluster.crash() }
        case .seenAndLost: try seenAndLost()
        case .filesPutBack: try filesPutBack()
        case .counterWentBack: try counterWentBack()
        case .counterJumped:
            // To the beginning of a file of the commit log, which the server then makes itself.
            let next = try nextTransaction()
            let goal = ((next & 0xFFFF_FFFF) / (1 << 20) + UInt64(random.int(1...40))) * (1 << 20)
            try again {
                cluster.stop()
                try cluster.reset("-x \(goal) -u 700")
            }
        case .counterWentRound:
            let epoch = try nextTransaction() >> 32
            try again {
                cluster.stop()
                try cluster.reset("-e \(epoch + 1)")
            }
        case .promotion:
            sleeper = nil
            cluster.stop()
            try cluster.promote()
            try reconnect()
            run("CHECKPOINT")
            era.timeline += 1
        case .blockMisplaced: try blockMisplaced()
        default: break
        }
    }

    /// Ends the server somehow and starts it again.
    private func again(_ end: () throws -> Void) throws {
        sleeper = nil
        try end()
        try cluster.start()
        try reconnect()
    }

    private func nextTransaction() throws -> UInt64 {
        try #require(try session.query("SELECT pg_snapshot_xmax(pg_current_snapshot())")[0, 0].flatMap(UInt64.init))
    }

    private func loseMoments(after number: Int) {
        for index in moments.indices where moments[index].number > number { moments[index].isLost = true }
    }

    /// A statement whose repetition meets the same rows, under the same transaction id when history repeats itself.
    private func repeatable(_ value: String) -> String {
        "UPDATE p1 SET v = '\(value)' WHERE id BETWEEN 100 AND 103; UPDATE facts SET v = '\(value)' WHERE id = 77"
    }

    /// A commit that was never written out is seen by a look, and gone after the crash; its number is spent again.
    private func seenAndLost() throws {
        try endPrepared(committing: true)
        sleeper = nil
        for _ in 0..<3 {
            let early = try AnchorCast(Connection(source))?.settled()
            // From now on only a full page of the log is written, and this begins one.
            run("ALTER SYSTEM SET wal_writer_delay = '10s'")
            run("SELECT pg_reload_conf(), pg_sleep(0.1)")
            run("CHECKPOINT")
            run("SELECT pg_switch_wal()")
            run("SET synchronous_commit = off")
            run(repeatable("seen\(counter)"))
            try look(anchored: false, earlyAnchor: early)
            try again { cluster.crash() }
            run("ALTER SYSTEM RESET wal_writer_delay")
            run("SELECT pg_reload_conf()")
            let isLost = try session.query("SELECT v FROM facts WHERE id = 77 AND v = 'seen\(counter)'").isEmpty
            run(repeatable("lost\(counter)"))
            try look()
            if isLost { return }
        }
    }

    /// The server's files are those of before, and its numbers are spent once more.
    private func filesPutBack() throws {
        try endPrepared(committing: true)
        try again {
            cluster.stop()
            try cluster.save()
        }
        let (saved, last) = (era, moments.last?.number ?? 0)
        run(repeatable("first\(counter)"))
        try look()
        try again {
            if random.chance(2) { cluster.stop() } else { cluster.crash() }
            try cluster.putBack()
        }
        era = saved
        loseMoments(after: last)
        run(repeatable("second\(counter)"))
        try look()
    }

    /// The counter goes back over transactions that wrote nothing, as a careless pg_resetwal does.
    private func counterWentBack() throws {
        try endPrepared(committing: true)
        for _ in 0..<40 { run("SELECT pg_current_xact_id()") }
        let before = moments.last?.number ?? 0
        let next = try nextTransaction()
        try look()
        try again {
            cluster.stop()
            try cluster.reset("-x \((next - 30) & 0xFFFF_FFFF)")
        }
        loseMoments(after: before)
        try look()
    }

    /// A clone of some time ago takes over the database's name: the same files, numbers and transactions.
    func cloneSwap() throws {
        try endPrepared(committing: true)
        sleeper = nil
        session = try Connection(cluster.settings)
        try session.execute("CREATE DATABASE clone TEMPLATE history")
        try reconnect()
        run(repeatable("since\(counter)"))
        try look()
        session = try Connection(cluster.settings)
        try session.execute("ALTER DATABASE history RENAME TO former; ALTER DATABASE clone RENAME TO history")
        try session.execute("DROP DATABASE former WITH (FORCE)")
        try reconnect()
        era.database += 1
        try look()
    }

    /// For one look, a block of `facts` holds what belongs into another, written by another transaction.
    private func blockMisplaced() throws {
        let sql = """
            SELECT a.block, b.block, pg_relation_filepath('facts') FROM
              (SELECT (ctid::text::point)[0]::int AS block, count(*) AS n, min(xmin::text::int8) AS x FROM facts GROUP BY 1) a,
              (SELECT (ctid::text::point)[0]::int AS block, count(*) AS n, min(xmin::text::int8) AS x FROM facts GROUP BY 1) b
            WHERE a.n = b.n AND a.x <> b.x ORDER BY md5((a.block * 100 + b.block + \(counter))::text) LIMIT 1
            """
        guard let row = try session.query(sql).first, let from = row[0].flatMap(Int.init),
            let onto = row[1].flatMap(Int.init), let file = row[2]
        else { return }
        var mend: () throws -> Void = {}
        try again {
            cluster.stop()
            mend = try cluster.misplace(block: from, over: onto, of: file)
        }
        isDiskBroken = true
        try look()
        isDiskBroken = false
        try again {
            cluster.stop()
            try mend()
        }
    }
}
