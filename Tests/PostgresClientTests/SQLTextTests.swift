import PostgresClient
import TestSupport
import Testing

@Suite("quoting")
struct SQLTextTests {
    private static let hostileNames = [
        "plain", "Mixed Case", "with \"quotes\"", "\"", "\"\"", "semi;colon--", "naïve", "日本語", "a'b", "back\\slash",
        "new\nline", "tab\tstop", "$1", "select", "emoji 🚢", " leading", "e\u{301}", "\"\u{301}x", "'\u{301}x",
        "\r\n\"",
    ]

    @Test("names quoted without a connection are what libpq writes")
    func identifiers() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            for name in Self.hostileNames {
                #expect(Array(quotedIdentifier(name).utf8) == Array(try connection.quoteIdentifier(name).utf8))
                let read = try connection.query("SELECT 1 AS " + quotedIdentifier(name))
                #expect(Array(read.columns[0].utf8) == Array(name.utf8))
            }
        }
    }

    @Test("texts quoted without a connection are what libpq writes")
    func literals() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            for text in Self.hostileNames {
                #expect(Array(quotedLiteral(text).utf8) == Array(try connection.quoteLiteral(text).utf8))
                #expect(try connection.query("SELECT " + quotedLiteral(text))[0, 0] == text)
            }
        }
    }

    @Test("a qualified name has both parts quoted")
    func qualified() {
        #expect(quotedIdentifier("my schema", "t\"1") == "\"my schema\".\"t\"\"1\"")
    }
}
