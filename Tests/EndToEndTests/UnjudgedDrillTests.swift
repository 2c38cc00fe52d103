import PostgresClient
import TestSupport
import Testing

@Suite("What a drill cannot judge on this machine is no fault of the point")
struct UnjudgedDrillTests {
    @Test("an extension that the scratch server does not have: unverified, with the reason and the remedy")
    func missingExtension() throws {
        let sql = "CREATE EXTENSION hstore; CREATE TABLE t (h hstore); INSERT INTO t VALUES ('a=>1')"
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let binaries = try PostgresMajor.v16.binaries()
            let line = ["drill", "--from", scene.repository]
            let other = ["LIFEBOAT_POSTGRES_BIN": binaries]
            let drill = try scene.lifeboat(line, environment: other)
            #expect(drill.status == 5, "\(drill)")
            let said = drill.output.split(separator: "\n").map(String.init)
            let first = "  not possible the target server lacks extensions that the database needs: 'hstore'"
            #expect(said.contains(first), "\(drill)")
            #expect(said.contains { $0.hasPrefix("  cause        ") && $0.contains("PostgreSQL 16") }, "\(drill)")
            #expect(said.contains { $0.hasPrefix("  hint         Install ") && $0.contains(binaries) }, "\(drill)")
            #expect(said.last?.hasPrefix("unverified ") == true, "\(drill)")

            let again = JSON(try scene.lifeboat(line + ["--format", "json"], environment: other))["drills"][0]
            #expect(again["verdict"].text == "unverified")
            #expect(again["obstacle"]["code"].text == "extension-unavailable")
            #expect(again["failure"]["code"].text == nil)

            let points = JSON(try scene.lifeboat("points", "--from", scene.repository, "--format", "json"))
            #expect(points["points"][0]["damaged"].text == nil)
            #expect(points["points"][0]["proven"].text == nil)
            // The server that has it proves the same point.
            #expect(try scene.lifeboat(line).status == 0)
        }
    }

    @Test("an extension that the scratch server has in another version: proven, and said")
    func otherVersion() throws {
        let sql = "CREATE EXTENSION hstore VERSION '1.4'; CREATE TABLE t (h hstore); INSERT INTO t VALUES ('a=>1')"
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("  not checked  extension hstore: the source has version 1.4"), "\(drill)")
        }
    }

    @Test("a materialized view that can no longer be filled stays empty, everything else is restored, and it is said")
    func unfilled() throws {
        let sql = """
            CREATE TABLE t (id int);
            INSERT INTO t SELECT generate_series(1, 9);
            CREATE MATERIALIZED VIEW first AS SELECT id FROM t;
            CREATE MATERIALIZED VIEW second AS SELECT 8 / (10 - count(*)) AS n FROM first;
            CREATE MATERIALIZED VIEW third AS SELECT n FROM second;
            CREATE MATERIALIZED VIEW filled AS SELECT id FROM t;
            INSERT INTO t VALUES (10);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let reasons = [
                "contents of materialized view public.second: division by zero",
                "contents of materialized view public.third: materialized view \"second\" has not been populated",
            ]
            try withDatabase { target in
                let place = target.words
                let restore = try scene.lifeboat("restore", "latest", "--from", scene.repository, "--to", place)
                #expect(restore.status == 0, "\(restore)")
                for reason in reasons { #expect(restore.output.contains("not applied: \(reason)"), "\(restore)") }
                let rows = try Connection(target).query(
                    "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM first), (SELECT count(*) FROM filled)"
                )
                #expect((0..<3).map { rows[0, $0] } == ["10", "10", "10"])
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            for reason in reasons { #expect(drill.output.contains("  not checked  \(reason)"), "\(drill)") }
            #expect(!drill.output.contains("differs"), "\(drill)")
        }
    }

    @Test("security labels of a module that is not loaded: restored without them, said, and unverified in a drill")
    func labels() throws {
        let label = """
            SET allow_system_table_mods = on;
            INSERT INTO pg_seclabel VALUES ('t'::regclass, 'pg_class'::regclass, 0, 'lifeboat_test', 'secret');
            INSERT INTO pg_seclabel VALUES ('t'::regclass, 'pg_class'::regclass, 1, 'lifeboat_test', 'very secret')
            """
        let sql = "CREATE TABLE t (id int); COMMENT ON TABLE t IS 'kept'; INSERT INTO t SELECT generate_series(1, 9)"
        try Scene.with(sql: sql) { scene in
            try scene.change(label)
            try scene.backUp()
            let refusal = "security label of table public.t: security label provider \"lifeboat_test\" is not loaded"
            try withDatabase { target in
                let place = target.words
                let restore = try scene.lifeboat("restore", "latest", "--from", scene.repository, "--to", place)
                #expect(restore.status == 0, "\(restore)")
                #expect(restore.output.contains("not applied: \(refusal)"), "\(restore)")
                let rows = try Connection(target).query("SELECT count(*), obj_description('t'::regclass) FROM t")
                #expect(rows[0, 0] == "9")
                #expect(rows[0, 1] == "kept")
            }
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5, "\(drill)")
            #expect(drill.output.contains("  not checked  \(refusal)"), "\(drill)")
            #expect(!drill.output.contains("differs"), "\(drill)")
        }
    }
}
