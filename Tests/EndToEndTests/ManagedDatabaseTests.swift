import PostgresClient
import TestSupport
import Testing

/// What providers' own scripts leave in every database that they hand out.
@Suite("A database as a provider makes it")
struct ManagedDatabaseTests {
    /// Default privileges for roles whose numbers are in another order than their names; rights of the first superuser on
    /// what is not theirs in a copy; owners that are superusers no more; a cast that relies on another.
    private static let sql = """
        CREATE ROLE managed_o; CREATE ROLE managed_z; CREATE ROLE managed_a;
        ALTER DEFAULT PRIVILEGES FOR ROLE managed_o IN SCHEMA public GRANT SELECT ON TABLES TO managed_z, managed_a, postgres;
        CREATE EXTENSION hstore;
        GRANT EXECUTE ON FUNCTION hstore_to_array(hstore) TO postgres WITH GRANT OPTION;
        GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) TO postgres WITH GRANT OPTION;
        ALTER FUNCTION pg_catalog.pg_stat_reset() OWNER TO managed_o;
        REVOKE EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() FROM managed_o;
        CREATE ROLE managed_demoted SUPERUSER;
        CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
        SET ROLE managed_demoted; CREATE EVENT TRIGGER managed ON sql_drop EXECUTE FUNCTION watch(); RESET ROLE;
        CREATE FOREIGN DATA WRAPPER elsewhere; ALTER FOREIGN DATA WRAPPER elsewhere OWNER TO managed_demoted;
        ALTER ROLE managed_demoted NOSUPERUSER;
        CREATE TYPE word;
        CREATE FUNCTION word_in(cstring) RETURNS word LANGUAGE internal STRICT IMMUTABLE AS 'textin';
        CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'textout';
        CREATE TYPE word (INTERNALLENGTH = variable, INPUT = word_in, OUTPUT = word_out, ALIGNMENT = int4);
        CREATE CAST (text AS word) WITHOUT FUNCTION AS IMPLICIT;
        CREATE FUNCTION spell(int4) RETURNS text LANGUAGE sql AS $$ SELECT 'bar'::text || $1::text $$;
        CREATE CAST (int4 AS word) WITH FUNCTION spell(int4) AS IMPLICIT;
        CREATE TABLE t AS SELECT 1 AS a;
        """

    @Test("it is proven, and restored with every owner; who was a superuser is none afterwards")
    func everything() throws {
        try Scene.with(sql: Self.sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                let connection = try Connection(target)
                let found = try connection.query(
                    """
                    SELECT evtowner::regrole, (SELECT fdwowner::regrole FROM pg_foreign_data_wrapper),
                      (SELECT rolsuper FROM pg_roles WHERE rolname = 'managed_demoted') FROM pg_event_trigger
                    """
                )
                let owners = try #require(found.first)
                #expect((0..<3).map { owners[$0] } == ["managed_demoted", "managed_demoted", "f"])
                let diff = try scene.lifeboat(
                    "diff",
                    "latest",
                    "--from",
                    scene.repository,
                    "--live",
                    target.words
                )
                // Other tests make roles meanwhile, and those are another's affair.
                for kind in ["default privileges", "function", "event trigger", "foreign-data wrapper", "cast"] {
                    #expect(!diff.output.contains("\(kind) "), "\(diff)")
                }
            }
        }
    }

    @Test("what a child has from its parents stays theirs on a later major")
    func inheritedNotNull() throws {
        let sql = """
            CREATE TABLE p (a int NOT NULL); CREATE TABLE c () INHERITS (p); CREATE TABLE own () INHERITS (p);
            ALTER TABLE p ADD b int; ALTER TABLE own ALTER b SET NOT NULL;
            CREATE TABLE p1 (a int NOT NULL, b int GENERATED ALWAYS AS (a) STORED);
            CREATE TABLE p2 (x int, b int GENERATED ALWAYS AS (x) STORED);
            CREATE TABLE c1 (b int GENERATED ALWAYS AS (x + 1) STORED) INHERITS (p1, p2);
            INSERT INTO c VALUES (1); INSERT INTO c1 VALUES (1);
            """
        try Scene.with(sql: sql, on: .v16) { scene in
            try scene.backUp()
            for major in [PostgresMajor.v16, .v18] {
                let programs = ["LIFEBOAT_POSTGRES_BIN": try major.binaries()]
                let drill = try scene.lifeboat("drill", "--from", scene.repository, environment: programs)
                #expect(drill.status == 0, "\(drill)")
            }
            try withDatabase(on: .v18) { target in
                #expect(try scene.restore(into: target).status == 0)
                let connection = try Connection(target)
                try connection.execute("ALTER TABLE p ALTER a DROP NOT NULL")
                let left = try connection.query(
                    "SELECT attrelid::regclass FROM pg_attribute WHERE attnotnull AND attnum > 0 AND attrelid IN ('c'::regclass, 'own'::regclass)"
                )
                #expect(left.map { $0[0] } == ["own"])
            }
        }
    }

    @Test("a table whose column holds rows that no copy can keep in order is told at once, and no drill proves it")
    func rowsOfHeirs() throws {
        let sql = """
            CREATE TABLE p (a int); CREATE TABLE c (b int) INHERITS (p); ALTER TABLE p ADD COLUMN d int;
            CREATE TABLE deep (e int) INHERITS (c);
            CREATE TABLE calm () INHERITS (p); CREATE TABLE late (a int, b int, d int); ALTER TABLE late INHERIT p;
            CREATE TABLE holds (x c); INSERT INTO holds VALUES (ROW(1, 2, 3));
            CREATE TABLE fine (x calm, y late[]); INSERT INTO fine VALUES (ROW(1, 3), ARRAY[ROW(1, 2, 3)::late]);
            """
        try Scene.with(sql: sql) { scene in
            let backup = try scene.backUp()
            #expect(backup.output.contains("column \"x\" of table public.holds holds rows of"), "\(backup)")
            #expect(!backup.output.contains("fine"), "\(backup)")
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 4 && drill.output.contains("table public.holds differs in order in x"), "\(drill)")
            try scene.change("DROP TABLE holds")
            try scene.backUp()
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
        }
    }
}
