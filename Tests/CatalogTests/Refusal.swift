import Catalog
import Diagnostics
import PostgresClient
import TestSupport
import Testing

/// A source that cannot be carried as it is, and what reading it says.
struct Refusal {
    var what: String
    var sql: String
    var options = "TEMPLATE template0"

    static let all = [
        Refusal(
            what: "a view or rule that the server itself cannot tell any more",
            sql: """
                SET allow_system_table_mods = on;
                CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
                CREATE VIEW fine AS SELECT 1 AS x;
                CREATE VIEW "it's broken" AS SELECT f() AS x;
                DELETE FROM pg_proc WHERE proname = 'f';
                """
        ),
        Refusal(
            what: "a kind of relation that no version has yet",
            sql: """
                SET allow_system_table_mods = on;
                CREATE TABLE graph (a integer);
                CREATE TABLE kept (a integer);
                UPDATE pg_class SET relkind = 'g' WHERE relname = 'graph';
                """
        ),
        Refusal(
            what: "objects in a catalog that a later version brought",
            sql: """
                SET allow_system_table_mods = on;
                CREATE TABLE kept (a integer);
                INSERT INTO pg_depend VALUES ('pg_statistic'::regclass, 99999, 0, 'pg_class'::regclass, 'kept'::regclass, 0, 'n');
                """
        ),
        Refusal(
            what: "a name in SQL_ASCII that is no UTF-8",
            sql:
                "SET client_encoding = 'SQL_ASCII'; DO $$ BEGIN EXECUTE 'CREATE TABLE t' || chr(233) || ' (a integer)'; END $$",
            options: "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        ),
    ]

    /// What reading a database like that says.
    func problem() throws -> Diagnostic {
        try withDatabase(options: options, sql: sql) { settings in
            try #require(throws: Diagnostic.self) { try Corpus.read(settings) }
        }
    }

    /// What is left out of a database that has one of each.
    static func notices() throws -> [String] {
        let sql = """
            CREATE TABLE orders (day integer);
            INSERT INTO orders VALUES (1), (1);
            CREATE OPERATOR public.=== (FUNCTION = int4eq, LEFTARG = integer, RIGHTARG = integer, NEGATOR = OPERATOR(public.!==));
            DROP OPERATOR public.=== (integer, integer);
            SET allow_system_table_mods = on;
            CREATE FUNCTION pg_catalog.helper() RETURNS integer LANGUAGE sql AS 'SELECT 1';
            SELECT lo_create(1);
            INSERT INTO pg_seclabel VALUES (1, 'pg_largeobject'::regclass, 0, 'module', 'text');
            CREATE EXTENSION hstore;
            CREATE TABLE given_away (a integer);
            INSERT INTO given_away VALUES (1);
            ALTER EXTENSION hstore ADD TABLE given_away;
            COMMENT ON TYPE orders IS 'a row';
            REVOKE USAGE ON TYPE orders FROM PUBLIC;
            """
        return try withDatabase(options: "TEMPLATE template0", sql: sql) { settings in
            #expect(throws: PostgresError.self) {
                try Connection(settings).execute("CREATE UNIQUE INDEX CONCURRENTLY orders_by_day ON orders (day)")
            }
            // In a transaction of its own, which tells it from what came with the extension.
            try Connection(settings).execute("CREATE INDEX on_given_away ON given_away (a)")
            return try Corpus.read(settings).notices.sorted()
        }
    }
}
