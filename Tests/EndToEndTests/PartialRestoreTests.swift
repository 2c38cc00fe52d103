import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("A restore of a part, and of what must not be a target")
struct PartialRestoreTests {
    private static let shop = """
        CREATE EXTENSION pg_trgm;
        CREATE SCHEMA shop; CREATE SCHEMA audit;
        CREATE TYPE shop.status AS ENUM ('new', 'old');
        CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TABLE shop.customer (id integer PRIMARY KEY, name text, state shop.status, photo oid);
        CREATE INDEX customer_name ON shop.customer USING gin (name public.gin_trgm_ops);
        CREATE STATISTICS audit.of_customers ON name, state FROM shop.customer;
        CREATE VIEW shop.named AS SELECT name FROM shop.customer;
        CREATE MATERIALIZED VIEW shop.counted AS SELECT count(*) AS n FROM shop.named;
        CREATE MATERIALIZED VIEW shop.unfilled AS SELECT name FROM shop.customer WITH NO DATA;
        CREATE TRIGGER noted BEFORE INSERT ON shop.customer FOR EACH ROW EXECUTE FUNCTION audit.note();
        INSERT INTO shop.customer SELECT n, 'customer ' || n, 'new', lo_create(0) FROM generate_series(1, 20) n;
        CREATE TABLE shop.event (id integer, day integer, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE shop.event_a PARTITION OF shop.event FOR VALUES FROM (0) TO (10);
        CREATE TABLE shop.event_b PARTITION OF shop.event FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
        CREATE TABLE shop.event_b_1 PARTITION OF shop.event_b FOR VALUES FROM (0) TO (1000);
        CREATE INDEX ON shop.event (day);
        INSERT INTO shop.event SELECT n, n % 20 FROM generate_series(1, 200) n;
        """

    private func expect(_ answer: Answer, _ status: Int32, _ words: String...) {
        #expect(answer.status == status, "\(answer)")
        for word in words { #expect("\(answer)".contains(word), "'\(word)' in \(answer)") }
    }

    @Test("a materialized view whose tables stay behind is left empty, and filled where they come along")
    func materializedView() throws {
        try Scene.with(sql: Self.shop) { scene in
            try scene.backUp()
            try withDatabase { target in
                let alone = try scene.restore(into: target, "--table", "shop.counted")
                expect(alone, 0, "contents of materialized view shop.counted: table shop.customer is not")
                let populated = "SELECT relispopulated FROM pg_class WHERE relname = 'counted'"
                #expect(try scene.value(populated, in: target) == "f")
            }
            try withDatabase { target in
                let unfilled = try scene.restore(into: target, "--table", "shop.unfilled")
                #expect(unfilled.status == 0 && !unfilled.output.contains("contents of"), "\(unfilled)")
            }
            try withDatabase { target in
                expect(try scene.restore(into: target, "--table", "shop.counted", "--table", "shop.customer"), 0)
                #expect(try scene.value("SELECT n FROM shop.counted", in: target) == "20")
            }
        }
    }

    @Test("tables and schemas with all that they need, beside what is there already")
    func parts() throws {
        try Scene.with(sql: Self.shop) { scene in
            try scene.backUp()
            try withDatabase { target in
                for line in [
                    ["--table", "shop.nope"], ["--schema", "nope"], ["--table", "Shop.Customer"],
                    ["--table", "shop.customer", "--table", "shop.nope"],
                ] {
                    for more in [[], ["--plan-only"]] {
                        let words = ["restore", "--from", scene.repository, "--to", target.words] + line + more
                        expect(try scene.lifeboat(words), 2, "the point has no")
                    }
                }
                #expect(try scene.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'", in: target) == "0")

                expect(try scene.restore(into: target, "--table", "shop.event"), 0)
                #expect(try scene.value("SELECT count(*) FROM shop.event", in: target) == "200")

                let name = target.database
                let more = try scene.restore(into: target, "--table", "shop.customer", "--into-existing", name)
                expect(more, 0, "large objects: ")
                #expect(
                    try scene.value("SELECT count(*) FROM shop.customer WHERE name % 'customer'", in: target) != "0"
                )
                let trigger = "SELECT count(*) FROM pg_trigger WHERE tgname = 'noted'"
                #expect(try scene.value(trigger, in: target) == "1")
                #expect(try scene.value("SELECT stxname FROM pg_statistic_ext", in: target) == "of_customers")

                // The type stays where the table went, and the table is refused where it is.
                try Connection(target).execute("DROP TABLE shop.customer")
                let again = try scene.restore(into: target, "--table", "shop.customer", "--into-existing", name)
                expect(again, 0, "enum shop.status: the target has one of that name")
                let taken = try scene.restore(into: target, "--table", "shop.customer", "--into-existing", name)
                expect(taken, 14, "table shop.customer", "hint: ")
                #expect(try scene.value("SELECT count(*) FROM shop.customer", in: target) == "20")
            }
            try withDatabase { target in
                let loose = try scene.restore(into: target, "--table", "shop.event_b_1")
                expect(loose, 0, "not applied: table shop.event_b_1: without its parent")
                #expect(try scene.value("SELECT count(*) FROM shop.event_b_1", in: target) == "100")
            }
            try withDatabase { target in
                expect(try scene.restore(into: target, "--schema", "shop"), 0)
                #expect(try scene.value("SELECT count(*) FROM shop.customer", in: target) == "20")
            }
        }
    }

    private static let columns = """
        CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
        CREATE TABLE counted (id serial PRIMARY KEY, a integer UNIQUE, b integer);
        CREATE TABLE pair (a integer, b integer);
        INSERT INTO numbered (note) VALUES ('first'), ('second');
        INSERT INTO counted (a, b) VALUES (1, 1), (2, 2);
        """

