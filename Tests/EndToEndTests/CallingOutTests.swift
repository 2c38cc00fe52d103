import PostgresClient
import TestSupport
import Testing

@Suite("A source that knows other servers", .serialized)
struct CallingOutTests {
    /// Foreign tables of `server`, directly, behind a view, and as a partition; each under a materialized view with rows.
    private static func sql(_ server: ConnectionSettings) -> String {
        """
        CREATE EXTENSION postgres_fdw;
        CREATE SERVER branch FOREIGN DATA WRAPPER postgres_fdw
          OPTIONS (host '\(server.host)', port '\(server.port)', dbname '\(server.database)');
        CREATE USER MAPPING FOR CURRENT_USER SERVER branch OPTIONS (user '\(server.user)', password 'hunter2');
        CREATE FOREIGN TABLE theirs (a int) SERVER branch OPTIONS (schema_name 'public', table_name 'numbers');
        CREATE TABLE ours (a int, b text); INSERT INTO ours VALUES (1, 'x'), (2, 'y');
        CREATE MATERIALIZED VIEW local AS SELECT count(*) FROM ours;
        CREATE VIEW joined AS SELECT ours.b FROM ours JOIN theirs USING (a);
        CREATE MATERIALIZED VIEW fetched AS SELECT b FROM joined;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM fetched;
        CREATE TABLE spread (a int) PARTITION BY RANGE (a);
        CREATE TABLE spread_near PARTITION OF spread FOR VALUES FROM (0) TO (100);
        CREATE FOREIGN TABLE spread_far PARTITION OF spread FOR VALUES FROM (100) TO (200)
          SERVER branch OPTIONS (schema_name 'public', table_name 'numbers');
        CREATE MATERIALIZED VIEW gathered AS SELECT a FROM spread;
        CREATE FUNCTION knows_no_password() RETURNS boolean LANGUAGE sql AS
          $f$ SELECT current_database() NOT LIKE 'drill\\_%' OR NOT EXISTS (SELECT FROM pg_catalog.pg_user_mappings) $f$;
        CREATE TABLE wary (a int CHECK (knows_no_password())); INSERT INTO wary VALUES (1);
        """
    }

    @Test("a rehearsal defines them as they were, calls nobody, and says what stays empty for it")
    func nobodyIsCalled() throws {
        try withDatabase(sql: "CREATE TABLE numbers AS SELECT 1 AS a") { branch in
            try Scene.with(sql: Self.sql(branch)) { scene in
                // Whoever is called from now on is counted.
                let listener = try LoopbackServer { _ in }
                try scene.change(
                    "ALTER SERVER branch OPTIONS (SET host '127.0.0.1', SET port '\(listener.port)', ADD connect_timeout '2')"
                )
                try scene.backUp()
                let drill = try scene.lifeboat("drill", "--from", scene.repository)
                #expect(drill.status == 0, "\(drill)")
                #expect(drill.output.contains("proven"), "\(drill)")
                #expect(drill.output.contains("check        isolation from the network ok"), "\(drill)")
                for view in ["fetched", "counted", "gathered"] {
                    let said = "not checked  materialized view public.\(view): it is filled from foreign tables"
                    #expect(drill.output.contains(said), "\(drill)")
                }
                #expect(!drill.output.contains("public.local"), "\(drill)")
                #expect(listener.connections == 0)
            }
        }
    }

    @Test("a function that calls one when its table is loaded gets nowhere, and the point stays unjudged")
    func functionsGetNowhere() throws {
        let sql = """
            CREATE EXTENSION dblink;
            CREATE FUNCTION asks(int) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN
              IF current_database() NOT LIKE 'drill\\_%' THEN RETURN true; END IF;
              PERFORM public.dblink_connect('host=127.0.0.1 port=PORT user=x password=y connect_timeout=2');
              RETURN true;
            END $f$;
            CREATE TABLE curious (a int CHECK (asks(a))); INSERT INTO curious VALUES (1);
            """
        let listener = try LoopbackServer { _ in }
        try Scene.with(sql: sql.replacing("PORT", with: "\(listener.port)")) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            #expect(drill.output.contains("unverified"), "\(drill)")
            #expect(listener.connections == 0)
        }
    }
}
