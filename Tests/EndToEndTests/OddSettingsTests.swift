import PostgresClient
import TestSupport
import Testing

@Suite("A database with settings of its own")
struct OddSettingsTests {
    @Test("how it writes dates and names, and as whom its sessions run, says nothing about the point")
    func ownSettings() throws {
        let sql = """
            CREATE TABLE events (at timestamptz) PARTITION BY RANGE (at);
            CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
            INSERT INTO events VALUES ('2026-01-15');
            CREATE TYPE pair AS (a int, b date);
            CREATE FUNCTION same(anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
            CREATE TABLE prices (p money DEFAULT '9.99'); INSERT INTO prices VALUES (DEFAULT);
            DO $$ BEGIN CREATE ROLE odd_settings_role; EXCEPTION WHEN duplicate_object THEN END $$;
            GRANT SELECT ON events, prices TO odd_settings_role;
            DO $$ DECLARE setting text; BEGIN
              FOREACH setting IN ARRAY ARRAY['timezone = ''Asia/Kolkata''', 'datestyle = ''German, DMY''',
                'quote_all_identifiers = on', 'array_nulls = off', 'role = ''odd_settings_role'''] LOOP
                EXECUTE format('ALTER DATABASE %I SET ', current_database()) || setting;
              END LOOP;
            END $$;
            """
        try Scene.with(sql: sql) { scene in
            // The source's own role would not be let to read everything.
            let source = scene.sourceText + " options='-c role=none'"
            let backup = try scene.lifeboat("backup", source, "--to", scene.repository, "--plan", "shop")
            #expect(backup.status == 0, "\(backup)")
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(!drill.output.contains("differs"), "\(drill)")
        }
    }

    @Test("a materialized view is filled under the database's settings, as the source's was")
    func ownTimeZone() throws {
        let sql = """
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kolkata''', current_database()); END $$;
            CREATE TABLE t (a int);
            CREATE MATERIALIZED VIEW zone AS SELECT current_setting('TimeZone') AS name;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                #expect(try Connection(target).query("SELECT name FROM zone")[0, 0] == "Asia/Kolkata")
            }
        }
    }

    @Test("a target that reads NULL in arrays as a word gets NULL all the same")
    func nullsInArrays() throws {
        try Scene.with(sql: "CREATE TABLE lists AS SELECT ARRAY['a', NULL, 'NULL'] AS t") { scene in
            try scene.backUp()
            try withDatabase { target in
                try Connection(target).execute(
                    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET array_nulls = off', current_database()); END $$"
                )
                #expect(try scene.restore(into: target).status == 0)
                #expect(try Connection(target).query("SELECT t[2] IS NULL, t[3] FROM lists")[0, 0] == "t")
            }
        }
    }

    @Test("what is of no encoding does not go into a database that has one")
    func withoutEncoding() throws {
        let options = "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        try withDatabase(options: options, sql: "CREATE TABLE t AS SELECT E'\\xe4\\xff'::text AS a") { source in
            try withScratchFolder { folder in
                let scene = Scene(folder: folder, source: source)
                try scene.backUp()
                try withDatabase { target in
                    let answer = try scene.restore(into: target)
                    #expect(answer.status == 14, "\(answer)")
                    #expect(answer.errors.contains("encoded as UTF8, the point as SQL_ASCII"), "\(answer)")
                }
            }
        }
    }

    @Test("foreign keys to partitions, indexes and statistics at once do not end a restore in each other's way")
    func manyLocks() throws {
        let sql = """
            CREATE TABLE p (a int, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (b);
            DO $$ BEGIN
              FOR i IN 1..40 LOOP EXECUTE format('CREATE TABLE p%s PARTITION OF p FOR VALUES IN (%s)', i, i); END LOOP;
              INSERT INTO p SELECT g, 1 + g % 40 FROM generate_series(1, 8000) AS g;
              FOR i IN 1..12 LOOP
                EXECUTE format('CREATE TABLE f%s (a int, b int, FOREIGN KEY (a, b) REFERENCES p)', i);
                EXECUTE format('INSERT INTO f%s SELECT * FROM p', i);
              END LOOP;
            END $$;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            for _ in 1...4 {
                try withDatabase { target in
                    let answer = try scene.restore(into: target)
                    #expect(answer.status == 0 && !answer.output.contains("statistics of"), "\(answer)")
                }
            }
        }
    }

    @Test("settings that a server cannot have are left out and named, and leave a drill unverified")
    func impossibleSettings() throws {
        let sql = """
            CREATE TABLE t AS SELECT 1 AS a;
            DO $$ BEGIN CREATE ROLE odd_settings_locale; EXCEPTION WHEN duplicate_object THEN END $$;
            DO $$ BEGIN
              EXECUTE format('ALTER DATABASE %I SET lc_monetary = ''C''', current_database());
              EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database());
              EXECUTE format('ALTER ROLE odd_settings_locale IN DATABASE %I SET lc_time = ''C''', current_database());
            END $$;
            GRANT SELECT ON t TO odd_settings_locale;
            -- As on a machine that has this locale.
            SET allow_system_table_mods = on;
            UPDATE pg_db_role_setting SET setconfig = array_replace(array_replace(setconfig, 'lc_monetary=C',
              'lc_monetary=xx_YY'), 'lc_time=C', 'lc_time=xx_YY') WHERE setdatabase = (SELECT oid FROM pg_database
              WHERE datname = current_database());
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let reasons = ["lc_monetary", "lc_time"].map { "invalid value for parameter \"\($0)\": \"xx_YY\"" }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            for reason in reasons { #expect(drill.output.contains(reason), "\(drill)") }
            #expect(!drill.output.contains("differs"), "\(drill)")
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                for reason in reasons { #expect(restore.output.contains(reason), "\(restore)") }
                #expect(try Connection(target).query("SHOW work_mem")[0, 0] == "8MB")
            }
        }
    }

    @Test("a way of compressing that a server was built without is a fact to know, and no doubt")
    func compression() throws {
        let sql = """
            CREATE TABLE documents (a text COMPRESSION lz4, b text COMPRESSION pglz DEFAULT ' SET COMPRESSION lz4');
            INSERT INTO documents (a) SELECT repeat('lifeboat ', 5000);
            CREATE MATERIALIZED VIEW titles AS SELECT a AS t FROM documents;
            ALTER MATERIALIZED VIEW titles ALTER COLUMN t SET COMPRESSION lz4;
            """
        let words = "compression of columns of table public.documents and of 1 more: the target's server"
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let here = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(here.status == 0 && !here.output.contains("compression"), "\(here)")
            let programs = ["LIFEBOAT_POSTGRES_BIN": try PostgresMajor.v16.binaries()]
            let there = try scene.lifeboat("drill", "--from", scene.repository, environment: programs)
            #expect(there.status == 0, "\(there)")
            #expect(there.output.contains("not checked  " + words), "\(there)")
            try withDatabase(on: .v16) { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0 && restore.output.contains("not applied: " + words), "\(restore)")
                let rows = try Connection(target).query("SELECT length(a), b FROM documents")
                #expect(rows[0, 0] == "45000" && rows[0, 1] == " SET COMPRESSION lz4")
            }
        }
    }
}