    @Test("a renamed table keeps its sequence, and what would need that name again is refused until it is free")
    func namesOfColumns() throws {
        try Scene.with(sql: Self.columns) { scene in
            try scene.backUp()
            try withDatabase { target in
                let connection = try Connection(target)
                func restore(_ table: String) throws -> Answer {
                    try scene.restore(into: target, "--table", table, "--into-existing", target.database)
                }
                expect(try scene.restore(into: target), 0)
                try connection.execute(
                    "ALTER TABLE numbered RENAME TO numbered_old; ALTER TABLE counted RENAME TO counted_old"
                )
                let numbered = "sequence public.numbered_id_seq, constraint numbered_pkey on public.numbered"
                expect(try restore("public.numbered"), 14, numbered)
                let counted = try restore("public.counted")
                expect(counted, 14, "sequence public.counted_id_seq", "constraint counted_a_key on public.counted")
                #expect(try scene.value("SELECT to_regclass('public.counted')", in: target) == nil)

                try connection.execute(
                    """
                    ALTER SEQUENCE numbered_id_seq RENAME TO one; ALTER INDEX numbered_pkey RENAME TO two;
                    ALTER SEQUENCE counted_id_seq RENAME TO three; ALTER INDEX counted_pkey RENAME TO four;
                    ALTER INDEX counted_a_key RENAME TO five
                    """
                )
                expect(try restore("public.numbered"), 0)
                expect(try restore("public.counted"), 0)
                try connection.execute("DROP TABLE numbered_old, counted_old")
                for table in ["numbered (note) VALUES ('third')", "counted (a, b) VALUES (3, 3)"] {
                    let id = try scene.value("INSERT INTO \(table) RETURNING id", in: target)
                    #expect(id == "3")
                }

                // A type of the name of a table's row type.
                try connection.execute("DROP TABLE pair; CREATE DOMAIN pair AS integer")
                expect(try restore("public.pair"), 14, "table public.pair")
            }
        }
    }

    @Test("the source itself, another encoding, two targets, a password: refused before anything is written")
    func refusedTargets() throws {
        try Scene.with { scene in
            try scene.backUp()
            expect(try scene.restore(into: scene.source), 14, "the point was taken from it", "--into-existing")
            let both = try scene.lifeboat(
                "restore",
                "--from",
                scene.repository,
                "--to",
                "dbname=a",
                "--target-env",
                "T",
                environment: ["T": "dbname=b"]
            )
            expect(both, 2, "--to and --target-env cannot be combined")
            let password = "postgres://app:hunter2@db1/shop"
            let typed = try scene.lifeboat("restore", "--from", scene.repository, "--to", password)
            expect(typed, 2, "--target-env")
            expect(try scene.lifeboat("diff", "--from", scene.repository, "--live", password), 2, "--live-env")
            for encoding in ["LATIN1", "SQL_ASCII"] {
                try withDatabase(options: "ENCODING '\(encoding)' LOCALE 'C' TEMPLATE template0") { target in
                    expect(try scene.restore(into: target), 14, "encoded as \(encoding)", "ENCODING 'UTF8'")
                }
            }
        }
    }

    @Test("a database is empty only without anything that somebody may have nowhere else")
    func nothingElse() throws {
        try Scene.with(sql: "SELECT lo_from_bytea(70001, 'theirs'); CREATE TABLE few AS SELECT 1 AS n") { scene in
            try scene.backUp()
            for (sql, name) in [
                ("CREATE DOMAIN mine AS integer", "type public.mine"),
                ("CREATE CAST (text AS bytea) WITHOUT FUNCTION", "cast of text"),
                ("CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw", "server far"),
            ] {
                try withDatabase(sql: sql) { target in
                    expect(try scene.restore(into: target), 14, "not empty", "it holds \(name)\n")
                }
            }
            // Numbers below those of all other objects may be chosen too.
            try withDatabase(sql: "SELECT lo_from_bytea(70001, 'mine'), lo_from_bytea(5, 'small')") { target in
                expect(try scene.restore(into: target), 14, "it holds large object 5, large object 70001\n")
                let same = try scene.restore(into: target, "--into-existing", target.database)
                expect(same, 14, "cause: large object 70001\n")
                let value = "SELECT convert_from(lo_get(70001), 'UTF8')"
                #expect(try scene.value(value, in: target) == "mine")
                #expect(try scene.value("SELECT to_regclass('few')", in: target) == nil)

                try Connection(target).execute("SELECT lo_unlink(70001)")
                expect(try scene.restore(into: target, "--into-existing", target.database), 0)
                #expect(try scene.value(value, in: target) == "theirs")
                #expect(try scene.value("SELECT count(*) FROM pg_largeobject_metadata", in: target) == "2")
            }
        }
    }

    @Test("a damaged archive ends a restore that says what it left and how to begin again")
    func damaged() throws {
        try Scene.with { scene in
            try scene.backUp()
            let archive = try #require(try scene.files("archives").first)
            try flip(archive)
            try withDatabase { target in
                let answer = try scene.restore(into: target)
                expect(answer, 13, "may hold a part of the point: drop it, create it again")
            }
        }
    }

    private func flip(_ path: String) throws {
        var bytes = try FileSource(path: path).readAll(limit: 64 << 20)
        bytes[bytes.count / 2] ^= 1
        #expect(chmod(path, 0o600) == 0)
        let file = try AtomicFile(path: path, .replace)
        try file.write(contentsOf: bytes)
        try file.finish()
    }
}
