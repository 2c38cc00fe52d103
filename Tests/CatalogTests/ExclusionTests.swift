@testable import Catalog
import Diagnostics
import PostgresClient
import TestSupport
import Testing

@Suite("what is left out is left out on purpose")
struct ExclusionTests {
    private static let sql = """
        CREATE SCHEMA kept;
        CREATE SCHEMA audit;
        CREATE TABLE audit.log (id serial PRIMARY KEY, t text CHECK (t <> ''));
        CREATE INDEX log_t ON audit.log (t);
        CREATE TABLE kept.orders (id integer PRIMARY KEY);
        CREATE TABLE kept.tmp_one (id integer);
        CREATE TABLE kept.tmp_two (id integer);
        CREATE VIEW kept.reads AS SELECT * FROM kept.orders;
        """

    @Test("a schema goes with everything in it")
    func schema() throws {
        try withDatabase(sql: Self.sql) { settings in
            let catalog = try Corpus.read(settings, excluding: ["audit"])
            #expect(!catalog.objects.contains { $0.identity.schema == "audit" || $0.identity.name == "audit" })
            #expect(catalog.objects(of: .table).count == 3)
        }
    }

    @Test("a pattern takes the tables it matches, with their indexes and sequences")
    func pattern() throws {
        try withDatabase(sql: Self.sql) { settings in
            let catalog = try Corpus.read(settings, excluding: ["kept.tmp_*", "audit.log"])
            #expect(catalog.objects(of: .table).map(\.identity.name) == ["orders"])
            #expect(catalog.objects(of: .index).isEmpty)
            #expect(catalog.objects(of: .sequence).isEmpty)
        }
    }

    @Test("leaving out what something else needs is refused, naming both")
    func neededByOthers() throws {
        try withDatabase(sql: Self.sql) { settings in
            let error = #expect(throws: Diagnostic.self) { try Corpus.read(settings, excluding: ["table:orders"]) }
            #expect(error?.code == .unsupportedObject)
            #expect(error?.summary == "cannot leave out 'table kept.orders': 'view kept.reads' depends on it")
            let catalog = try Corpus.read(settings, excluding: ["table:orders", "view:reads"])
            #expect(catalog.objects(of: .view).isEmpty)
        }
    }

    @Test("an object that no reader knows is an error that names it and the way out")
    func unknownObject() throws {
        try withDatabase(sql: "CREATE TABLE public.odd (a integer)") { settings in
            let connection = try Connection(settings)
            try connection.execute("BEGIN; SET LOCAL search_path = ''")
            let context = try ReadingContext(connection)
            // As if the reader of tables did not exist.
            let known = try readSchemas(context) + readExtensions(context)
            let error = #expect(throws: Diagnostic.self) {
                try CompletenessCheck(context, known).run(excluding: Exclusion([]))
            }
            #expect(error?.summary == "the database holds what cannot be backed up yet: 'table:odd'")
            #expect(error?.hint == "leave it out on purpose with --exclude table:odd.")
            let exclusion = Exclusion(["table:odd", "table:other"])
            let used = try CompletenessCheck(context, known).run(excluding: exclusion)
            #expect(exclusion.idleNotices(among: known, used: used).map { $0.contains("'table:other'") } == [true])
        }
    }

    @Test("an invalid index is left out and said")
    func invalidIndex() throws {
        let sql = "CREATE TABLE public.twice AS SELECT 1 AS a FROM generate_series(1, 2)"
        try withDatabase(sql: sql) { settings in
            #expect(throws: PostgresError.self) {
                try Connection(settings).execute("CREATE UNIQUE INDEX CONCURRENTLY once ON public.twice (a)")
            }
            let catalog = try Corpus.read(settings)
            #expect(catalog.objects(of: .index).isEmpty)
            #expect(catalog.notices == ["index once on public.twice is invalid and was left out"])
        }
    }
}
