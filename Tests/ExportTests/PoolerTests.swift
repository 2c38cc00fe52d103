import Diagnostics
import Export
import Glibc
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("Through PgBouncer", .serialized)
struct PoolerTests {
    @Test("a backup is complete, the next takes it over, and no setting stays behind", arguments: Pooler.Mode.allCases)
    func nothingLeaks(mode: Pooler.Mode) throws {
        try withScene(sql: shopSQL) { scene in
            try Pooler.with(mode, size: 6, for: scene.source) { pooler in
                // Without a reset query between two clients, whatever was set in a session would stay.
                let before = try pooler.sessions(6)
                let first = try scene.backup { $0.source = pooler.settings }
                #expect(
                    try scene.rows(of: "orders", in: first.point.manifest).sorted()
                        == scene.liveRows(of: "orders").sorted()
                )
                #expect(try scene.backup { $0.source = pooler.settings }.report.totals.rangesRead == 0)
                let after = try pooler.sessions(6)
                #expect(Set(after.keys) == Set(before.keys), "the pool must be the one that the backup used")
                #expect(after == before)
            }
        }
    }

    /// The coordinator has a session for the snapshot; in session mode another one to look at the present.
    @Test(
        "a small pool means fewer workers, or none, and it is said",
        arguments: [(mode: Pooler.Mode.transaction, size: 2, granted: 1), (mode: .session, size: 2, granted: 0)]
    )
    func smallPool(pool: (mode: Pooler.Mode, size: Int, granted: Int)) throws {
        try withScene(sql: shopSQL + fourRangesSQL) { fast in
            // Whoever waits for a session gets it when another worker is done, which must take longer than the wait.
            let scene = pool.granted == 0 ? fast : try fast.slowed(to: "300kB/s")
            try Pooler.with(pool.mode, size: pool.size, for: scene.source, more: "query_wait_timeout = 1") { pooler in
                let outcome = try scene.backup {
                    $0.source = pooler.settings
                    $0.workerCount = 3
                    $0.rangeBytes = 1_300_000
                }
                #expect(
                    try scene.rows(of: "orders", in: outcome.point.manifest).sorted()
                        == scene.liveRows(of: "orders").sorted()
                )
                let words = "the server granted only \(pool.granted) of 3 sessions for copying"
                #expect(outcome.report.notices.contains(words), "\(outcome.report.notices)")
            }
        }
    }

    @Test("a pool that lets a session wait for ever does not keep a backup, which does without it")
    func endlessWait() throws {
        try withScene(sql: shopSQL) { scene in
            try Pooler.with(.session, size: 2, for: scene.source, more: "query_wait_timeout = 0") { pooler in
                let outcome = try scene.backup {
                    $0.source = pooler.settings
                    $0.workerCount = 2
                    $0.sessionPatience = .milliseconds(700)
                }
                let words = "the server granted only 0 of "
                #expect(outcome.report.notices.contains { $0.hasPrefix(words) }, "\(outcome.report.notices)")
            }
            for mode in Pooler.Mode.allCases {
                try Pooler.with(mode, size: 1, for: scene.source, more: "query_wait_timeout = 0") { pooler in
                    let refused = try diagnostic {
                        try scene.backup {
                            $0.source = pooler.settings
                            $0.sessionPatience = .milliseconds(200)
                        }
                    }
                    #expect(refused.hint?.contains("at least two sessions") == true, "\(refused)")
                }
            }
        }
    }

    @Test("whoever stops a session that waits for a server connection is not kept waiting")
    func stoppedInTheQueue() async throws {
        try await onDedicatedThread {
            try withScene(sql: shopSQL) { scene in
                try Pooler.with(.session, size: 1, for: scene.source, more: "query_wait_timeout = 0") { pooler in
                    let holder = try Connection(pooler.settings)
                    try holder.execute("SELECT 1")
                    let stop = Stop()
                    let waiting = try Connection(pooler.settings, stop: stop)
                    startDedicatedThread {
                        usleep(300_000)
                        stop.request()
                    }
                    let begun = ContinuousClock.now
                    #expect(throws: Stopped.self) { try waiting.execute("SELECT 1") }
                    #expect(ContinuousClock.now - begun < .seconds(60))
                }
            }
        }
    }

    @Test("a pool of one session is an error that says what to do", arguments: Pooler.Mode.allCases)
    func tooSmall(mode: Pooler.Mode) throws {
        try withScene(sql: shopSQL) { scene in
            try Pooler.with(mode, size: 1, for: scene.source, more: "query_wait_timeout = 1") { pooler in
                let refused = try diagnostic { try scene.backup { $0.source = pooler.settings } }
                #expect(refused.code == .databaseUnreachable, "\(refused)")
                #expect(refused.cause?.contains("query_wait_timeout") == true, "\(refused)")
                #expect(refused.hint?.contains("at least two sessions") == true, "\(refused)")
                #expect(try scene.repository.listPoints().isEmpty)
            }
        }
    }
}
