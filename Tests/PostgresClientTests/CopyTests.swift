import Diagnostics
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("COPY")
struct CopyTests {
    private static let hostileRows = """
        CREATE TABLE t (a int, b text);
        INSERT INTO t VALUES (1, E'tab\\there'), (2, E'line\\nbreak'), (3, E'back\\\\slash'), (4, NULL), (5, ''),
            (6, E'\\r\\n'), (7, '\\N'), (8, 'ünïcode');
        """

    @Test("rows with tabs, line breaks and backslashes come back as they went", arguments: PostgresMajor.allCases)
    func roundTrip(major: PostgresMajor) throws {
        try withDatabase(on: major, sql: Self.hostileRows) { settings in
            let connection = try Connection(settings)
            var rows: [[UInt8]] = []
            let sent = try connection.copyOut("COPY (SELECT * FROM t ORDER BY a) TO STDOUT") { row in
                rows.append(row.withUnsafeBytes { Array($0) })
            }
            #expect(sent == 8)
            #expect(rows.count == 8)
            #expect(rows[0] == Array("1\ttab\\there\n".utf8))
            #expect(rows[3] == Array("4\t\\N\n".utf8))

            try connection.execute("CREATE TABLE u (LIKE t)")
            let taken = try connection.copyIn("COPY u FROM STDIN") { input in
                for row in rows { try input.write(contentsOf: row) }
            }
            #expect(taken == 8)
            let missing = try connection.query("SELECT count(*) FROM (TABLE t EXCEPT TABLE u) AS d")
            #expect(missing[0, 0] == "0")
        }
    }

    @Test("large rows and many batches arrive whole")
    func largeCopy() throws {
        try withDatabase(sql: "CREATE TABLE t (a int, b text)") { settings in
            let connection = try Connection(settings)
            let wide = Array(String(repeating: "x", count: 3 << 20).utf8)
            let taken = try connection.copyIn("COPY t FROM STDIN") { input in
                for number in 0..<20_000 { try input.write(text: "\(number)\tshort\n") }
                try input.write(text: "-1\t")
                try input.write(contentsOf: wide)
                try input.write(text: "\n")
            }
            #expect(taken == 20_001)
            let row = try connection.query("SELECT count(*), sum(a), max(length(b)) FROM t")[0]
            #expect((0..<3).map { row[$0] } == ["20001", "199989999", String(3 << 20)])
            var bytes = 0
            let rows = try connection.copyOut("COPY t TO STDOUT") { bytes += $0.byteCount }
            #expect(rows == 20_001)
            #expect(bytes > 3 << 20)
        }
    }

