import PostgresClient
import TestSupport
import Testing

@testable import Catalog

@Suite("definitions that are written here are the server's own, letter by letter")
struct PlainDefinitionsTests {
    /// Columns whose names need quotes or do not, of types with operators of their own and with borrowed ones.
    private static let columns = [
        "id integer", "\"Mixed\" text", "\"user\" text", "name text", "between_ bigint", "\"two words\" date",
        "\"quo\"\"te\" text", "_x1 timestamptz", "\"1st\" integer", "stra\u{DF}e varchar(20)", "short \"char\"",
        "fixed char(4)", "cost numeric(12, 2)", "german text COLLATE \"C\"", "mood \"Odd\".mood", "wide \"Odd\".wide",
        "list integer[]", "flag boolean", "token uuid", "\"values\" oid", "\"value\" inet",
    ]
    private static let directions = ["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]
    private static let odd = [
        "CREATE INDEX ON \"Odd\".t (lower(name))", "CREATE INDEX ON \"Odd\".t (id) WHERE flag",
        "CREATE INDEX ON \"Odd\".t (id) INCLUDE (name)", "CREATE INDEX ON \"Odd\".t USING hash (name)",
        "CREATE INDEX ON \"Odd\".t (name text_pattern_ops)", "CREATE INDEX ON \"Odd\".t (name COLLATE \"C\")",
        "CREATE INDEX ON \"Odd\".t (id) WITH (fillfactor = 70)",
        "CREATE UNIQUE INDEX \"Select\" ON \"Odd\".t (id, name)",
        "CREATE INDEX ON \"Odd\".t USING brin (id)", "CREATE INDEX ON \"Odd\".t USING gin (list)",
        "ALTER TABLE \"Odd\".t ADD UNIQUE (id, \"user\")", "ALTER TABLE \"Odd\".t ADD PRIMARY KEY (\"Mixed\", id)",
        "ALTER TABLE \"Odd\".t ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED",
        "ALTER TABLE \"Odd\".t ADD UNIQUE (token) INCLUDE (id)",
        "ALTER TABLE \"Odd\".t ADD EXCLUDE USING btree (id WITH =)",
        "CREATE TABLE \"Odd\".parts (id integer, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
        "CREATE TABLE \"Odd\".part PARTITION OF \"Odd\".parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
        "CREATE INDEX ON \"Odd\".parts (at)", "CREATE INDEX ON ONLY \"Odd\".parts (id)",
        "CREATE MATERIALIZED VIEW \"Odd\".seen AS SELECT id, name FROM \"Odd\".t",
        "CREATE INDEX ON \"Odd\".seen (name)", "ALTER TABLE \"Odd\".t DROP COLUMN gone",
        "ALTER TABLE \"Odd\".t RENAME COLUMN before_ TO \"After\"",
        "ALTER INDEX \"Odd\".named RENAME TO \"table\"",
    ]

    private static func fill(_ connection: Connection, _ major: PostgresMajor) throws {
        try connection.execute(
            """
            CREATE SCHEMA "Odd";
            CREATE TYPE "Odd".mood AS ENUM ('good', 'bad');
            CREATE DOMAIN "Odd".wide AS bigint CHECK (VALUE > 0);
            CREATE TABLE "Odd".t (gone integer, before_ text, \(columns.joined(separator: ", ")));
            CREATE INDEX named ON "Odd".t (before_, id DESC);
            """
        )
        for (place, column) in columns.enumerated() {
            let quotedEnd = column.dropFirst().firstRange(of: "\" ")?.lowerBound
            let name =
                column.hasPrefix("\"")
                ? String(column[...(quotedEnd ?? column.startIndex)]) : String(column.prefix { $0 != " " })
            for direction in directions { try connection.execute("CREATE INDEX ON \"Odd\".t (\(name)\(direction))") }
            let other = place % 2 == 0 ? "id DESC" : "name"
            try connection.execute("CREATE UNIQUE INDEX ON \"Odd\".t (\(other), \(name))")
        }
        for statement in odd { try connection.execute(statement) }
        if major.rawValue >= 15 {
            try connection.execute("CREATE UNIQUE INDEX ON \"Odd\".t (id, name) NULLS NOT DISTINCT")
        }
        if major.rawValue >= 18 {
            // Two ranges: a number would need the extension btree_gist, which this server lacks.
            try connection.execute(
                "CREATE TABLE \"Odd\".stay (room int4range, at tstzrange, UNIQUE (room, at WITHOUT OVERLAPS))"
            )
        }
    }

    @Test("indexes and keys of every sort", arguments: PostgresMajor.allCases)
    func same(on major: PostgresMajor) throws {
        try withDatabase(on: major, options: "TEMPLATE template0") { settings in
            try Self.fill(Connection(settings), major)
            let connection = try Connection(settings)
            try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL search_path = ''")
            let context = try ReadingContext(connection)
            let plain = try PlainDefinitions(context, columns: readColumns(context))
            var written = 0
            for row in try context.query(indexQuery(context.major)) where row["definition"] == nil {
                guard let text = plain.index(row) else { continue }
                written += 1
                #expect(try context.texts("pg_get_indexdef", of: [row.oid("indexrelid")]).values.first == text)
            }
            #expect(written > 80)
            var keys = 0
            for row in try context.query(keyConstraintQuery(context.major)) where row["definition"] == nil {
                guard let text = plain.key(row) else { continue }
                keys += 1
                #expect(try context.texts("pg_get_constraintdef", of: [row.oid("oid")]).values.first == text)
            }
            #expect(keys == 4)
        }
    }

    @Test("every index of a catalog has the server's text, whoever wrote it", arguments: PostgresMajor.allCases)
    func complete(on major: PostgresMajor) throws {
        try withDatabase(on: major, options: "TEMPLATE template0") { settings in
            try Self.fill(Connection(settings), major)
            let connection = try Connection(settings)
            try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL search_path = ''")
            let catalog = try CatalogReader(connection).read()
            let rows = try connection.query(
                """
                SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'Odd' AND c.relkind IN ('i', 'I')
                """
            )
            let known = Dictionary(rows.map { ($0[0] ?? "", $0[1] ?? "") }, uniquingKeysWith: { first, _ in first })
            let indexes = catalog.objects(of: .index)
            #expect(indexes.count > 100)
            for index in indexes { #expect(index.stages[0].statements[0] == known[index.identity.name]) }
        }
    }

    @Test("where the server quotes every name, it writes everything itself")
    func quotingAll() throws {
        try withDatabase(sql: "CREATE TABLE t (id integer PRIMARY KEY); CREATE INDEX i ON t (id)") { settings in
            let connection = try Connection(settings)
            try connection.execute("BEGIN; SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = on")
            let index = try CatalogReader(connection).read().objects(of: .index)[0]
            #expect(index.stages[0].statements == ["CREATE INDEX \"i\" ON \"public\".\"t\" USING \"btree\" (\"id\")"])
        }
    }
}
