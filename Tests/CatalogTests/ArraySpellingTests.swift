import PostgresClient
import TestSupport
import Testing

@testable import Catalog

@Suite("A cast of an array, and an array of casts")
struct ArraySpellingTests {
    @Test(
        "the first is written as the second",
        arguments: [
            (
                "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))",
                "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))"
            ),
            (
                "(n <> ALL ((ARRAY[1, '-2'::integer])::numeric[])) AND (k = ANY ((ARRAY['x'::text])::app.\"Odd ]\"\"x\"[]))",
                "(n <> ALL (ARRAY[(1)::numeric, ('-2'::integer)::numeric])) AND (k = ANY (ARRAY[('x'::text)::app.\"Odd ]\"\"x\"]))"
            ),
            (
                "(kind::text = ANY (ARRAY['a'::character varying, 'b'::character varying]::text[]))",
                "(kind::text = ANY (ARRAY['a'::character varying::text, 'b'::character varying::text]))"
            ),
            (
                "((ARRAY['],'''::text, E'\\\\''],'::text])::citext[])",
                "(ARRAY[('],'''::text)::citext, (E'\\\\''],'::text)::citext])"
            ),
        ]
    )
    func rewritten(_ before: String, _ after: String) {
        #expect(ArraySpelling.handedDown(before) == after)
        #expect(ArraySpelling.handedDown(after) == after)
    }

    @Test(
        "everything else stays as it is",
        arguments: [
            "ARRAY['a'::text]", "(ARRAY['a'::text])", "(ARRAY[1])::text", "(ARRAY[1])::numeric(3,1)[]",
            "(ARRAY[1])::int[][]",
            "(ARRAY[ARRAY[1]])::int[]", "(ARRAY[])::text[]", "(ARRAY[1", "(ARRAY['a", "(ARRAY[1])::", "",
            "'(ARRAY[1])::text[]'", "ARRAY[1]::text", "ARRAY[ARRAY[1]]::int[]", "$$(ARRAY[1])::text[]$$",
            "$a$ $$ (ARRAY[1])::text[] $a$", "\"(ARRAY[1])::text[]\"",
            "E'\\'(ARRAY[1])::text[]'", "(ARRAY[x[1]])::text[]", "(ARRAY[d, ts])::text[]",
            "(ARRAY['a'::text, b])::citext[]", "(ARRAY[1, 2.5])::numeric[]",
            "(ARRAY['a'::text, 'b'::name])::citext[]", "(ARRAY[12345678901])::numeric[]", "(ARRAY[a,]",
            "(ARRAY['a'::text,",
            "(ARRAY['a'::text || 'b'::text])::citext[]", "(ARRAY['a'])::text[]", "(ARRAY[f(1, 2)])::numeric[]",
        ]
    )
    func kept(_ text: String) { #expect(ArraySpelling.handedDown(text) == text) }

    @Test("a server tells the first as the second once it has been told it", arguments: PostgresMajor.allCases)
    func server(_ major: PostgresMajor) throws {
        try withDatabase(on: major, sql: Self.conditions) { settings in
            let connection = try Connection(settings)
            let before = try Self.told(of: "first", connection)
            try connection.execute(
                "CREATE TABLE second (LIKE first); "
                    + before.enumerated().map { "ALTER TABLE second ADD CONSTRAINT \"\($0)\" \($1);" }.joined()
            )
            let after = try Self.told(of: "second", connection)
            #expect(zip(before, after).count { $0 != $1 } >= 3)
            #expect(before.map(ArraySpelling.handedDown) == after)
        }
    }

    private static func told(of table: String, _ connection: Connection) throws -> [String] {
        try connection.query(
            """
            SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '\(table)'::regclass
              AND contype = 'c' ORDER BY conname
            """
        ).map { $0[0] ?? "" }
    }

    private static let conditions = """
        CREATE TABLE first (
          a varchar(10) CONSTRAINT "0" CHECK (a IN ('x', 'it''s', 'y')),
          b numeric CONSTRAINT "1" CHECK (b IN (1, 2, -3)),
          c varchar CONSTRAINT "2" CHECK (c NOT IN (E'\\\\', 'a]', '),')),
          f name CONSTRAINT "5" CHECK (f = ANY (ARRAY['a'::varchar, 'b'::varchar])))
        """
}