    @Test("several COPYs in one message come one after the other, each with its rows")
    func series() throws {
        try withDatabase(sql: Self.hostileRows) { settings in
            let connection = try Connection(settings)
            var rows: [[String]] = []
            try connection.copyOut(
                [
                    "COPY t (a) TO STDOUT", "COPY (SELECT WHERE false) TO STDOUT",
                    "COPY (SELECT b FROM t LIMIT 2) TO STDOUT",
                ]
            ) { series in
                for expected: Int64 in [8, 0, 2] {
                    rows.append([])
                    let count = try series.next { row in
                        rows[rows.count - 1].append(row.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
                    }
                    #expect(count == expected)
                }
            }
            #expect(rows == [(1...8).map { "\($0)\n" }, [], ["tab\\there\n", "line\\nbreak\n"]])
            #expect(try connection.query("SELECT 1")[0, 0] == "1")
        }
    }

    @Test("a COPY of several that fails throws where its rows should come, and what is left over is an error")
    func brokenSeries() throws {
        try withDatabase(sql: Self.hostileRows) { settings in
            let first = "COPY t (a) TO STDOUT"
            let connection = try Connection(settings)
            var taken = 0
            #expect(throws: PostgresError.self) {
                try connection.copyOut([first, "COPY (SELECT 1 / (a - 5) FROM t) TO STDOUT", first]) { series in
                    for _ in 0..<3 {
                        _ = try series.next { _ in }
                        taken += 1
                    }
                }
            }
            #expect(taken == 1)
            #expect(!connection.isUsable)
            for statements in [[first, first], [first + "; SELECT 1"], ["SELECT 1"]] {
                let other = try Connection(settings)
                #expect(throws: PostgresError.self) {
                    try other.copyOut(statements) { series in _ = try series.next { _ in } }
                }
                #expect(!other.isUsable)
            }
        }
    }

    @Test("a body that throws leaves no row behind and the session usable")
    func abandonedCopyIn() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let connection = try Connection(settings)
            #expect(throws: Rejection.self) {
                try connection.copyIn("COPY t FROM STDIN") { input in
                    try input.write(text: "1\n2\n")
                    throw Rejection()
                }
            }
            #expect(connection.isUsable)
            #expect(try connection.query("SELECT count(*) FROM t")[0, 0] == "0")
        }
    }

    @Test("a row that the server refuses is reported with the server's words")
    func refusedRow() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let connection = try Connection(settings)
            let failure = #expect(throws: PostgresError.self) {
                try connection.copyIn("COPY t FROM STDIN") { try $0.write(text: "1\nsalt\n") }
            }
            #expect(failure?.sqlState == "22P02")
            #expect(failure?.context == "COPY t, line 2, column a: \"salt\"")
            #expect(try connection.query("SELECT count(*) FROM t")[0, 0] == "0")
        }
    }

    @Test("a reader that throws ends the COPY and the session")
    func abandonedCopyOut() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            #expect(throws: Rejection.self) {
                try connection.copyOut("COPY (SELECT generate_series(1, 1000000)) TO STDOUT") { _ in throw Rejection() }
            }
            #expect(!connection.isUsable)
            #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
        }
    }

    @Test("an error in the middle of a COPY is an error, however many rows came before")
    func failingCopyOut() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            var rows = 0
            let failure = #expect(throws: PostgresError.self) {
                try connection.copyOut("COPY (SELECT 1 / (5000 - n) FROM generate_series(1, 9000) AS n) TO STDOUT") {
                    _ in
                    rows += 1
                }
            }
            #expect(failure?.sqlState == "22012")
            #expect(rows == 4999)
        }
    }

    @Test("a server process that dies in the middle of a COPY is a lost connection, never a count")
    func killedCopyOut() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            let assassin = try Connection(settings)
            var rows = 0
            let failure = #expect(throws: PostgresError.self) {
                try connection.copyOut("COPY (SELECT repeat('x', 100), generate_series(1, 5000000)) TO STDOUT") {
                    _ in
                    rows += 1
                    guard rows == 1000 else { return }
                    try assassin.query("SELECT pg_terminate_backend($1::int)", [String(connection.backendProcess)])
                }
            }
            #expect(rows >= 1000)
            #expect(rows < 5_000_000)
            #expect(failure?.diagnostic(while: "cannot copy").code == .databaseConnectionLost)
            #expect(!connection.isUsable)
        }
    }

    @Test("a server process that dies while rows go in is a lost connection, never a count")
    func killedCopyIn() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let connection = try Connection(settings)
            let assassin = try Connection(settings)
            let failure = #expect(throws: PostgresError.self) {
                try connection.copyIn("COPY t FROM STDIN") { input in
                    try assassin.query("SELECT pg_terminate_backend($1::int)", [String(connection.backendProcess)])
                    for number in 0..<5_000_000 { try input.write(text: "\(number)\n") }
                }
            }
            #expect(failure?.diagnostic(while: "cannot restore").code == .databaseConnectionLost)
            #expect(failure?.sqlState == "57P01")
            #expect(!connection.isUsable)
            #expect(try assassin.query("SELECT count(*) FROM t")[0, 0] == "0")
        }
    }

    @Test("a statement that is no COPY, or the wrong one, is refused")
    func wrongStatement() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let connection = try Connection(settings)
            #expect(throws: PostgresError.self) { try connection.copyOut("SELECT 1") { _ in } }
            #expect(connection.isUsable)
            #expect(throws: PostgresError.self) { try connection.query("COPY t FROM STDIN") }
            #expect(!connection.isUsable)
        }
    }
}
