import PostgresClient
import TestSupport
import Testing

@Suite("Rows that their own conditions would refuse come back all the same")
struct RefusedRowsTests {
    @Test("conditions that ask other tables wait for the rows of all")
    func otherTable() throws {
        let sql = """
            CREATE TABLE goods (id int PRIMARY KEY, code int);
            INSERT INTO goods SELECT g, 1 FROM generate_series(1, 5000) AS g;
            CREATE TABLE parts (good int) PARTITION BY RANGE (good);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
            INSERT INTO parts VALUES (5);
            CREATE FUNCTION is_good(int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.goods WHERE id = $1)';
            CREATE FUNCTION has_parts() RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.parts)';
            ALTER TABLE goods ADD CONSTRAINT has_parts CHECK (has_parts());
            ALTER TABLE parts ADD CHECK (is_good(good));
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                #expect(!restore.output.contains("has_parts") && !restore.errors.contains("has_parts"), "\(restore)")
                try expect(target, "SELECT count(*) FROM goods", "5000")
                try expect(target, "SELECT bool_and(convalidated) FROM pg_constraint WHERE contype = 'c'", "t")
            }
        }
    }

    @Test("what a function cannot find here, and what the source's rows never met, is named and holds for new rows")
    func refused() throws {
        let sql = """
            CREATE SCHEMA app;
            SET search_path = app, public;
            CREATE TABLE codes (code int PRIMARY KEY);
            INSERT INTO codes VALUES (1);
            CREATE FUNCTION known(int) RETURNS boolean LANGUAGE plpgsql AS
              $f$ BEGIN RETURN EXISTS (SELECT FROM codes c WHERE c.code = $1); END $f$;
            CREATE TABLE goods (id int PRIMARY KEY, code int CONSTRAINT is_known CHECK (known(code)));
            INSERT INTO goods VALUES (1, 1);
            CREATE TABLE orders (good int CONSTRAINT of_goods REFERENCES goods);
            SET session_replication_role = replica;
            INSERT INTO orders VALUES (99);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            #expect(drill.output.contains("3 of 3 proven"), "\(drill)")
            #expect(drill.output.contains("relation \"codes\" does not exist"), "\(drill)")
            #expect(drill.output.contains("of_goods"), "\(drill)")
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                let said = restore.output + restore.errors
                #expect(said.contains("is_known") && said.contains("of_goods"), "\(restore)")
                try expect(target, "SELECT count(*) FROM app.goods, app.orders", "1")
                let names = "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint"
                try expect(target, names + " WHERE NOT convalidated", "is_known of_goods")
                let connection = try Connection(target)
                #expect(throws: PostgresError.self) { try connection.execute("INSERT INTO app.orders VALUES (98)") }
            }
        }
    }

    @Test("an index that cannot be built here is missing, all else is there, and the restore says so and fails")
    func refusedIndex() throws {
        let sql = """
            CREATE SCHEMA app;
            SET search_path = app, public;
            CREATE TABLE rates (code int, rate int);
            CREATE FUNCTION rate(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT max(rate) FROM rates WHERE code = $1';
            ALTER FUNCTION rate(int) SET search_path = app;
            CREATE TABLE goods (id int PRIMARY KEY, code int);
            INSERT INTO goods SELECT g, g FROM generate_series(1, 10) AS g;
            CREATE INDEX by_rate ON goods (rate(code));
            COMMENT ON INDEX by_rate IS 'slow to build';
            CREATE INDEX by_code ON goods (code);
            ALTER FUNCTION rate(int) RESET search_path;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            // The server can plan no query of that table, so that it is read whole each time.
            try scene.change("SET search_path = app; UPDATE goods SET code = 77 WHERE id = 1")
            try scene.backUp("--audit")
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 4, "\(drill)")
            #expect(drill.output.contains("2 of 2 proven"), "\(drill)")
            #expect(drill.output.contains("index by_rate on app.goods is missing"), "\(drill)")
            // Nobody takes the point for one that was never tried, or for one to rely on.
            let points = try scene.lifeboat("points", "--from", scene.repository)
            #expect(points.output.contains("drill failed: index by_rate on app.goods is missing"), "\(points)")
            let report = try scene.lifeboat("report", "--from", scene.repository, "--format", "json")
            #expect(JSON(report)["reports"][0]["recoveryPoint"]["badPoints"].count == 1, "\(report)")
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 14, "\(restore)")
                #expect(restore.output.contains("not applied: index by_rate on app.goods: relation"), "\(restore)")
                let said = "every row came back, but the target refused 1 definition"
                #expect(restore.errors.contains(said), "\(restore)")
                try expect(target, "SELECT count(*) FROM app.goods WHERE code = 77 OR id > 1", "10")
                let names = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relkind = 'i'"
                try expect(target, names + " AND relnamespace = 'app'::regnamespace", "by_code goods_pkey")
            }
        }
    }

    @Test("a table whose statistics call what is not found here is backed up whole, and restored without statistics")
    func statistics() throws {
        let sql = """
            CREATE SCHEMA app;
            CREATE FUNCTION app.half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
            CREATE FUNCTION app.quarter(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT app.half($1) / 2';
            SET search_path = app, public;
            -- More than one range.
            CREATE TABLE goods AS SELECT g AS id, g AS code, repeat('x', 200) AS body FROM generate_series(1, 60000) AS g;
            CREATE STATISTICS by_quarter ON (quarter(code)), id FROM goods;
            CREATE OR REPLACE FUNCTION app.quarter(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT half($1) / 2';
            CREATE TABLE others AS SELECT 1 AS a;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp("--audit")
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            #expect(drill.output.contains("2 of 2 proven"), "\(drill)")
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                let said = "not applied: statistics of table app.goods: function half"
                #expect(restore.output.contains(said), "\(restore)")
                try expect(target, "SELECT count(*) FROM app.others", "1")
                let analyzed = "SELECT string_agg(tablename, ' ') FROM pg_stats WHERE schemaname = 'app'"
                try expect(target, analyzed, "others")
            }
        }
    }

    private func expect(_ database: ConnectionSettings, _ question: String, _ answer: String) throws {
        #expect(try Connection(database).query(question)[0, 0] == answer, "\(question)")
    }
}
