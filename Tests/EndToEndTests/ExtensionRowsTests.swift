import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("Rows that extensions keep for their users")
struct ExtensionRowsTests {
    /// As pg_cron: a table and its sequence in a schema of its own, and all rows are the users'.
    ///
    /// And as PostGIS: a table of which some rows are its own.
    private static let scheduler = TestExtension(
        "scheduler",
        control: "schema = pg_catalog\nrelocatable = false",
        sql: """
            CREATE SCHEMA jobs;
            CREATE SEQUENCE jobs.job_id_seq;
            CREATE TABLE jobs.job (id bigint PRIMARY KEY DEFAULT nextval('jobs.job_id_seq'), command text NOT NULL,
              username name NOT NULL DEFAULT current_user);
            ALTER TABLE jobs.job ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own ON jobs.job USING (username = current_user);
            CREATE TABLE jobs.unit (name text PRIMARY KEY, own boolean NOT NULL DEFAULT true);
            INSERT INTO jobs.unit VALUES ('second', false), ('minute', false);
            SELECT pg_extension_config_dump('jobs.job', '');
            SELECT pg_extension_config_dump('jobs.job_id_seq', '');
            SELECT pg_extension_config_dump('jobs.unit', 'WHERE own');
            """
    )
    /// As pg_partman: a table in a schema that the user made for it.
    private static let keeper = TestExtension(
        "keeper",
        control: "relocatable = false",
        sql: """
            CREATE TABLE @extschema@.part_config (parent text PRIMARY KEY, premake integer NOT NULL);
            SELECT pg_extension_config_dump('@extschema@.part_config', '');
            """
    )

    private static let server = Result { try PostgresServer(with: [scheduler, keeper]) }

    private static let shop = """
        CREATE TABLE customer (id integer PRIMARY KEY);
        INSERT INTO customer SELECT generate_series(1, 10);
        CREATE EXTENSION scheduler;
        INSERT INTO jobs.job (command) VALUES ('VACUUM'), ('ANALYZE'), ('CHECKPOINT');
        INSERT INTO jobs.unit VALUES ('fortnight');
        GRANT USAGE ON SCHEMA jobs TO PUBLIC; GRANT SELECT ON jobs.job, jobs.job_id_seq TO PUBLIC;
        CREATE SCHEMA keeper;
        CREATE EXTENSION keeper SCHEMA keeper;
        CREATE TABLE keeper.template (id integer);
        INSERT INTO keeper.part_config VALUES ('public.customer', 4);
        """

    private static let jobs = "SELECT string_agg(command, ' ' ORDER BY id) FROM jobs.job"
    private static let units = "SELECT string_agg(name, ' ' ORDER BY name) FROM jobs.unit"

    /// A fresh database of the suite's own server.
    private func withOwnDatabase(_ name: String, sql: String = "", _ body: (ConnectionSettings) throws -> Void) throws {
        let server = try Self.server.get()
        let administrator = try Connection(server.settings())
        try administrator.execute("CREATE DATABASE \(name)")
        defer { try? administrator.execute("DROP DATABASE \(name) WITH (FORCE)") }
        let settings = try server.settings(database: name)
        if !sql.isEmpty { try Connection(settings).execute(sql) }
        try body(settings)
    }

    private func restore(
        _ scene: Scene,
        _ target: ConnectionSettings,
        as role: String = PostgresServer.superuser,
        _ more: String...
    ) throws -> Answer {
        let text = "host='\(target.host)' port=\(target.port) user=\(role) dbname='\(target.database)'"
        return try scene.lifeboat(["restore", "--from", scene.repository, "--to", text] + more)
    }

    /// A scene whose source is such a database, and backed up.
    private func withScene(_ name: String, sql: String, _ body: (Scene) throws -> Void) throws {
        try withOwnDatabase(name, sql: sql) { source in
            try withScratchFolder { folder in
                let scene = Scene(folder: folder, source: source)
                try scene.backUp()
                try body(scene)
            }
        }
    }

    @Test("a restore makes the extension and brings its users' rows; those of a target that has it are never touched")
    func neverEmptied() throws {
        try withScene("shop", sql: Self.shop) { scene in
            try withOwnDatabase("fresh") { target in
                let answer = try restore(scene, target)
                #expect(answer.status == 0, "\(answer)")
                #expect(try scene.value(Self.jobs, in: target) == "VACUUM ANALYZE CHECKPOINT")
                #expect(try scene.value(Self.units, in: target) == "fortnight minute second")
                #expect(try scene.value("SELECT nextval('jobs.job_id_seq')", in: target) == "4")
            }
            try unused(scene)
            try occupied(scene)
            try beside(scene)
        }
    }

    @Test("a role that may not make the extension, or not fill its tables, is refused before anything is written")
    func lesserRole() throws {
        let sql = "CREATE TABLE few AS SELECT 1; CREATE EXTENSION scheduler; INSERT INTO jobs.job VALUES (7, 'VACUUM')"
        try Connection(Self.server.get().settings()).execute("CREATE ROLE lesser LOGIN")
        try withScene("lesser_source", sql: sql) { scene in
            try withOwnDatabase("lesser_target", sql: "GRANT CREATE ON DATABASE lesser_target TO lesser") { target in
                try lesserRole(scene, target, Connection(target))
            }
        }
    }

