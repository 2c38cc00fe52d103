import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@testable import Catalog
@testable import Restore

@Suite("A restore by a role that is no superuser")
struct LesserRoleTests {
    /// A shop with what every database has and with what only a superuser may set.
    private static let shop =
        Scene.smallShop + """
            CREATE ROLE lesser_owner; CREATE ROLE lesser_reader;
            CREATE EXTENSION pg_trgm;
            COMMENT ON EXTENSION plpgsql IS 'somebody changed this';
            CREATE INDEX ON customer USING gin (name gin_trgm_ops);
            CREATE SCHEMA stock AUTHORIZATION lesser_owner;
            CREATE TABLE stock.part (id serial PRIMARY KEY, name text);
            ALTER TABLE stock.part OWNER TO lesser_owner;
            INSERT INTO stock.part (name) VALUES ('bolt'), ('nut');
            GRANT SELECT ON customer TO lesser_reader;
            ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
            CREATE POLICY mine ON customer TO lesser_reader USING (true);
            CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM purchase;
            CREATE FUNCTION stop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
            CREATE EVENT TRIGGER watch ON ddl_command_start EXECUTE FUNCTION stop();
            CREATE PUBLICATION everything FOR ALL TABLES;
            CREATE CAST (text AS bytea) WITHOUT FUNCTION;
            CREATE FUNCTION quick(integer, integer) RETURNS integer LANGUAGE internal AS 'int4pl';
            ALTER DEFAULT PRIVILEGES FOR ROLE lesser_owner GRANT SELECT ON TABLES TO lesser_reader;
            SELECT lo_from_bytea(0, 'bytes');
            """

    /// Restores as a role of that name, who owns an empty database and has the attributes.
    private func restore(
        _ scene: Scene,
        as role: String,
        _ attributes: String,
        _ more: [String],
        before sql: String = "",
        _ body: (Answer, ConnectionSettings) throws -> Void
    ) throws {
        let server = try Connection(PostgresServer.shared(.v15).settings())
        try server.execute("CREATE ROLE \(role) LOGIN \(attributes)")
        try withDatabase(options: "OWNER \(role)", sql: sql) { target in
            let text = "host='\(target.host)' port=\(target.port) user=\(role) dbname='\(target.database)'"
            let line = ["restore", "--from", scene.repository, "--to", text, "--format", "json"] + more
            try body(try scene.lifeboat(line), target)
        }
        // The role stays: a backup of another test that begins now would miss it.
    }

    @Test("roles that the target has already are counted, and the first ones named")
    func roles() throws {
        try Scene.with { scene in
            for number in 1...5 {
                // They stay: whoever backs up another database of this server would see one vanish.
                try scene.change(
                    "DO $$ BEGIN CREATE ROLE there_already_\(number); EXCEPTION WHEN duplicate_object THEN END $$"
                )
            }
            try scene.backUp()
            try withDatabase { target in
                let restore = try scene.restore(into: target)
                #expect(restore.status == 0, "\(restore)")
                let lines = restore.output.split(separator: "\n").filter { $0.hasPrefix("not applied: ") }
                #expect(lines.count == 1 && lines[0].contains(" roles: role "), "\(restore)")
            }
            try withDatabase { target in
                let restore = try scene.restore(into: target, "--format", "json")
                #expect(restore.output.contains("\"role there_already_5\""), "\(restore)")
            }
        }
    }

    @Test("a comment that the target's extension has anyway is not even tried")
    func usualComment() throws {
        try Scene.with { scene in
            try scene.backUp()
            try restore(scene, as: "lesser_usual", "", ["--no-owner", "--no-roles", "--no-privileges"]) { answer, _ in
                #expect(answer.status == 0, "\(answer)")
                #expect(!ledger(answer).contains { $0.contains("plpgsql") }, "\(ledger(answer))")
            }
        }
    }

