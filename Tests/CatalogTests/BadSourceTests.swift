import Catalog
import Diagnostics
import PostgresClient
import TestSupport
import Testing

@Suite("a source with something wrong is told by name, with a remedy")
struct BadSourceTests {
    @Test("a view whose function is gone is named")
    func brokenView() throws {
        let sql = """
            CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            CREATE VIEW "it's broken" AS SELECT f() AS x;
            CREATE VIEW fine AS SELECT 1 AS x;
            DELETE FROM pg_proc WHERE proname = 'f';
            """
        let problem = try problem(after: "SET allow_system_table_mods = on; " + sql)
        #expect(problem.summary.contains("view public.\"it's broken\""), "\(problem)")
        #expect(problem.cause?.contains("cache lookup failed") == true, "\(problem)")
        #expect(problem.hint?.isEmpty == false)
        #expect(!problem.summary.contains("fine"))
    }

    @Test("a kind of relation that no version has yet is named, and can be left out")
    func futureKind() throws {
        let sql = """
            SET allow_system_table_mods = on;
            CREATE TABLE graph (a integer);
            CREATE TABLE kept (a integer);
            UPDATE pg_class SET relkind = 'g' WHERE relname = 'graph';
            """
        let problem = try problem(after: sql)
        #expect(problem.code == .unsupportedObject)
        #expect(problem.summary.contains("graph"), "\(problem)")
        #expect(problem.hint?.contains("--exclude") == true, "\(problem)")
    }

    @Test("objects in a catalog that is not known yet are named")
    func futureCatalog() throws {
        let sql = """
            SET allow_system_table_mods = on;
            CREATE TABLE kept (a integer);
            INSERT INTO pg_depend VALUES ('pg_statistic'::regclass, 99999, 0, 'pg_class'::regclass, 'kept'::regclass, 0, 'n');
            """
        let problem = try problem(after: sql)
        #expect(problem.code == .unsupportedObject)
        #expect(problem.summary.contains("pg_statistic"), "\(problem)")
    }

    @Test("a catalog that may not be read is named, with the grant that is missing")
    func forbiddenCatalog() throws {
        try Corpus.makeRoles(on: .v15)
        try withDatabase(options: "TEMPLATE template0", sql: "REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC") {
            settings in
            let connection = try Connection(settings)
            try connection.execute("GRANT CREATE ON SCHEMA public TO corpus_reader; SET ROLE corpus_reader; BEGIN")
            let problem = #expect(throws: Diagnostic.self) { try CatalogReader(connection).read() }
            #expect(problem?.code == .databasePermission, "\(String(describing: problem))")
            #expect(problem?.cause?.contains("pg_proc") == true)
            #expect(problem?.hint?.contains("GRANT SELECT") == true, "\(String(describing: problem))")
        }
    }

    @Test("a name in SQL_ASCII that is no UTF-8 is refused, not mangled")
    func notUnicode() throws {
        try withDatabase(options: "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'") { settings in
            let connection = try Connection(settings)
            try connection.execute("SET client_encoding = 'SQL_ASCII'")
            try connection.execute("DO $$ BEGIN EXECUTE 'CREATE TABLE t' || chr(233) || ' (a integer)'; END $$")
            let problem = #expect(throws: Diagnostic.self) { try Corpus.read(settings) }
            #expect(problem?.code == .unsupportedObject, "\(String(describing: problem))")
            #expect(problem?.hint?.contains("ename") == true, "\(String(describing: problem))")
        }
    }

    @Test("an invalid index, a lone shell operator and a comment on a copy are left out, and said so")
    func leftOut() throws {
        let sql = """
            CREATE TABLE t (a integer);
            INSERT INTO t VALUES (1), (1);
            CREATE OPERATOR public.=== (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, NEGATOR = OPERATOR(public.!==));
            DROP OPERATOR public.=== (integer, integer);
            CREATE TABLE parted (a integer) PARTITION BY LIST (a);
            CREATE TABLE part PARTITION OF parted DEFAULT;
            CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER each BEFORE UPDATE ON parted FOR EACH ROW EXECUTE FUNCTION f();
            COMMENT ON TRIGGER each ON part IS 'on a copy';
            """
        try withDatabase(options: "TEMPLATE template0", sql: sql) { settings in
            #expect(throws: PostgresError.self) {
                try Connection(settings).execute("CREATE UNIQUE INDEX CONCURRENTLY half ON t (a)")
            }
            let notices = try Corpus.read(settings).notices
            #expect(notices.contains { $0.contains("comment on trigger each on table public.part") }, "\(notices)")
            #expect(notices.contains { $0.contains("half") && $0.contains("invalid") }, "\(notices)")
            #expect(notices.contains { $0.contains("!==") && $0.contains("shell") }, "\(notices)")
        }
    }

    @Test("what belongs to the whole server and to no role is left out, and said so")
    func serverWide() throws {
        try withDatabase(options: "TEMPLATE template0") { settings in
            let connection = try Connection(settings)
            // Other tests see nothing of it.
            try connection.execute(
                "BEGIN; ALTER ROLE ALL SET application_name = 'x'; GRANT SET ON PARAMETER log_statement TO PUBLIC"
            )
            let notices = try CatalogReader(connection).read().notices
            #expect(notices.contains { $0.contains("ALTER ROLE ALL") && $0.contains("application_name") }, "\(notices)")
            #expect(notices.contains { $0.contains("parameter log_statement") }, "\(notices)")
        }
    }

    /// What reading says of a database after `sql`.
    private func problem(after sql: String) throws -> Diagnostic {
        try withDatabase(options: "TEMPLATE template0", sql: sql) { settings in
            try #require(throws: Diagnostic.self) { try Corpus.read(settings) }
        }
    }
}
