import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import TestSupport
import Testing

@Suite("A history that is not the one of before", .serialized)
struct HistoryTests {
    private static let table = """
        CREATE TABLE facts (id int PRIMARY KEY, text text);
        INSERT INTO facts SELECT i, 'original' FROM generate_series(1, 50) AS i;
        """

    @Test("is noticed when the server's files are put back and the same transaction ids are spent on other rows")
    func filesPutBack() throws {
        try withScratchFolder { folder in
            let cluster = try HistoryCluster(in: folder)
            let scene = try ExportScene(try cluster.settings, in: folder)
            try scene.sql(Self.table)
            try scene.plainSQL("CHECKPOINT")
            cluster.crash()
            try cluster.save()
            try cluster.start()
            try scene.plainSQL("UPDATE facts SET text = 'first' WHERE id = 1")
            let before = try scene.value("SELECT (ctid, xmin)::text FROM facts WHERE id = 1")
            let base = try scene.backup()
            #expect(try scene.rows(of: "facts", in: base.point.manifest).contains("1\tfirst"))

            cluster.crash()
            try cluster.putBack()
            try cluster.start()
            try scene.plainSQL("UPDATE facts SET text = 'second' WHERE id = 1")
            try scene.spendTransactions(200)
            // The same place and the same transaction id, but another row.
            try #require(scene.value("SELECT (ctid, xmin)::text FROM facts WHERE id = 1") == before)
            let outcome = try scene.backup()
            #expect(try scene.rows(of: "facts", in: outcome.point.manifest).contains("1\tsecond"))
            #expect(outcome.report.reads.keys.map(\.self) == [.anchorLost])
        }
    }

    @Test("is noticed when a crash took back a commit that the point before has seen")
    func commitTakenBack() throws {
        try withScratchFolder { folder in
            // A page of the log that is full goes to the disk before the crash: what follows must fit into one.
            let lazy = ["synchronous_commit = off", "wal_writer_delay = 10s", "full_page_writes = off"]
            let cluster = try HistoryCluster(lazy + ["bgwriter_lru_maxpages = 0"], in: folder)
            let scene = try ExportScene(try cluster.settings, in: folder)
            try scene.sql(Self.table)
            try scene.plainSQL("CHECKPOINT")
            try scene.plainSQL("SELECT pg_switch_wal()")
            try scene.plainSQL("UPDATE facts SET text = 'seen and lost' WHERE id = 1")
            let before = try scene.value("SELECT (ctid, xmin)::text FROM facts WHERE id = 1")
            let base = try scene.backup()
            #expect(try scene.rows(of: "facts", in: base.point.manifest).contains("1\tseen and lost"))

            cluster.crash()
            try cluster.start()
            try #require(scene.value("SELECT text FROM facts WHERE id = 1") == "original")
            try scene.plainSQL("UPDATE facts SET text = 'found' WHERE id = 1")
            try scene.spendTransactions(200)
            try #require(scene.value("SELECT (ctid, xmin)::text FROM facts WHERE id = 1") == before)
            let outcome = try scene.backup()
            #expect(try scene.rows(of: "facts", in: outcome.point.manifest).contains("1\tfound"))
            #expect(outcome.report.reads.keys.map(\.self) == [.anchorLost])
        }
    }

    @Test("is the same after a crash that lost nothing the point has seen")
    func crashWithoutLoss() throws {
        try withScratchFolder { folder in
            let cluster = try HistoryCluster(in: folder)
            let scene = try ExportScene(try cluster.settings, in: folder)
            try scene.sql(Self.table)
            try scene.backup()
            cluster.crash()
            try cluster.start()
            #expect(try scene.backup().report.totals.rangesRead == 0)
        }
    }

    @Test("cannot be read at all where the server takes rows away from running snapshots")
    func oldSnapshotThreshold() throws {
        try withScratchFolder { folder in
            let cluster = try HistoryCluster(["old_snapshot_threshold = 1h"], in: folder)
            let scene = try ExportScene(try cluster.settings, in: folder)
            let refused = try diagnostic { try scene.backup() }
            #expect(refused.code == .databaseVersion)
            #expect(refused.cause == "old_snapshot_threshold is '1h'")
        }
    }

    @Test("cannot be told without an anchor, so everything is read")
    func noAnchor() throws {
        try withScene(sql: Self.table) { scene in
            let first = try scene.backup()
            var without = first.point.manifest
            without.point = scene.nextPlan().point
            without.continuity?.anchor = nil
            let catalog = try scene.repository.readCatalog(first.point.name, identities: scene.identities)
            _ = try scene.repository.commit(manifest: without, catalog: catalog)
            let outcome = try scene.backup()
            #expect(outcome.report.reads.keys.map(\.self) == [.noAnchor])
        }
    }

    @Test("is another one on another database, server or after two thousand million transactions")
    func otherCluster() throws {
        try withScene(sql: Self.table) { scene in
            let first = try scene.backup()
            let catalog = try scene.repository.readCatalog(first.point.name, identities: scene.identities)
            let changes: [(ReadReason, (inout Continuity) -> Void)] = [
                (.otherCluster, { $0.cluster.systemIdentifier += "1" }),
                (.otherCluster, { $0.cluster.databaseOID += 1 }),
                (.otherCluster, { $0.cluster.timeline += 1 }),
                (.otherCluster, { $0.cluster.serverVersion -= 1 }),
                (.otherCluster, { $0.cluster.settingsHash = "" }),
                (.historyRange, { $0.xmax += 1 << 20 }),
                (.anchorLost, { $0.anchor?.committed[7].toggle() }),
                (.anchorLost, { $0.anchor?.transactions[0] += 1 << 40 }),
            ]
            for (reason, change) in changes {
                var other = first.point.manifest
                other.point = scene.nextPlan().point
                if var continuity = other.continuity {
                    change(&continuity)
                    other.continuity = continuity
                }
                _ = try scene.repository.commit(manifest: other, catalog: catalog)
                #expect(try scene.backup().report.reads.keys.map(\.self) == [reason])
            }
        }
    }
}

extension ExportScene {
    /// Runs SQL and spends no transaction id of its own.
    fileprivate func plainSQL(_ text: String) throws { try Connection(source).execute(text) }

    /// Commits this many transactions that do nothing.
    fileprivate func spendTransactions(_ count: Int) throws {
        let connection = try Connection(source)
        for _ in 0..<count { try connection.query("SELECT pg_current_xact_id()") }
    }
}
