import Glibc
import Streams
import TestSupport
import Testing

@Suite("A source whose code wants more than its rows")
struct HostileSourceTests {
    @Test("a function that a rehearsal calls cannot become the scratch cluster's superuser")
    func roleIsNotPutDown() throws {
        let trace = "/tmp/lifeboat-trap-\(getpid())"
        defer { unlink(trace) }
        let sql = """
            DO $$ BEGIN CREATE ROLE mallory; EXCEPTION WHEN duplicate_object THEN END $$;
            CREATE SCHEMA den AUTHORIZATION mallory;
            CREATE FUNCTION den.trap(int) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN
              IF current_database() NOT LIKE 'drill\\_%' THEN RETURN true; END IF;
              BEGIN
                PERFORM set_config('role', 'none', false);
                EXECUTE format('COPY (SELECT session_user, %s) TO PROGRAM %L', $1, 'cat >> \(trace)');
              EXCEPTION WHEN OTHERS THEN NULL;
              END;
              RETURN true;
            END $f$;
            CREATE TABLE den.bait (a int PRIMARY KEY, CONSTRAINT held CHECK (den.trap(a)));
            CREATE MATERIALIZED VIEW den.seen AS SELECT a FROM den.bait WHERE den.trap(a);
            -- Without a row: the bound is cast to the domain, and what is constant is worked out at once.
            CREATE DOMAIN den.checked AS int CHECK (den.trap(VALUE));
            CREATE FUNCTION den.steady(int) RETURNS int IMMUTABLE LANGUAGE plpgsql
              AS $f$ BEGIN PERFORM den.trap($1); RETURN $1; END $f$;
            CREATE TABLE den.parted (a den.checked, b int) PARTITION BY LIST (a);
            CREATE TABLE den.part PARTITION OF den.parted FOR VALUES IN (7);
            CREATE TABLE den.computed (a int, b int GENERATED ALWAYS AS (a + den.steady(5)) STORED);
            CREATE TABLE den.keyed (a int) PARTITION BY LIST ((a + den.steady(6)));
            CREATE FUNCTION den.step(den.checked, int) RETURNS den.checked LANGUAGE sql AS 'SELECT 8::den.checked';
            CREATE AGGREGATE den.eight(int) (SFUNC = den.step, STYPE = den.checked, INITCOND = '8');
            -- Asked by an assertion, and run by whatever touches a row, even a replica.
            CREATE VIEW den.view AS SELECT den.trap(1) AS fine;
            CREATE FUNCTION den.fired() RETURNS trigger LANGUAGE plpgsql
              AS $f$ BEGIN PERFORM den.trap(9); RETURN OLD; END $f$;
            CREATE TABLE den.little (a int);
            INSERT INTO den.little VALUES (1);
            CREATE TRIGGER always BEFORE DELETE ON den.little FOR EACH ROW EXECUTE FUNCTION den.fired();
            ALTER TABLE den.little ENABLE ALWAYS TRIGGER always;
            ALTER FUNCTION den.trap OWNER TO mallory; ALTER TABLE den.bait OWNER TO mallory;
            ALTER MATERIALIZED VIEW den.seen OWNER TO mallory; ALTER DOMAIN den.checked OWNER TO mallory;
            ALTER AGGREGATE den.eight(int) OWNER TO mallory;
            ALTER FUNCTION den.step OWNER TO mallory; ALTER FUNCTION den.steady OWNER TO mallory; ALTER FUNCTION den.fired OWNER TO mallory;
            ALTER TABLE den.parted OWNER TO mallory; ALTER TABLE den.part OWNER TO mallory;
            ALTER TABLE den.computed OWNER TO mallory; ALTER TABLE den.keyed OWNER TO mallory;
            ALTER VIEW den.view OWNER TO mallory; ALTER TABLE den.little OWNER TO mallory;
            INSERT INTO den.bait VALUES (1), (2);
            REFRESH MATERIALIZED VIEW den.seen;
            DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let config = scene.folder + "/lifeboat.json"
            try scene.write(
                """
                { repositories: { r: { path: "repo" } }, plans: { shop: { source: { env: "X" }, repositories: ["r"],
                  assertions: [{ name: "all is fine", sql: "SELECT fine FROM den.view" }] } } }
                """,
                to: config
            )
            let drill = try scene.lifeboat("drill", "--config", config)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("proven"), "\(drill)")
            #expect(drill.output.contains("all is fine ok"), "\(drill)")
            #expect(drill.output.contains("negative control ok"), "\(drill)")
            let ran = (try? FileSource(path: trace).readAll(limit: 1 << 16)) ?? []
            #expect(ran.isEmpty, "\(String(decoding: ran, as: UTF8.self))")
        }
    }
}
