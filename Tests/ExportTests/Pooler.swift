import Diagnostics
import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

/// A real PgBouncer before the test server.
struct Pooler {
    enum Mode: String, CaseIterable, Sendable { case transaction, session }

    /// How to reach the database through it.
    let settings: ConnectionSettings

    /// Runs `body` with a pool of `size` server sessions, and ends the pooler.
    static func with<Result>(
        _ mode: Mode,
        size: Int,
        for source: ConnectionSettings,
        more: String = "",
        _ body: (Pooler) throws -> Result
    ) throws -> Result {
        let program = "/usr/sbin/pgbouncer"
        guard access(program, X_OK) == 0 else {
            throw Diagnostic(.fileAccess, "the tests need '\(program)'", hint: "Run scripts/setup --tests.")
        }
        return try withScratchFolder { folder in
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
                pool_mode = \(mode.rawValue)
                default_pool_size = \(size)
                max_client_conn = 50
                ignore_startup_parameters = extra_float_digits
                \(more)
                """
            let file = folder + "/pgbouncer.ini"
            let sink = try AtomicFile(path: file, .create)
            try sink.write(text: text)
            try sink.finish()
            chmod(folder, 0o755)
            chmod(file, 0o644)
            let process = try ChildProcess(
                starting: ChildLaunch(program, ["-q", file], user: user, signalAtOurDeath: .terminate)
            )
            defer { process.end() }
            let pooled = try ConnectionSettings(keywords: [
                "host": "127.0.0.1", "port": String(port), "user": "postgres", "dbname": source.database,
                "sslmode": "disable",
            ])
            let deadline = ContinuousClock.now + .seconds(20)
            while (try? Connection(pooled)) == nil {
                try #require(ContinuousClock.now < deadline)
                usleep(10_000)
            }
            return try body(Pooler(settings: pooled))
        }
    }

    private static let watched = [
        "search_path", "TimeZone", "DateStyle", "row_security", "extra_float_digits", "bytea_output", "lock_timeout",
        "statement_timeout", "idle_in_transaction_session_timeout", "jit", "enable_tidscan", "synchronize_seqscans",
        "transaction_isolation", "transaction_read_only",
    ]

    /// The settings of every server session of a pool of `size`, by process: one transaction holds each of them.
    func sessions(_ size: Int) throws -> [String: [String?]] {
        var found: [String: [String?]] = [:]
        var held: [Connection] = []
        for _ in 0..<size {
            let connection = try Connection(settings)
            let list = Self.watched.map { "current_setting('\($0)')" }.joined(separator: ", ")
            try connection.execute("BEGIN")
            let row = try connection.query("SELECT pg_backend_pid(), \(list)")[0]
            found[row[0] ?? ""] = (1..<row.count).map { row[$0] }
            held.append(connection)
        }
        for connection in held { try connection.execute("COMMIT") }
        return found
    }
}
