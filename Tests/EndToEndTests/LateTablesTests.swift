import PostgresClient
import TestSupport
import Testing

@Suite("Tables that call functions while they are loaded come last, and what does not come back is named")
struct LateTablesTests {
    @Test("a generated column whose function reads another table has its values, and the drill names the column")
    func generatedColumn() throws {
        let sql = """
            CREATE TABLE rate (k int PRIMARY KEY, r numeric);
            INSERT INTO rate VALUES (1, 2.5);
            CREATE FUNCTION rt(k0 int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT r FROM public.rate WHERE k = k0';
            CREATE TABLE sale (id int PRIMARY KEY, k int, amt numeric, tot numeric GENERATED ALWAYS AS (amt * rt(k)) STORED);
            INSERT INTO sale (id, k, amt) SELECT i, 1, i FROM generate_series(1, 5000) AS i;
            CREATE INDEX by_tot ON sale (tot);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target, "-j", "1")
                #expect(restore.status == 0 && leftOut(restore).isEmpty, "\(restore)")
                try expect(target, "SELECT count(*) FROM sale WHERE tot = amt * 2.5", "5000")
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("generated column tot of table public.sale"), "\(drill)")
        }
    }

    @Test("tables that look into each other get their values too, whichever is loaded first")
    func eachOther() throws {
        let sql = """
            CREATE TABLE base (k int, v int);
            -- Made before what its functions look for, in order of names.
            CREATE TABLE x_rates (k int, v int);
            INSERT INTO x_rates VALUES (1, 5);
            CREATE FUNCTION of_rates(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v FROM public.x_rates WHERE k = $1';
            CREATE TABLE c_sums (k int, v int GENERATED ALWAYS AS (of_rates(k)) STORED);
            INSERT INTO c_sums VALUES (1);
            CREATE FUNCTION of_sums(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v FROM public.c_sums WHERE k = $1';
            CREATE TABLE b_sums (k int, v int GENERATED ALWAYS AS (of_sums(k)) STORED);
            INSERT INTO b_sums VALUES (1);
            CREATE VIEW a_view AS SELECT v FROM b_sums;
            INSERT INTO base VALUES (1, 1);
            CREATE FUNCTION of_base(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
              $f$ BEGIN RETURN (SELECT v FROM public.base WHERE k = $1); END $f$;
            CREATE TABLE middle (k int, v int GENERATED ALWAYS AS (of_base(k)) STORED);
            INSERT INTO middle VALUES (1);
            CREATE FUNCTION of_middle(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
              $f$ BEGIN RETURN (SELECT v FROM public.middle WHERE k = $1 LIMIT 1); END $f$;
            CREATE TABLE top (k int, v int GENERATED ALWAYS AS (of_middle(k)) STORED, filler text);
            INSERT INTO top (k, filler) SELECT 1, repeat('x', 100) FROM generate_series(1, 20000);
            -- What a function said once, and says of no row any more.
            CREATE FUNCTION tick(int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT random()';
            CREATE TABLE dice (k int, v float8 GENERATED ALWAYS AS (tick(k)) STORED);
            INSERT INTO dice VALUES (1), (2);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target, "-j", "1")
                #expect(restore.status == 0, "\(restore)")
                let said = "not applied: values of generated column v of table public.dice: 2 rows"
                #expect(restore.output.contains(said), "\(restore)")
                #expect(!restore.output.contains("public.top"), "\(restore)")
                try expect(target, "SELECT count(*) FROM top WHERE v = 1", "20000")
                try expect(target, "SELECT v FROM a_view", "5")
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            #expect(drill.output.contains("values of generated column v of table public.dice"), "\(drill)")
        }
    }

    @Test("domains whose conditions ask other tables, wherever columns hold them", arguments: [1, 4])
    func domains(workers: Int) throws {
        let sql = """
            CREATE TABLE cc (code text PRIMARY KEY);
            INSERT INTO cc VALUES ('de'), ('fr');
            CREATE FUNCTION is_cc(text) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.cc WHERE code = $1)';
            CREATE DOMAIN country AS text CHECK (is_cc(VALUE));
            CREATE DOMAIN home AS country;
            CREATE TYPE place AS (street text, country home);
            CREATE TABLE addr (c country, filler text);
            INSERT INTO addr SELECT 'de', repeat('x', 100) FROM generate_series(1, 2000);
            CREATE TABLE held (list country[], at place, many place[], row addr);
            INSERT INTO held SELECT '{de,fr}', '(x,fr)', '{"(x,de)"}', '(fr,x)' FROM generate_series(1, 2000);
            CREATE TABLE cast_to (c text CHECK (c::country IS NOT NULL));
            INSERT INTO cast_to SELECT 'de' FROM generate_series(1, 2000);
            CREATE FUNCTION is_addr(text) RETURNS boolean LANGUAGE plpgsql AS
              $f$ BEGIN RETURN EXISTS (SELECT FROM public.addr WHERE c::text = $1); END $f$;
            CREATE DOMAIN used AS text CHECK (is_addr(VALUE));
            CREATE TABLE visits (c used, filler text);
            INSERT INTO visits SELECT 'de', repeat('x', 100) FROM generate_series(1, 5000);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target, "-j", "\(workers)")
                #expect(restore.status == 0 && leftOut(restore).isEmpty, "\(restore)")
                try expect(target, "SELECT bool_and(convalidated) FROM pg_constraint WHERE contypid <> 0", "t")
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
        }
    }

    @Test("a table whose rows the target refuses stays empty, is named, and keeps no other from coming back")
    func refusedRows() throws {
        let sql = """
            CREATE SCHEMA app;
            SET search_path = app, public;
            CREATE TABLE cc (code text PRIMARY KEY);
            INSERT INTO cc VALUES ('de');
            CREATE FUNCTION is_cc(text) RETURNS boolean LANGUAGE plpgsql AS
              $f$ BEGIN RETURN EXISTS (SELECT FROM cc WHERE code = $1); END $f$;
            CREATE DOMAIN country AS text CHECK (is_cc(VALUE));
            CREATE TABLE addr (c country);
            INSERT INTO addr VALUES ('de');
            CREATE TABLE others AS SELECT g AS id FROM generate_series(1, 1000) AS g;
            CREATE INDEX by_id ON others (id);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 14, "\(restore)")
                let said = "not applied: rows of table app.addr: relation \"cc\" does not exist"
                #expect(leftOut(restore) == [Substring(said)], "\(restore)")
                #expect(restore.errors.contains("the rows of 1 table did not come back"), "\(restore)")
                try expect(target, "SELECT count(*) FROM app.addr", "0")
                try expect(target, "SELECT count(*) FROM app.others, app.cc", "1000")
                try expect(target, "SELECT count(*) FROM pg_class WHERE relname = 'by_id'", "1")
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 4, "\(drill)")
            #expect(drill.output.contains("2 of 3 proven"), "\(drill)")
            #expect(drill.output.contains("app.addr: 0 rows instead of 1"), "\(drill)")
        }
    }

