import Diagnostics
import Export
import Glibc
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("A hot standby as the source", .serialized)
struct StandbyTests {
    private static let sql = """
        CREATE TABLE facts (id int PRIMARY KEY, v text);
        INSERT INTO facts SELECT g, md5(g::text) FROM generate_series(1, 20000) AS g;
        CREATE UNLOGGED TABLE scratch (i int); INSERT INTO scratch VALUES (1);
        """

    /// A primary and a standby that streams from it.
    private func withStandby(
        _ settings: [String],
        _ body: (_ primary: HistoryCluster, _ standby: HistoryCluster, _ folder: String) throws -> Void
    ) throws {
        try withScratchFolder { folder in
            let primary = try HistoryCluster(in: folder)
            try Connection(primary.settings).execute(Self.sql)
            let standby = try HistoryCluster(streamingFrom: primary, settings, in: folder)
            try body(primary, standby, folder)
        }
    }

    @Test("is read completely, without the rows that a standby does not have, and never built upon")
    func completeAndUnanchored() throws {
        try withStandby(["hot_standby_feedback = on"]) { primary, standby, folder in
            let scene = try ExportScene(try standby.settings, in: folder)
            try standby.waitUntilReplayed(from: primary)
            let first = try scene.backup()
            #expect(try scene.rows(of: "facts", in: first.point.manifest).count == 20000)
            #expect(first.point.manifest.omissions.contains { $0.object == "rows of table 'public.scratch'" })
            #expect(first.point.manifest.continuity?.anchor == nil)
            // A transaction id cannot be assigned there, so nothing proves that this history goes on.
            let second = try scene.backup()
            #expect(second.report.reads.keys.map(\.self) == [.noAnchor])
            // Nor does the primary, to which the same plan may point after a switchover, build on it.
            var plan = scene.nextPlan()
            plan.source = try primary.settings
            #expect(try scene.run(plan).report.reads.keys.map(\.self) == [.noAnchor])
            // While a point of the primary is a base for its standby: the anchor is replayed there.
            try standby.waitUntilReplayed(from: primary)
            #expect(try scene.backup().report.totals.rangesRead == 0)
        }
    }

    @Test("is behind a point of its primary as long as it has not replayed it: everything is read")
    func lagging() throws {
        try withStandby([]) { primary, standby, folder in
            let scene = try ExportScene(try standby.settings, in: folder)
            try standby.waitUntilReplayed(from: primary)
            try Connection(standby.settings).execute("SELECT pg_wal_replay_pause()")
            var plan = scene.nextPlan()
            plan.source = try primary.settings
            try scene.run(plan)
            let behind = try scene.backup()
            #expect(Set(behind.report.reads.keys).isSubset(of: [.anchorLost, .historyRange]))
            #expect(behind.report.totals.rangesReused == 0)
        }
    }

    @Test("that takes rows away from the snapshot ends the backup with the setting that prevents it")
    func conflict() throws {
        let impatient = ["hot_standby_feedback = off", "max_standby_streaming_delay = 0"]
        try withStandby(impatient) { primary, standby, folder in
            let scene = try ExportScene(try standby.settings, in: folder).slowed(to: "300kB/s")
            try standby.waitUntilReplayed(from: primary)
            let (source, target) = (try standby.settings, try primary.settings)
            let ended = Latch(count: 1)
            startDedicatedThread {
                defer { ended.arrive() }
                guard let watch = try? Connection(source), let writer = try? Connection(target) else { return }
                let copying = "SELECT FROM pg_stat_activity WHERE query LIKE 'COPY%'"
                while (try? watch.query(copying).isEmpty) == true { usleep(1000) }
                try? writer.execute("DELETE FROM facts WHERE id % 2 = 0")
                try? writer.execute("VACUUM facts")
            }
            let refused = try diagnostic {
                try scene.backup {
                    $0.workerCount = 1
                    $0.rangeBytes = 64 << 10
                }
            }
            ended.wait()
            #expect(refused.cause?.contains("conflict with recovery") == true, "\(refused)")
            #expect(refused.hint?.contains("hot_standby_feedback") == true, "\(refused)")
            #expect(try scene.repository.listPoints().isEmpty)
        }
    }
}