    private func lesserRole(_ scene: Scene, _ target: ConnectionSettings, _ superuser: Connection) throws {
        func refused(_ words: String...) throws {
            let answer = try restore(scene, target, as: "lesser", "--no-owner", "--no-roles")
            #expect(answer.status == 14, "\(answer)")
            for word in words { #expect(answer.errors.contains(word), "\(answer)") }
            #expect(try superuser.query("SELECT to_regclass('public.few')")[0, 0] == nil)
        }
        try superuser.execute("GRANT CREATE ON SCHEMA public TO lesser")
        try refused("extension scheduler; jobs.job needs the first", "hint: Restore as a superuser.")
        try superuser.execute("CREATE EXTENSION scheduler")
        try refused("may not fill 'jobs.job'", "USAGE on the schema")
        try superuser.execute(
            "GRANT USAGE ON SCHEMA jobs TO lesser; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA jobs TO lesser"
        )
        try refused("may not fill 'jobs.job'", "policies")
        try superuser.execute("ALTER ROLE lesser BYPASSRLS")
        try refused("may not fill 'jobs.job_id_seq'")
        try superuser.execute("GRANT SELECT, UPDATE ON SEQUENCE jobs.job_id_seq TO lesser")
        let answer = try restore(scene, target, as: "lesser", "--no-owner", "--no-roles")
        #expect(answer.status == 0, "\(answer)")
        #expect(try scene.value(Self.jobs, in: target) == "VACUUM")
    }

    @Test("a drill proves them: what an extension owns is loaded without a superuser's powers all the same")
    func rehearsed() throws {
        try withScene("rehearsed", sql: Self.shop + Self.privileges) { scene in
            let programs = ["LIFEBOAT_POSTGRES_BIN": try Self.server.get().programs]
            let line = ["drill", "--from", scene.repository, "--format", "json"]
            let answer = try scene.lifeboat(line, environment: programs)
            #expect(answer.status == 0, "\(answer)")
            let drill = JSON(answer)["drills"][0]
            #expect(drill["verdict"].text == "proven", "\(answer)")
            #expect(drill["tables"]["proven"].number == 5, "\(answer)")
        }
    }

    /// The loader's own rights must leave no trace among these.
    private static let privileges = """
        DO $$ BEGIN CREATE ROLE clerk; EXCEPTION WHEN duplicate_object THEN END $$;
        GRANT SELECT ON jobs.job TO clerk; GRANT USAGE ON SCHEMA jobs TO clerk; REVOKE ALL ON SCHEMA keeper FROM PUBLIC;
        ALTER SCHEMA keeper OWNER TO clerk; REVOKE ALL ON SCHEMA keeper FROM clerk;
        """

    /// The extensions are there, and nobody has used them.
    private func unused(_ scene: Scene) throws {
        let sql = "CREATE EXTENSION scheduler; CREATE SCHEMA keeper; CREATE EXTENSION keeper SCHEMA keeper"
        try withOwnDatabase("unused", sql: sql + "; DROP SCHEMA keeper CASCADE") { target in
            let answer = try restore(scene, target)
            #expect(answer.status == 0 && !answer.output.contains("not applied: rows"), "\(answer)")
            #expect(try scene.value(Self.jobs, in: target) == "VACUUM ANALYZE CHECKPOINT")
            #expect(try scene.value(Self.units, in: target) == "fortnight minute second")
        }
    }

    /// Rows of the target's own users, in a database that is empty otherwise.
    private func occupied(_ scene: Scene) throws {
        let sql = "CREATE EXTENSION scheduler; INSERT INTO jobs.job (command) VALUES ('mine')"
        try withOwnDatabase("occupied", sql: sql) { target in
            let refused = try restore(scene, target)
            #expect(refused.status == 14 && refused.errors.contains("cause: jobs.job\n"), "\(refused)")
            #expect(refused.errors.contains("'--into-existing occupied'"))
            #expect(try scene.value("SELECT to_regclass('public.customer')", in: target) == nil)

            let plan = try restore(scene, target, "--plan-only")
            #expect(plan.output.contains("leave 'jobs.job' as it is"), "\(plan)")

            let answer = try restore(scene, target, "--into-existing", "occupied")
            #expect(answer.status == 0 && answer.output.contains("rows of jobs.job: "), "\(answer)")
            #expect(!answer.output.contains("rows of jobs.unit: "))
            #expect(try scene.value(Self.jobs, in: target) == "mine")
            #expect(try scene.value(Self.units, in: target) == "fortnight minute second")
            #expect(try scene.value("SELECT count(*) FROM customer", in: target) == "10")
        }
    }

    /// One dropped table is fetched back into a database whose extension has learnt more since.
    private func beside(_ scene: Scene) throws {
        try scene.change(
            """
            DROP TABLE keeper.template;
            UPDATE keeper.part_config SET premake = 30;
            INSERT INTO keeper.part_config VALUES ('public.visit', 7)
            """
        )
        let answer = try restore(scene, scene.source, "--schema", "keeper", "--into-existing", "shop")
        #expect(answer.status == 0 && answer.output.contains("rows of keeper.part_config: "), "\(answer)")
        #expect(try scene.value("SELECT sum(premake) FROM keeper.part_config", in: scene.source) == "37")
        #expect(try scene.value("SELECT count(*) FROM keeper.template", in: scene.source) == "0")
    }
}
