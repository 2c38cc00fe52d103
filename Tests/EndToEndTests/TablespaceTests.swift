import PostgresClient
import TestSupport
import Testing

@Suite("A database whose tables lie in tablespaces")
struct TablespaceTests {
    private static let sql = """
        CREATE TABLE here (a integer PRIMARY KEY);
        CREATE TABLE there (a integer, b text) TABLESPACE lifeboat_fast;
        CREATE INDEX there_a ON there (a) TABLESPACE "lifeboat's slow";
        ALTER TABLE there ADD CONSTRAINT there_b UNIQUE (b) USING INDEX TABLESPACE lifeboat_fast;
        CREATE TABLE parts (a integer) PARTITION BY RANGE (a) TABLESPACE "lifeboat's slow";
        CREATE TABLE part PARTITION OF parts DEFAULT TABLESPACE lifeboat_fast;
        CREATE INDEX parts_a ON parts (a);
        CREATE MATERIALIZED VIEW seen TABLESPACE lifeboat_fast AS SELECT a FROM there;
        INSERT INTO there VALUES (1, 'x'); INSERT INTO parts VALUES (7); INSERT INTO here VALUES (2);
        REFRESH MATERIALIZED VIEW seen;
        """

    private static let places = """
        SELECT string_agg(c.relname || ' in ' || coalesce(t.spcname, 'default'), ', ' ORDER BY c.relname)
        FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'i', 'I', 'm')
        """

    @Test("comes back where it was, elsewhere where asked, and in the default place where there is none")
    func places() throws {
        try withTablespaces {
            try Scene.with(sql: Self.sql) { scene in
                try scene.backUp()
                let known = try scene.value(Self.places, in: scene.source)
                #expect(known?.contains("seen in lifeboat_fast") == true)

                let same = try restored(scene, on: .v15)
                #expect(same.places == known)
                #expect(!same.answer.output.contains("not applied: tablespace"), "\(same.answer)")

                let moved = try restored(scene, on: .v15, "--tablespace", "lifeboat's slow=lifeboat_fast")
                #expect(moved.places == known?.replacing("lifeboat's slow", with: "lifeboat_fast"))

                let none = try restored(scene, on: .v16)
                #expect(none.places?.contains("lifeboat") == false)
                #expect(none.answer.output.contains("not applied: tablespace lifeboat_fast"), "\(none.answer)")
                #expect(none.answer.output.contains("--tablespace 'lifeboat_fast=NAME'"), "\(none.answer)")
            }
        }
    }

    @Test("passes a drill, whose scratch cluster has one disk, and the report says so")
    func drill() throws {
        try withTablespaces {
            try Scene.with(sql: Self.sql) { scene in
                try scene.backUp()
                let drill = try scene.lifeboat("drill", "--from", scene.repository)
                #expect(drill.status == 0, "\(drill)")
                #expect(drill.output.contains("proven"), "\(drill)")
                #expect(drill.output.contains("tablespace lifeboat_fast"), "\(drill)")
            }
        }
    }

    @Test("a tablespace that the target lacks, or that the point does not know, is refused before anything is written")
    func refused() throws {
        try withTablespaces {
            try Scene.with(sql: Self.sql) { scene in
                try scene.backUp()
                for move in ["lifeboat_fast=nowhere", "nothing=lifeboat_fast"] {
                    try withDatabase { target in
                        let answer = try restore(scene, into: target, ["--tablespace", move])
                        #expect(answer.status != 0, "\(answer)")
                        #expect(answer.errors.contains("nowhere") || answer.errors.contains("nothing"), "\(answer)")
                        #expect(try scene.value("SELECT count(*) FROM pg_class WHERE oid > 16383", in: target) == "0")
                    }
                }
            }
        }
    }

    private func restored(
        _ scene: Scene,
        on major: PostgresMajor,
        _ more: String...
    ) throws -> (answer: Answer, places: String?) {
        try withDatabase(on: major) { target in
            let answer = try restore(scene, into: target, more)
            #expect(answer.status == 0, "\(answer)")
            return (answer, try scene.value(Self.places, in: target))
        }
    }

    private func restore(_ scene: Scene, into target: ConnectionSettings, _ more: [String]) throws -> Answer {
        let text = target.words
        return try scene.lifeboat(["restore", "latest", "--from", scene.repository, "--to", text] + more)
    }

    /// Inside the server's own folder, where nobody has to make one.
    private func withTablespaces(_ body: () throws -> Void) throws {
        let connection = try Connection(PostgresServer.shared(.v15).settings())
        try connection.execute("SET allow_in_place_tablespaces = on")
        let names = ["lifeboat_fast", "\"lifeboat's slow\""]
        for name in names { try connection.execute("CREATE TABLESPACE \(name) LOCATION ''") }
        defer { for name in names { try? connection.execute("DROP TABLESPACE \(name)") } }
        try body()
    }
}
