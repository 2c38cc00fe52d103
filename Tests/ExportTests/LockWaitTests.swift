import Diagnostics
import Export
import Glibc
import Model
import PostgresClient
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("A migration that waits for a backup", .serialized)
struct LockWaitTests {
    /// Two megabytes that nothing makes smaller, so that a slow store makes a slow backup.
    private static let sql = """
        CREATE TABLE slow (id int, body text);
        INSERT INTO slow SELECT g, (SELECT string_agg(md5((g * 100 + i)::text), '') FROM generate_series(1, 60) AS i)
          FROM generate_series(1, 1200) AS g;
        """

    /// A migration of `slow`, begun as soon as the export has locked it.
    private final class Migration: Sendable {
        private let ended = Latch(count: 1)
        private let outcome = Mutex<Result<Duration, any Error>?>(nil)

        init(_ source: ConnectionSettings) throws {
            let (ready, ended) = (Latch(count: 1), ended)
            startDedicatedThread { [self] in
                defer { ended.arrive() }
                let result = Result {
                    defer { ready.arrive() }
                    let (watch, session) = (try Connection(source), try Connection(source))
                    try session.execute("SET application_name = 'migrate'; SET lock_timeout = '60s'")
                    ready.arrive()
                    let held = """
                        SELECT count(*) FROM pg_locks
                        WHERE relation = 'slow'::regclass AND mode = 'AccessShareLock' AND granted
                        """
                    while try watch.query(held)[0, 0] == "0" {}
                    let began = ContinuousClock.now
                    try session.execute("ALTER TABLE slow ADD extra int")
                    return ContinuousClock.now - began
                }
                outcome.withLock { $0 = result }
            }
            ready.wait()
        }

        /// How long it waited.
        func wait() throws -> Duration {
            ended.wait()
            return try #require(try outcome.withLock { try $0?.get() })
        }
    }

    private func slowScene(_ body: (ExportScene) throws -> Void) throws {
        try withScene(sql: Self.sql) { scene in
            try body(try scene.slowed(to: "600kB/s"))
        }
    }

    @Test("gets its lock when it has waited for as long as the plan allows, and the backup says why it ended")
    func givesWay() throws {
        try slowScene { scene in
            let migration = try Migration(scene.source)
            let refused = try diagnostic {
                try scene.backup {
                    $0.workerCount = 1
                    $0.rangeBytes = 64 << 10
                    $0.maxLockWait = .milliseconds(600)
                }
            }
            #expect(try migration.wait() < .seconds(3))
            #expect(refused.code == .databaseLockYielded, "\(refused)")
            #expect(refused.summary == "the backup gave way to a session that waited for table 'public.slow'")
            #expect(refused.cause?.contains("application 'migrate'") == true, "\(refused)")
            #expect(refused.retry == .later)
            #expect(try scene.repository.listPoints().isEmpty)
            #expect(try scene.repository.sessions().isEmpty)
            // The next one sees the table as the migration left it.
            let manifest = try scene.backup().point.manifest
            #expect(manifest.tables.first?.columns == ["id", "body", "extra"])
        }
    }

    @Test("waits for the backup where no limit is set, and the backup says who waited and for how long")
    func isReported() throws {
        try slowScene { scene in
            let migration = try Migration(scene.source)
            let outcome = try scene.backup { $0.workerCount = 1 }
            #expect(try migration.wait() > .seconds(1))
            #expect(outcome.point.manifest.tables.first?.columns == ["id", "body"])
            let said = outcome.report.notices.first { $0.contains("waited at least") }
            #expect(said?.contains("application 'migrate'") == true, "\(outcome.report.notices)")
            #expect(said?.contains("'public.slow'") == true)
        }
    }

    /// Takes `lock` and keeps it for a quarter of a minute at most, so that a backup that does not give way fails and ends.
    private func obstacle(_ lock: String, on source: ConnectionSettings) throws -> Connection {
        let session = try Connection(source)
        try session.execute("SET idle_in_transaction_session_timeout = '15s'; BEGIN; \(lock)")
        return session
    }

    private func expectToGiveWay(_ scene: ExportScene, to lock: String, _ adjust: (inout ExportPlan) -> Void) throws {
        let obstacle = try obstacle(lock, on: scene.source)
        let migration = try Migration(scene.source)
        let refused = try diagnostic {
            try scene.backup {
                $0.maxLockWait = .milliseconds(600)
                adjust(&$0)
            }
        }
        #expect(refused.code == .databaseLockYielded, "\(refused)")
        #expect(refused.summary == "the backup gave way to a session that waited for table 'public.slow'")
        #expect(refused.cause?.contains("application 'migrate'") == true, "\(refused)")
        #expect(try scene.repository.listPoints().isEmpty)
        try obstacle.execute("ROLLBACK")
        _ = try migration.wait()
        #expect(try scene.backup().point.manifest.tables.first?.columns.contains("extra") == true)
    }

    @Test("gets its lock also while definitions are read, whatever keeps us there")
    func givesWayInTheCatalog() throws {
        try withScene(sql: "CREATE TABLE slow (id int)") { scene in
            try expectToGiveWay(scene, to: "LOCK TABLE pg_catalog.pg_ts_parser IN ACCESS EXCLUSIVE MODE") { _ in }
        }
    }

    @Test("gets its lock also while the rows are counted again")
    func givesWayInTheAudit() throws {
        let sql = "CREATE TABLE slow (id int); INSERT INTO slow VALUES (1), (2); CREATE INDEX slow_id ON slow (id)"
        try withScene(sql: sql) { scene in
            // The plan of the count opens every index; the COPY of a whole small table needs no plan.
            try expectToGiveWay(scene, to: "REINDEX INDEX slow_id") {
                $0.manySmallTables = 1
                $0.audit = .all
            }
        }
    }
}
