import Diagnostics
import Export
import Glibc
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("Through PgBouncer in transaction mode", .serialized)
struct PoolerTests {
    private static let settings = [
        "search_path", "TimeZone", "DateStyle", "row_security", "extra_float_digits", "bytea_output", "lock_timeout",
        "statement_timeout", "idle_in_transaction_session_timeout", "jit", "enable_tidscan", "synchronize_seqscans",
        "transaction_isolation", "transaction_read_only",
    ]

    @Test("a backup is complete, the next takes it over, and no setting stays behind in the pooled sessions")
    func nothingLeaks() throws {
        try withScene(sql: shopSQL) { scene in
            try withPooler(for: scene.source) { pooled in
                let before = try sessions(pooled)
                let first = try scene.backup { $0.source = pooled }
                #expect(
                    try scene.rows(of: "orders", in: first.point.manifest).sorted()
                        == scene.liveRows(of: "orders").sorted()
                )
                #expect(try scene.backup { $0.source = pooled }.report.totals.rangesRead == 0)
                let after = try sessions(pooled)
                #expect(Set(after.keys) == Set(before.keys), "the pool must be the one that the backup used")
                #expect(after == before)
            }
        }
    }

    /// The settings of every server session of the pool, by process: one transaction holds each of them.
    private func sessions(_ pooled: ConnectionSettings) throws -> [String: [String?]] {
        var found: [String: [String?]] = [:]
        var held: [Connection] = []
        for _ in 0..<Self.poolSize {
            let connection = try Connection(pooled)
            let list = Self.settings.map { "current_setting('\($0)')" }.joined(separator: ", ")
            try connection.execute("BEGIN")
            let row = try connection.query("SELECT pg_backend_pid(), \(list)")[0]
            found[row[0] ?? ""] = (1..<row.count).map { row[$0] }
            held.append(connection)
        }
        for connection in held { try connection.execute("COMMIT") }
        return found
    }

    private static let poolSize = 6

    private func withPooler(for source: ConnectionSettings, _ body: (ConnectionSettings) throws -> Void) throws {
        let program = "/usr/sbin/pgbouncer"
        guard access(program, X_OK) == 0 else {
            throw Diagnostic(.fileAccess, "the tests need '\(program)'", hint: "Run scripts/setup --tests.")
        }
        try withScratchFolder { folder in
            let port = try unusedPort()
            let user = geteuid() == 0 ? "postgres" : nil
            let text = """
                [databases]
                * = host=\(source.host) port=\(source.port) user=postgres
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = \(port)
                unix_socket_dir =
                auth_type = any
                pool_mode = transaction
                default_pool_size = \(Self.poolSize)
                max_client_conn = 50
                ignore_startup_parameters = extra_float_digits
                """
            let file = folder + "/pgbouncer.ini"
            let sink = try AtomicFile(path: file, .create)
            try sink.write(text: text)
            try sink.finish()
            chmod(folder, 0o755)
            chmod(file, 0o644)
            let pooler = try ChildProcess(
                starting: ChildLaunch(program, ["-q", file], user: user, signalAtOurDeath: .terminate)
            )
            defer { pooler.end() }
            let pooled = try ConnectionSettings(keywords: [
                "host": "127.0.0.1", "port": String(port), "user": "postgres", "dbname": source.database,
                "sslmode": "disable",
            ])
            let deadline = ContinuousClock.now + .seconds(20)
            while (try? Connection(pooled)) == nil {
                try #require(ContinuousClock.now < deadline)
                usleep(10_000)
            }
            try body(pooled)
        }
    }
}
