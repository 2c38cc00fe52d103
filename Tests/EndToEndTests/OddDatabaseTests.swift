import PostgresClient
import TestSupport
import Testing

@Suite("A healthy database with something unusual in it")
struct OddDatabaseTests {
    /// Publications forbid DELETE without a replica identity, foreign keys TRUNCATE.
    private static let keyed = """
        CREATE TABLE keyed (a int UNIQUE); CREATE TABLE pointing (a int REFERENCES keyed (a));
        INSERT INTO keyed VALUES (1); CREATE PUBLICATION everything FOR ALL TABLES;
        """

    @Test("the proof is tried out although no table lets a row be deleted")
    func publishedWithoutIdentity() throws {
        let sql = Self.keyed + "CREATE TABLE log (msg text); INSERT INTO log VALUES ('some'), ('more');"
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("check        negative control ok"), "\(drill)")
        }
    }

    @Test("where nothing can be taken away, the drill says so and judges the point by the rest")
    func noControl() throws {
        try Scene.with(sql: Self.keyed) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("proven"), "\(drill)")
            #expect(drill.output.contains("not checked  negative control: cannot truncate a table"), "\(drill)")
        }
    }

    @Test("privileges that somebody changed on the server's own schemas are no names that are taken")
    func serversSchemas() throws {
        let sql = """
            CREATE TABLE t (a int); INSERT INTO t VALUES (1);
            DO $$ BEGIN CREATE ROLE odd_reader; EXCEPTION WHEN duplicate_object THEN END $$;
            GRANT USAGE ON SCHEMA pg_catalog, pg_toast TO odd_reader;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { copy in
                let restore = try scene.restore(into: copy)
                #expect(restore.status == 0, "\(restore)")
                let granted = try Connection(copy).query(
                    "SELECT nspname FROM pg_namespace WHERE nspacl::text LIKE '%odd_reader%' ORDER BY 1"
                )
                #expect(granted.map { $0[0] } == ["pg_catalog", "pg_toast"])
            }
        }
    }

    @Test("a role's settings in this database come back although the role is there already")
    func settingsOfRoleHere() throws {
        let sql = """
            CREATE TABLE t (a int); INSERT INTO t VALUES (1);
            DO $$ BEGIN CREATE ROLE odd_worker; EXCEPTION WHEN duplicate_object THEN END $$;
            ALTER TABLE t OWNER TO odd_worker;
            DO $$ BEGIN
              EXECUTE format('ALTER ROLE odd_worker IN DATABASE %I SET work_mem = ''7MB''', current_database());
            END $$;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { copy in
                let restore = try scene.restore(into: copy)
                #expect(restore.status == 0, "\(restore)")
                #expect(try Self.settings(copy) == "{work_mem=7MB}")
            }
            // A part of a database does not decide what the whole does.
            try withDatabase { copy in
                let restore = try scene.restore(into: copy, "--table", "public.t")
                #expect(restore.status == 0, "\(restore)")
                #expect(try Self.settings(copy) == nil)
            }
        }
    }

    private static func settings(_ database: ConnectionSettings) throws -> String? {
        let rows = try Connection(database).query(
            """
            SELECT s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
            JOIN pg_database d ON d.oid = s.setdatabase
            WHERE r.rolname = 'odd_worker' AND d.datname = current_database()
            """
        )
        return rows.isEmpty ? nil : rows[0, 0]
    }
}

@Suite("Large objects of odd lengths")
struct OddLargeObjectTests {
    @Test("those that were cut, or made longer without a byte, come back as long as they were, and are proven")
    func lengths() throws {
        let sql = """
            SELECT lo_create(n) FROM generate_series(1001, 1006) AS n;
            SELECT lo_put(1003, 0, 'abc'), lo_put(1003, 10000, 'xyz'), lo_put(1004, 0, repeat('x', 5000)::bytea);
            BEGIN;
            SELECT lo_truncate(lo_open(1002, 131072), 4096), lo_truncate(lo_open(1003, 131072), 2048),
              lo_truncate(lo_open(1004, 131072), 0), lo_truncate(lo_open(1005, 131072), 5000);
            COMMIT;
            SELECT lo_put(1006, 100000, 'far');
            """
        let lengths = """
            SELECT string_agg(oid || ':' || length(lo_get(oid)) || ':' || md5(lo_get(oid)), ' ' ORDER BY oid)
            FROM pg_largeobject_metadata
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restored = try scene.restore(into: target)
                #expect(restored.status == 0, "\(restored)")
                #expect(try scene.value(lengths, in: target) == scene.value(lengths, in: scene.source))
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0 && drill.output.contains("6 came back as they were"), "\(drill)")
        }
    }
}
