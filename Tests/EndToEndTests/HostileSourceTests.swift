import Glibc
import PostgresClient
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
            -- Conditions that need what they belong to, and so come after it.
            CREATE TABLE den.rounded (a int);
            CREATE FUNCTION den.whole(den.rounded) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
            ALTER TABLE den.rounded ADD CONSTRAINT later CHECK (den.whole(rounded) AND den.steady(10) > 0);
            CREATE DOMAIN den.circle AS int;
            CREATE FUNCTION den.closed(den.circle[]) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';
            ALTER DOMAIN den.circle ADD CONSTRAINT later CHECK (den.closed(NULL::den.circle[]) AND den.steady(11) > 0);
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
            ALTER TABLE den.rounded OWNER TO mallory; ALTER DOMAIN den.circle OWNER TO mallory;
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

    /// Operators and functions that stand in a schema of their own, do what the server's do, and leave a trace.
    private func shadows(_ trace: String) -> String {
        """
        CREATE SCHEMA evil;
        CREATE FUNCTION evil.called() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN
          EXECUTE pg_catalog.format('COPY (SELECT pg_catalog.current_query()) TO %L', '\(trace)');
        EXCEPTION WHEN OTHERS THEN NULL;
        END $f$;
        DO $d$ DECLARE o record; BEGIN
          FOR o IN
            SELECT p.oid, p.oprname AS name, pg_catalog.format_type(p.oprleft, NULL) AS l,
              pg_catalog.format_type(p.oprright, NULL) AS r, pg_catalog.format_type(p.oprresult, NULL) AS result
            FROM pg_catalog.pg_operator p WHERE p.oprkind = 'b' AND p.oprnamespace = 'pg_catalog'::regnamespace
              AND p.oprname IN ('=', '<>', '<', '>', '<=', '>=', '*', '+', '-', '&', '||', '~', '!~', '~~')
              AND p.oprleft = ANY ('{text,name,oid,int2,int4,int8,numeric,float8,bool,"char",timestamptz,pg_lsn,xid,regclass}'::regtype[])
              AND p.oprright = ANY ('{text,name,oid,int2,int4,int8,numeric,float8,bool,"char",timestamptz,interval,pg_lsn,xid}'::regtype[])
          LOOP
            EXECUTE pg_catalog.format('CREATE FUNCTION evil.f%s(%s, %s) RETURNS %s LANGUAGE plpgsql AS '
              '$f$ BEGIN PERFORM evil.called(); RETURN $1 OPERATOR(pg_catalog.%s) $2; END $f$', o.oid, o.l, o.r, o.result, o.name);
            EXECUTE pg_catalog.format('CREATE OPERATOR evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = evil.f%s)',
              o.name, o.l, o.r, o.oid);
          END LOOP;
          -- What no operator of the server's own takes: a cast would be needed, and an exact match needs none.
          CREATE FUNCTION evil.times(numeric, int) RETURNS numeric LANGUAGE plpgsql
            AS $f$ BEGIN PERFORM evil.called(); RETURN $1 OPERATOR(pg_catalog.*) $2::numeric; END $f$;
          CREATE OPERATOR evil.* (LEFTARG = numeric, RIGHTARG = int, FUNCTION = evil.times);
          CREATE OPERATOR public.* (LEFTARG = numeric, RIGHTARG = int, FUNCTION = evil.times);
          CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql
            AS $f$ BEGIN PERFORM evil.called(); RETURN pg_catalog.lower($1); END $f$;
          CREATE FUNCTION evil.length(text) RETURNS int LANGUAGE plpgsql
            AS $f$ BEGIN PERFORM evil.called(); RETURN pg_catalog.length($1); END $f$;
          EXECUTE pg_catalog.format('ALTER DATABASE %I SET search_path = evil, pg_catalog, public', pg_catalog.current_database());
        END $d$;
        CREATE TABLE public.plain (a int PRIMARY KEY, b text);
        INSERT INTO public.plain SELECT n, 'row' FROM pg_catalog.generate_series(1, 100) AS n;
        """
    }

    @Test("operators that a search path leads to are called by no command, on no server")
    func operatorsInTheWay() throws {
        let trace = "/tmp/lifeboat-shadow-\(getpid())"
        defer { unlink(trace) }
        func requireNoTrace(_ answer: Answer, _ step: String) throws {
            #expect(answer.status == 0, "\(step): \(answer)")
            guard access(trace, F_OK) == 0 else { return }
            let query = (try? FileSource(path: trace).readAll(limit: 1 << 16)) ?? []
            Issue.record("\(step) called: \(String(decoding: query, as: UTF8.self))")
            unlink(trace)
        }
        try Scene.with(sql: shadows(trace)) { scene in
            // The trap works.
            try scene.change("SELECT oid = oid FROM pg_class LIMIT 1")
            #expect(try !FileSource(path: trace).readAll(limit: 1 << 16).isEmpty)
            unlink(trace)
            let config = scene.folder + "/lifeboat.json"
            try scene.write(
                """
                { repositories: { r: { path: "repo" } }, plans: { shop: { source: { env: "SHOP" }, repositories: ["r"] } } }
                """,
                to: config
            )
            let shop = ["SHOP": scene.sourceText]
            try requireNoTrace(try scene.lifeboat("backup", "--config", config, environment: shop), "backup")
            try requireNoTrace(try scene.lifeboat("backup", "--config", config, environment: shop), "backup again")
            let check = try scene.lifeboat("check", "--config", config, environment: shop)
            try requireNoTrace(check, "check")
            try requireNoTrace(
                try scene.lifeboat("diff", "latest", scene.sourceText, "--from", scene.repository),
                "diff"
            )
            try requireNoTrace(try scene.lifeboat("drill", "--config", config, environment: shop), "drill")
            try withDatabase(on: .v15, sql: "") { target in
                let text = target.words
                let line = ["restore", "latest", "--from", scene.repository, "--to", text]
                try requireNoTrace(try scene.lifeboat(line), "restore")
            }
        }
    }
}
