import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("connection")
struct ConnectionTests {
    @Test("a query returns its values, NULLs and column names", arguments: PostgresMajor.allCases)
    func valuesAndNulls(major: PostgresMajor) throws {
        try withDatabase(on: major) { settings in
            let connection = try Connection(settings)
            #expect(connection.serverVersion.major == major.rawValue)
            let rows = try connection.query(
                "SELECT $1::text AS word, $2::int + 1 AS next, $3::text AS nothing",
                ["naïve 'quoted'", "41", nil]
            )
            #expect(rows.columns == ["word", "next", "nothing"])
            #expect(rows.count == 1)
            #expect(rows[0, "word"] == "naïve 'quoted'")
            #expect(rows[0, 1] == "42")
            #expect(rows[0]["nothing"] == nil)
            #expect(rows.map { $0["next"] } == ["42"])
        }
    }

    @Test("several statements run as one, and the first failure ends them")
    func severalStatements() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            try connection.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
            let failure = #expect(throws: PostgresError.self) {
                try connection.execute("INSERT INTO t VALUES (3); SELECT 1/0; INSERT INTO t VALUES (4)")
            }
            #expect(failure?.sqlState == "22012")
            #expect(failure?.message == "division by zero")
            #expect(try connection.query("SELECT count(*) FROM t")[0, 0] == "2")
        }
    }

    @Test("a query refuses a second statement and text that C would cut short")
    func oneStatementOnly() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            #expect(throws: PostgresError.self) { try connection.query("SELECT 1; SELECT 2") }
            #expect(throws: PostgresError.self) { try connection.query("SELECT $1::text", ["a\0b"]) }
            #expect(throws: PostgresError.self) { try connection.execute("SELECT 1\0; DROP TABLE t") }
            #expect(try connection.query("SELECT 1")[0, 0] == "1")
        }
    }

    @Test("notices are collected, not printed")
    func notices() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            try connection.execute("DO $$ BEGIN RAISE NOTICE 'first'; RAISE WARNING 'second'; END $$")
            #expect(connection.notices.count == 2)
            #expect(connection.notices.first?.text.contains("first") == true)
            #expect(connection.notices.last?.text.contains("second") == true)
            connection.forgetNotices()
            #expect(connection.notices.isEmpty)
        }
    }

    @Test("a failed body rolls its transaction back")
    func transactions() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let connection = try Connection(settings)
            let insert: () throws -> Void = {
                try connection.execute("INSERT INTO t VALUES (1)")
                throw Rejection()
            }
            #expect(throws: Rejection.self) { try connection.withTransaction("BEGIN", insert) }
            #expect(!connection.isInTransaction)
            try connection.withTransaction("BEGIN ISOLATION LEVEL SERIALIZABLE") {
                try connection.execute("INSERT INTO t VALUES (2)")
            }
            #expect(try connection.query("SELECT a FROM t").map { $0[0] } == ["2"])
        }
    }

    @Test("the session says who it is and reads UTF-8 whatever the database holds")
    func sessionFacts() throws {
        let options = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        try withDatabase(options: options) { settings in
            let connection = try Connection(settings)
            #expect(connection.reportedSetting("server_encoding") == "LATIN1")
            #expect(connection.reportedSetting("client_encoding") == "UTF8")
            let row = try connection.query("SELECT current_setting('application_name'), pg_backend_pid(), chr(233)")[0]
            #expect(row[0] == "lifeboat")
            #expect(row[1] == String(connection.backendProcess))
            #expect(row[2] == "é")
        }
    }

    @Test("text that is not UTF-8 is an error, not a question mark")
    func unreadableText() throws {
        try withDatabase(options: "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0") { settings in
            let connection = try Connection(settings)
            #expect(try connection.query("SELECT 'é'")[0, 0] == "é")
            let failure = #expect(throws: PostgresError.self) {
                try connection.query("SELECT convert_from('\\xe9', 'SQL_ASCII')")
            }
            #expect(failure?.sqlState == "22021")
        }
    }
}

/// Thrown by test bodies to see what becomes of it.
struct Rejection: Error {}
