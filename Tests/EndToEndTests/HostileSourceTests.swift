import Glibc
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
                EXECUTE format('COPY (SELECT session_user) TO PROGRAM %L', 'cat > \(trace)');
              EXCEPTION WHEN OTHERS THEN NULL;
              END;
              RETURN true;
            END $f$;
            CREATE TABLE den.bait (a int PRIMARY KEY, CONSTRAINT held CHECK (den.trap(a)));
            CREATE MATERIALIZED VIEW den.seen AS SELECT a FROM den.bait WHERE den.trap(a);
            ALTER FUNCTION den.trap OWNER TO mallory; ALTER TABLE den.bait OWNER TO mallory;
            ALTER MATERIALIZED VIEW den.seen OWNER TO mallory;
            INSERT INTO den.bait VALUES (1), (2);
            REFRESH MATERIALIZED VIEW den.seen;
            DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("proven"), "\(drill)")
            #expect(access(trace, F_OK) != 0, "the function ran a program")
        }
    }
}
