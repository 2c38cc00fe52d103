import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Streams
import Synchronization
import TestSupport
import Testing

@Suite("What is altered around the tables while they are copied")
struct AlteredSurroundingsTests {
    private static let sql = """
        CREATE SEQUENCE public.gate;
        CREATE SCHEMA live; CREATE SCHEMA staging;
        CREATE TYPE public.mood AS ENUM ('sad', 'ok');
        CREATE TABLE live.t AS SELECT 'of live' AS x, 'sad'::public.mood AS m;
        CREATE TABLE staging.t AS SELECT 'of staging' AS x, 'ok'::public.mood AS m;
        """

    /// What a backup says during which `change` is committed, after the snapshot and before the first row.
    private func backup(of scene: ExportScene, with change: String) throws -> Result<ExportOutcome, any Error> {
        // Whoever renames a sequence keeps everybody from reading it, and it is read just after the snapshot.
        let source = scene.source
        let (closed, ended, over) = (Latch(count: 1), Latch(count: 1), Stop())
        let alteration = Mutex<Result<Void, any Error>>(.success(()))
        startDedicatedThread {
            let result = Result<Void, any Error> {
                defer { closed.arrive() }
                let (gate, other) = (try Connection(source), try Connection(source))
                try gate.execute("BEGIN; ALTER SEQUENCE public.gate RENAME TO closed")
                closed.arrive()
                let waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'public.gate'::regclass"
                while try other.query(waiting).count == 0, !over.isRequested {}
                try other.execute(change)
                gate.rollBack()
            }
            alteration.withLock { $0 = result }
            ended.arrive()
        }
        closed.wait()
        let result = Result<ExportOutcome, any Error> { try scene.run(scene.nextPlan()) }
        over.request()
        ended.wait()
        try alteration.withLock { try $0.get() }
        return result
    }

    private func expectRefusal(_ result: Result<ExportOutcome, any Error>, in scene: ExportScene, _ word: String) throws
    {
        let found = try diagnostic { _ = try result.get() }
        #expect(found.code == .databaseChangedDuringExport)
        #expect(found.cause?.contains(word) == true, "\(found)")
        #expect(try scene.repository.listPoints().isEmpty)
        #expect(try scene.repository.listArchives().isEmpty)
    }

    @Test(
        "a function or a condition that is newer than the rows is never committed",
        arguments: [
            (
                change: "CREATE OR REPLACE FUNCTION public.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 3 * $1'",
                word: "twice"
            ),
            (change: "DROP FUNCTION public.twice(int)", word: "twice"),
            (
                change:
                    "ALTER DOMAIN public.small DROP CONSTRAINT held; ALTER DOMAIN public.small ADD CONSTRAINT held CHECK (VALUE < 9)",
                word: "held"
            ),
            (change: "ALTER TYPE public.mood RENAME TO temper", word: "mood"),
            (change: "ALTER TYPE public.mood SET SCHEMA live", word: "mood"),
            (change: "ALTER DOMAIN public.small RENAME TO tiny", word: "small"),
            (change: "ALTER VIEW public.seen RENAME TO noticed", word: "seen"),
            (change: "ALTER VIEW public.seen RENAME COLUMN x TO y", word: "x"),
            (change: "ALTER INDEX live.quick RENAME TO slow", word: "quick"),
            (change: "ALTER ROLE lifeboat_namesake RENAME TO lifeboat_renamed", word: "lifeboat_namesake"),
            (change: "ALTER OPERATOR CLASS public.mine USING btree RENAME TO yours", word: "mine"),
            (change: "ALTER COLLATION public.sorted RENAME TO ordered", word: "sorted"),
        ]
    )
    func definitionsReplaced(change: String, word: String) throws {
        let more = """
            CREATE FUNCTION public.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 2 * $1';
            CREATE DOMAIN public.small AS int CONSTRAINT held CHECK (VALUE < 7);
            CREATE VIEW public.seen AS SELECT x FROM live.t;
            CREATE INDEX quick ON live.t (x);
            CREATE OPERATOR CLASS public.mine FOR TYPE int USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int, int);
            CREATE COLLATION public.sorted (locale = 'C');
            """
        // The whole server has it: only one of these runs may make and drop it.
        let role = """
            DROP ROLE IF EXISTS lifeboat_namesake; DROP ROLE IF EXISTS lifeboat_renamed; CREATE ROLE lifeboat_namesake;
            """
        try withScene(sql: Self.sql + more + (change.contains("ROLE") ? role : "")) { scene in
            let found = try diagnostic { _ = try backup(of: scene, with: change).get() }
            #expect(found.code == .databaseChangedDuringExport)
            #expect([found.summary, found.cause ?? ""].contains { $0.contains(word) }, "\(found)")
            #expect(try scene.repository.listPoints().isEmpty)
        }
    }