    @Test("a table that the target refuses to make is named with what needs it, and all else comes back")
    func refusedTable() throws {
        let sql = """
            CREATE SCHEMA s;
            SET search_path = s, public;
            CREATE TABLE rate (k int PRIMARY KEY, r int);
            INSERT INTO rate VALUES (1, 2);
            CREATE FUNCTION rt(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT r FROM rate WHERE k = $1';
            CREATE TABLE gen (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, k int, r int GENERATED ALWAYS AS (rt(k)) STORED);
            INSERT INTO gen (k) VALUES (1);
            COMMENT ON TABLE gen IS 'made of rates';
            CREATE VIEW latest AS SELECT max(id) FROM gen;
            CREATE INDEX by_r ON gen (r);
            GRANT SELECT ON gen TO PUBLIC;
            CREATE TABLE others AS SELECT g AS id FROM generate_series(1, 1000) AS g;
            CREATE VIEW few AS SELECT id FROM others WHERE id < 10;
            CREATE INDEX by_id ON others (id);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 14, "\(restore)")
                #expect(restore.output.contains("not applied: table s.gen: relation \"rate\" does not"), "\(restore)")
                #expect(restore.output.contains("not applied: view s.latest: relation \"s.gen\" does"), "\(restore)")
                #expect(!restore.output.contains("by_r"), "\(restore)")
                let said = "the rows of 1 table did not come back, and the target refused 3 definitions"
                #expect(restore.errors.contains(said), "\(restore)")
                try expect(target, "SELECT count(*) FROM s.few", "9")
                try expect(target, "SELECT count(*) FROM pg_class WHERE relname = 'by_id'", "1")
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 4, "\(drill)")
            #expect(drill.output.contains("s.gen: it is not there"), "\(drill)")
            #expect(drill.output.contains("2 of 3 proven"), "\(drill)")
        }
    }

    /// What was not applied, but for the roles that the server has already.
    private func leftOut(_ answer: Answer) -> [Substring] {
        answer.output.split(separator: "\n").filter { $0.hasPrefix("not applied: ") && !$0.contains("role ") }
    }

    private func expect(_ database: ConnectionSettings, _ question: String, _ answer: String) throws {
        #expect(try Connection(database).query(question)[0, 0] == answer, "\(question)")
    }
}