    @Test("a grant that did nothing is known by the number of its warning, not by its words")
    func translatedWarning() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            func attempt(_ state: String) throws -> [Omission] {
                let words = "RAISE WARNING 'es wurden keine Privilegien vergeben' USING ERRCODE = '\(state)'"
                let step = RestoreStep(
                    object: ObjectIdentity(.table, schema: "public", name: "t"),
                    action: .grant,
                    section: .privileges,
                    statements: ["DO $$ BEGIN \(words); END $$"],
                    after: [],
                    locks: []
                )
                return try PermittedSteps(connection: connection).run([step]).omissions
            }
            for state in ["01006", "01007"] {
                #expect(try attempt(state).map(\.object) == ["privileges on table public.t"])
            }
            #expect(try attempt("01000").isEmpty)
        }
    }

    /// The things that were not applied.
    private func ledger(_ answer: Answer) -> [String] {
        let list = JSON(answer)["notApplied"]
        return (0..<list.count).compactMap { list[$0]["object"].text }
    }

    private func expectRows(_ scene: Scene, _ target: ConnectionSettings) throws {
        for query in [
            "SELECT count(*) FROM public.purchase", "SELECT count(*) FROM public.customer",
            "SELECT count(*) FROM stock.part", "SELECT n FROM public.totals",
            "SELECT count(*) FROM pg_catalog.pg_indexes WHERE schemaname IN ('public', 'stock')",
        ] { #expect(try scene.value(query, in: target) == scene.value(query, in: scene.source), "\(query)") }
    }

    @Test("every row arrives, and what the role may not do is in the ledger")
    func wholeWay() throws {
        try Scene.with(sql: Self.shop) { scene in
            try scene.backUp()
            try restore(scene, as: "lesser_app", "", ["--no-owner", "--no-roles", "--no-privileges"]) {
                answer,
                target in
                try #require(answer.status == 0, "\(answer)")
                try expectRows(scene, target)
                let ledger = ledger(answer)
                for name in [
                    "comment on extension plpgsql", "event trigger watch", "publication everything",
                    "cast text AS bytea", "function public.quick",
                ] { #expect(ledger.contains { $0.contains(name) }, "\(name) in \(ledger)") }
                #expect(!ledger.contains { $0.contains("pg_trgm") || $0.contains("purchase") }, "\(ledger)")
                #expect(try scene.value("SELECT count(*) FROM pg_catalog.pg_policies", in: target) == "1")
            }
            // Without the flags, as a role that may create roles: the two of the source are gone on this server.
            try scene.change(
                """
                REASSIGN OWNED BY lesser_owner TO postgres; DROP OWNED BY lesser_owner; DROP OWNED BY lesser_reader;
                DROP ROLE lesser_owner, lesser_reader
                """
            )
            try restore(scene, as: "lesser_maker", "CREATEROLE", []) { answer, target in
                try #require(answer.status == 0, "\(answer)")
                try expectRows(scene, target)
                let roles =
                    "SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname IN ('lesser_owner', 'lesser_reader')"
                #expect(try scene.value(roles, in: target) == "2")
                let allowed = "SELECT has_table_privilege('lesser_reader', 'public.customer', 'SELECT')"
                #expect(try scene.value(allowed, in: target) == "t")
                #expect(ledger(answer).contains { $0.contains("owner of table stock.part") }, "\(answer)")
            }
            try Connection(PostgresServer.shared(.v15).settings()).execute("DROP ROLE lesser_owner, lesser_reader")
        }
    }

    @Test("what only a superuser may create and something else needs is refused before anything is written")
    func refused() throws {
        let sql =
            Scene.smallShop + """
                CREATE FUNCTION quick(integer, integer) RETURNS integer IMMUTABLE LANGUAGE internal AS 'int4pl';
                CREATE TABLE uses (x integer CHECK (quick(x, 1) > 0));
                CREATE EXTENSION postgres_fdw;
                CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw;
                CREATE FOREIGN TABLE far (x integer) SERVER elsewhere;
                CREATE FUNCTION discreet(integer) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT $1 > 0';
                CREATE FUNCTION loud(integer) RETURNS boolean LANGUAGE sql SET log_min_messages = 'debug5' SET role = 'none'
                  AS 'SELECT $1 > 0';
                CREATE FUNCTION plain(integer) RETURNS boolean LANGUAGE sql SET work_mem = '1MB' AS 'SELECT $1 > 0';
                CREATE TABLE asks (x integer CHECK (discreet(x)), CHECK (loud(x)), CHECK (plain(x)));
                """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try restore(scene, as: "lesser_clerk", "", ["--no-owner"]) { answer, target in
                #expect(answer.status == 14, "\(answer)")
                for word in [
                    "target-refused", "lesser_clerk", "extension postgres_fdw", "quick", "discreet", "loud",
                ] { #expect(answer.errors.contains(word), "\(word) in \(answer)") }
                #expect(!answer.errors.contains("plain"), "\(answer)")
                let count = "SELECT count(*) FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace"
                let relations = try scene.value(count, in: target)
                #expect(relations == "0")
            }
            // The wrapper is there, but not for everybody.
            let wrapper = "CREATE EXTENSION postgres_fdw"
            try restore(scene, as: "lesser_guest", "", ["--no-owner"], before: wrapper) { answer, _ in
                #expect(answer.status == 14 && answer.errors.contains("server elsewhere"), "\(answer)")
            }
        }
    }

    @Test("what is made only at the end is given to its owner after that, and what is not made is named once")
    func ownersOfLateObjects() throws {
        let sql = """
            CREATE ROLE lesser_pub;
            DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO lesser_pub', current_database()); END $$;
            CREATE TABLE t (a int PRIMARY KEY);
            CREATE PUBLICATION few FOR TABLE t; ALTER PUBLICATION few OWNER TO lesser_pub;
            CREATE PUBLICATION every FOR ALL TABLES; COMMENT ON PUBLICATION every IS 'never made';
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let server = try Connection(PostgresServer.shared(.v15).settings())
            try server.execute("CREATE ROLE lesser_giver LOGIN IN ROLE lesser_pub")
            try withDatabase(options: "OWNER lesser_giver") { target in
                var settings = target
                settings = try settings.with("user", "lesser_giver")
                let answer = try scene.lifeboat(
                    "restore",
                    "--from",
                    scene.repository,
                    "--to",
                    settings.words,
                    "--format",
                    "json"
                )
                try #require(answer.status == 0, "\(answer)")
                let owner = try Connection(target).query(
                    "SELECT pubname, pubowner::regrole::text FROM pg_publication"
                )
                #expect(owner.map { [$0[0], $0[1]] } == [["few", "lesser_pub"]])
                let named = ledger(answer).filter { $0.contains("publication") }
                #expect(named == ["publication every"], "\(answer)")
            }
        }
    }
}
