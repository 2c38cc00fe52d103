import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("RECOVERY.md finds its point, and its way past what a target refuses")
struct RecoveryGuideWaysTests {
    @Test("settings of the restored database end no session, and tables that look into others come last")
    func settingsAndLateTables() throws {
        let sql = """
            CREATE TABLE rate (k int PRIMARY KEY, r numeric);
            INSERT INTO rate VALUES (1, 2.5);
            CREATE FUNCTION rt(int) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT r FROM public.rate WHERE k = $1';
            CREATE TABLE "a ""sale'" (k int, amt numeric, tot numeric GENERATED ALWAYS AS (amt * rt(k)) STORED);
            INSERT INTO "a ""sale'" SELECT 1, g FROM generate_series(1, 5000) AS g;
            CREATE TABLE words (w text);
            INSERT INTO words VALUES ('de');
            CREATE FUNCTION is_word(text) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.words WHERE w = $1)';
            CREATE DOMAIN word AS text CHECK (is_word(VALUE));
            CREATE TABLE addr (c word);
            INSERT INTO addr SELECT 'de' FROM generate_series(1, 100);
            CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
              $f$ BEGIN PERFORM pg_catalog.pg_sleep(1.2); RETURN $1; END $f$;
            CREATE TABLE one AS SELECT 1 AS k;
            CREATE INDEX ON one (slow(k));
            DO $$ BEGIN CREATE ROLE guide_nobody; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
            GRANT pg_read_all_data TO guide_nobody;
            DO $$ DECLARE s text; BEGIN
              FOREACH s IN ARRAY ARRAY['statement_timeout = 1000', 'lock_timeout = 1000', 'role = guide_nobody',
                'search_path = nowhere', 'default_transaction_read_only = on'] LOOP
                EXECUTE format('ALTER DATABASE %I SET %s', current_database(), s);
              END LOOP; END $$;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase(options: "TEMPLATE template0") { target in
                try scene.recover(into: target)
                let connection = try Connection(target)
                try connection.execute("RESET ROLE; SET statement_timeout = 0")
                let question = "SELECT count(*) FROM public.\"a \"\"sale'\" WHERE tot = amt * 2.5"
                #expect(try connection.query(question)[0, 0] == "5000")
                #expect(try connection.query("SELECT count(*) FROM public.addr")[0, 0] == "100")
            }
        }
    }

    @Test("what the target refuses is printed and counted, all else comes back, and nobody reads that it is restored")
    func refused() throws {
        let sql = """
            CREATE SCHEMA s;
            SET search_path = s, public;
            CREATE TABLE rate (k int PRIMARY KEY, r int);
            INSERT INTO rate VALUES (1, 2);
            CREATE FUNCTION rt(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT r FROM rate WHERE k = $1';
            CREATE TABLE gen (k int, r int GENERATED ALWAYS AS (rt(k)) STORED);
            INSERT INTO gen (k) VALUES (1);
            CREATE FUNCTION is_rate(int) RETURNS boolean LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM rate WHERE k = $1)';
            CREATE DOMAIN rated AS int CHECK (is_rate(VALUE));
            CREATE TABLE sales (k rated);
            INSERT INTO sales VALUES (1);
            CREATE TABLE others AS SELECT 1 AS k FROM generate_series(1, 1000);
            CREATE INDEX by_rate ON others (rt(k));
            CREATE INDEX by_k ON others (k);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase(options: "TEMPLATE template0") { target in
                let outcome = try scene.followGuide(into: target)
                let said = String(decoding: outcome.standardError, as: UTF8.self)
                #expect(!outcome.ending.isSuccess && said.contains("NOT COMPLETE: "), "\(said)")
                #expect(!String(decoding: outcome.standardOutput, as: UTF8.self).contains("restored\n"))
                #expect(said.contains("STATEMENT:  CREATE TABLE \"s\".\"gen\""), "\(said)")
                #expect(said.contains("STATEMENT:  CREATE INDEX by_rate"), "\(said)")
                #expect(said.contains("no rows came back in \"s\".\"gen\"\nno rows came back in \"s\".\"sales\""))
                #expect(try scene.value("SELECT count(*) FROM s.others, s.rate", in: target) == "1000")
                #expect(try scene.value("SELECT count(*) FROM s.sales", in: target) == "0")
                #expect(try scene.value("SELECT count(*) FROM pg_class WHERE relname = 'by_k'", in: target) == "1")
                // It is not emptied, and nothing is added to it.
                let again = String(decoding: try scene.followGuide(into: target).standardError, as: UTF8.self)
                #expect(again.contains("is not empty"), "\(again)")
            }
        }
    }

    @Test("of several plans one has to be named, and a fast clock's name does not make a point the newest")
    func choosing() throws {
        try Scene.with(sql: "CREATE TABLE t AS SELECT 1 AS v") { scene in
            try scene.backUp()
            try withDatabase(sql: "CREATE TABLE t AS SELECT 666 AS v") { evil in
                let more = ["backup", evil.words, "--to", scene.repository, "--plan", "evil"]
                let backup = try scene.lifeboat(more)
                #expect(backup.status == 0, "\(backup)")
            }
            for wrong in [[:], ["PLAN": ""], ["PLAN": "shpo"], ["PLAN": "."], ["POINT": ""]] {
                try withDatabase(options: "TEMPLATE template0") { target in
                    let outcome = try scene.followGuide(into: target, wrong)
                    #expect(!outcome.ending.isSuccess)
                    let said = String(decoding: outcome.standardError, as: UTF8.self)
                    #expect(said.hasSuffix("set PLAN to one of these:\nevil\nshop\n"), "\(said)")
                }
            }
            try expect("1", after: ["PLAN": "shop"], scene)
            try scene.change("UPDATE t SET v = 2")
            try scene.backUp()
            try expect("2", after: ["PLAN": "shop"], scene)
            let newest = try #require(try scene.files("points/shop").max())
            var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 0), timespec(tv_sec: 1_000_000_000, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, newest, &times, 0) == 0)
            try expect("1", after: ["PLAN": "shop"], scene)
            try expect("2", after: ["POINT": newest], scene)
        }
    }

    private func expect(_ value: String, after variables: [String: String], _ scene: Scene) throws {
        try withDatabase(options: "TEMPLATE template0") { target in
            try scene.recover(into: target, variables)
            #expect(try scene.value("SELECT v FROM public.t", in: target) == value)
        }
    }
}
