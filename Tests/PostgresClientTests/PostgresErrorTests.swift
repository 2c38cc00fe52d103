import Diagnostics
import PostgresClient
import TestSupport
import Testing

@Suite("what the server refuses")
struct PostgresErrorTests {
    @Test("row security that would hide rows is named as such, a missing privilege as that")
    func permissions() throws {
        let setUp = """
            CREATE TABLE secured (a int);
            ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
            CREATE TABLE closed (a int);
            DROP ROLE IF EXISTS reader;
            CREATE ROLE reader;
            GRANT SELECT ON secured TO reader;
            """
        try withDatabase(sql: setUp) { settings in
            let connection = try Connection(settings)
            try connection.execute("SET ROLE reader; SET row_security = off")
            let hidden = #expect(throws: PostgresError.self) {
                try connection.copyOut("COPY secured TO STDOUT") { _ in }
            }
            #expect(hidden?.diagnostic(while: "x").code == .databaseRowSecurity)
            let denied = #expect(throws: PostgresError.self) { try connection.query("TABLE closed") }
            let diagnostic = denied?.diagnostic(while: "cannot read 'public.closed'")
            #expect(diagnostic?.code == .databasePermission)
            #expect(diagnostic?.context["sqlstate"] == "42501")
            try connection.execute("RESET ROLE; DROP OWNED BY reader; DROP ROLE reader")
        }
    }

    @Test("a lock that another session holds is a lock timeout, worth another try")
    func lockTimeout() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let holder = try Connection(settings)
            try holder.execute("BEGIN; LOCK TABLE t")
            let failure = #expect(throws: PostgresError.self) {
                try Connection(settings).execute("SET lock_timeout = '10ms'; TABLE t")
            }
            let diagnostic = failure?.diagnostic(while: "x")
            #expect(diagnostic?.code == .databaseLockTimeout)
            #expect(diagnostic?.retry == .later)
        }
    }

    @Test("every other refusal keeps the server's words, its detail and its hint")
    func ordinary() throws {
        try withDatabase(sql: "CREATE TABLE t (a int UNIQUE); INSERT INTO t VALUES (1)") { settings in
            let connection = try Connection(settings)
            let duplicate = #expect(throws: PostgresError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
            #expect(duplicate?.detail == "Key (a)=(1) already exists.")
            #expect(duplicate?.diagnostic(while: "x").code == .databaseQuery)
            let unknown = #expect(throws: PostgresError.self) {
                try connection.query("SELECT b FROM t AS u, t AS bb WHERE u.aa = 1")
            }
            #expect(unknown?.diagnostic(while: "x").cause == unknown?.message)
        }
    }

    @Test("a server that went away is a lost connection, for the statement that notices and for all after it")
    func lostConnection() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            try Connection(settings).query("SELECT pg_terminate_backend($1::int)", [String(connection.backendProcess)])
            for _ in 0..<2 {
                let failure = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
                #expect(failure?.isConnectionLost == true)
                #expect(failure?.diagnostic(while: "x").code == .databaseConnectionLost)
            }
            #expect(!connection.isUsable)
        }
    }
}
