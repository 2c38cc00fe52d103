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
        CREATE TRIGGER noted BEFORE INSERT ON shop.customer FOR EACH ROW EXECUTE FUNCTION audit.note();
        INSERT INTO shop.customer SELECT n, 'customer ' || n, 'new', lo_create(0) FROM generate_series(1, 20) n;
        CREATE TABLE shop.event (id integer, day integer, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
        CREATE TABLE shop.event_a PARTITION OF shop.event FOR VALUES FROM (0) TO (10);
        CREATE TABLE shop.event_b PARTITION OF shop.event FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id);
        CREATE TABLE shop.event_b_1 PARTITION OF shop.event_b FOR VALUES FROM (0) TO (1000);
        CREATE INDEX ON shop.event (day);
        INSERT INTO shop.event SELECT n, n % 20 FROM generate_series(1, 200) n;
        """

    private func text(_ target: ConnectionSettings) -> String {
        "host='\(target.host)' port=\(target.port) user=\(target.user) dbname='\(target.database)'"
    }

    private func restore(_ scene: Scene, _ target: ConnectionSettings, _ more: String...) throws -> Answer {
        try scene.lifeboat(["restore", "--from", scene.repository, "--to", text(target)] + more)
    }

    private func expect(_ answer: Answer, _ status: Int32, _ words: String...) {
        #expect(answer.status == status, "\(answer)")
        for word in words { #expect("\(answer)".contains(word), "'\(word)' in \(answer)") }
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
                        let words = ["restore", "--from", scene.repository, "--to", text(target)] + line + more
                        expect(try scene.lifeboat(words), 2, "the point has no")
                    }
                }
                #expect(try scene.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'", in: target) == "0")

                expect(try restore(scene, target, "--table", "shop.event"), 0)
                #expect(try scene.value("SELECT count(*) FROM shop.event", in: target) == "200")

                let name = target.database
                let more = try restore(scene, target, "--table", "shop.customer", "--into-existing", name)
                expect(more, 0, "large objects: ")
                #expect(
                    try scene.value("SELECT count(*) FROM shop.customer WHERE name % 'customer'", in: target) != "0"
                )
                let trigger = "SELECT count(*) FROM pg_trigger WHERE tgname = 'noted'"
                #expect(try scene.value(trigger, in: target) == "1")

                // The type stays where the table went, and the table is refused where it is.
                try Connection(target).execute("DROP TABLE shop.customer")
                let again = try restore(scene, target, "--table", "shop.customer", "--into-existing", name)
                expect(again, 0, "enum shop.status: the target has one of that name")
                let taken = try restore(scene, target, "--table", "shop.customer", "--into-existing", name)
                expect(taken, 14, "table shop.customer", "hint: ")
                #expect(try scene.value("SELECT count(*) FROM shop.customer", in: target) == "20")
            }
            try withDatabase { target in
                let loose = try restore(scene, target, "--table", "shop.event_b_1")
                expect(loose, 0, "not applied: table shop.event_b_1: without its parent")
                #expect(try scene.value("SELECT count(*) FROM shop.event_b_1", in: target) == "100")
            }
            try withDatabase { target in
                expect(try restore(scene, target, "--schema", "shop"), 0)
                #expect(try scene.value("SELECT count(*) FROM shop.customer", in: target) == "20")
            }
        }
    }

    @Test("the source itself, another encoding, two targets, a password: refused before anything is written")
    func refusedTargets() throws {
        try Scene.with { scene in
            try scene.backUp()
            expect(try restore(scene, scene.source), 14, "the point was taken from it", "--into-existing")
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
                    expect(try restore(scene, target), 14, "encoded as \(encoding)", "ENCODING 'UTF8'")
                }
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
                let answer = try restore(scene, target)
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