    @Test("a role that nothing belongs to may go meanwhile, as logins of a vault do; one that owned something may not")
    func rolesGone() throws {
        let more = """
            DROP ROLE IF EXISTS lifeboat_login; CREATE ROLE lifeboat_login LOGIN;
            DROP ROLE IF EXISTS lifeboat_keeper; CREATE ROLE lifeboat_keeper;
            CREATE SCHEMA kept AUTHORIZATION lifeboat_keeper;
            """
        try withScene(sql: Self.sql + more) { scene in
            let change = "REASSIGN OWNED BY lifeboat_keeper TO CURRENT_USER; DROP ROLE lifeboat_keeper"
            try expectRefusal(
                backup(of: scene, with: change),
                in: scene,
                "role 'lifeboat_keeper' was renamed or dropped"
            )
            _ = try backup(of: scene, with: "DROP ROLE lifeboat_login").get()
        }
    }

    @Test("rows of another table that took over the name are never committed")
    func schemasSwapped() throws {
        try withScene(sql: Self.sql) { scene in
            let swap = """
                ALTER SCHEMA live RENAME TO aside; ALTER SCHEMA staging RENAME TO live;
                ALTER SCHEMA aside RENAME TO staging
                """
            try expectRefusal(backup(of: scene, with: swap), in: scene, "was renamed")
            // The second time round everything is back when it is looked at.
            try expectRefusal(backup(of: scene, with: swap + ";" + swap), in: scene, "named back")
            let outcome = try scene.backup()
            #expect(try scene.rows(of: "t", in: outcome.point.manifest, schema: "live") == ["of staging\tok"])
        }
    }

    @Test("rows in the words of another definition are never committed")
    func labelRenamed() throws {
        try withScene(sql: Self.sql) { scene in
            let change = "ALTER TYPE public.mood RENAME VALUE 'sad' TO 'unhappy'"
            try expectRefusal(backup(of: scene, with: change), in: scene, "label 'sad' was renamed")
            let back =
                "ALTER TYPE public.mood RENAME VALUE 'unhappy' TO 'sad'; ALTER TYPE public.mood RENAME VALUE 'sad' TO 'x'"
            let there = "ALTER TYPE public.mood RENAME VALUE 'x' TO 'unhappy'"
            try expectRefusal(backup(of: scene, with: "\(back); \(there)"), in: scene, "was altered")
        }
    }

    @Test("what touches no row's text does not stop a backup")
    func harmless() throws {
        try withScene(sql: Self.sql) { scene in
            let change = """
                CREATE SCHEMA more; CREATE TABLE more.t (a int); CREATE INDEX ON live.t (x);
                GRANT USAGE ON SCHEMA live TO PUBLIC; INSERT INTO live.t VALUES ('later', 'ok')
                """
            let outcome = try backup(of: scene, with: change).get()
            #expect(try scene.rows(of: "t", in: outcome.point.manifest, schema: "live") == ["of live\tsad"])
        }
    }

    @Test("two tables whose names differ in the spelling of a letter only are two tables")
    func spellings() throws {
        let sql = """
            CREATE TABLE public."\u{E9}" AS SELECT 1 AS a;
            CREATE TABLE public."e\u{301}" AS SELECT 2 AS a;
            """
        try withScene(sql: sql) { scene in
            for _ in 0..<2 {
                let tables = try scene.backup().point.manifest.tables
                #expect(Set(tables.map(\.fullName)).count == 2)
            }
            #expect(try scene.backup().report.reused.ranges == 2)
        }
    }
}
