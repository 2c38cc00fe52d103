import PostgresClient
import Streams
import TestSupport
import Testing

// One after the other: the role they share belongs to the server.
@Suite("RECOVERY.md, followed to the letter, without Lifeboat", .serialized)
struct RecoveryGuideTests {
    @Test("a first point comes back on an empty machine, with the operator's identity")
    func firstPoint() throws {
        try withHostileScene { scene in
            try scene.backUp()
            let machine = try PostgresServer(ownFor: .v15)
            defer { machine.stop() }
            let target = try makeTarget("restored", on: machine)
            try scene.recover(into: target, identity: scene.folder + "/config/lifeboat/operator.identity")
            try DatabasePicture(scene.source).expectEqual(DatabasePicture(target))
            let role =
                "SELECT rolconnlimit, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname = 'guide ''owner\"\\ %s'"
            #expect(try Connection(target).query(role).map { [$0[0], $0[1], $0[2]] } == [["7", "t", "f"]])
            let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = 'postgres'"
            #expect(try scene.value(superuser, in: target) == "t")
        }
    }

    @Test("a point that refers to archives of an earlier one comes back, with the identity of the escrow sheet")
    func laterPoint() throws {
        try withHostileScene { scene in
            try scene.backUp()
            let early = try Set(scene.files("archives"))
            try scene.change(
                """
                UPDATE plain SET name = 'changed' WHERE id = 17; DELETE FROM plain WHERE id = 18;
                REFRESH MATERIALIZED VIEW mv;
                INSERT INTO " leading" VALUES (4); SELECT nextval('"seq '' "" \\ x"');
                """
            )
            let second = try scene.backUp()
            #expect(!second.output.contains("reused 0,"), "\(second)")
            #expect(try Set(scene.files("archives")).isStrictSuperset(of: early))
            // A role that is there stays as it is, whatever the point says of it.
            try scene.change("ALTER ROLE \(owner) CONNECTION LIMIT 9")
            try withDatabase(options: "TEMPLATE template0") { target in
                try scene.recover(into: target, identity: try escrowIdentity(scene))
                try DatabasePicture(scene.source).expectEqual(DatabasePicture(target))
            }
            let limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'guide ''owner\"\\ %s'"
            #expect(try scene.value(limit, in: scene.source) == "9")
            try scene.change("ALTER ROLE \(owner) CONNECTION LIMIT 7")
        }
    }

    @Test("one flipped byte in an archive stops the guide before the rows are believed")
    func flippedByte() throws {
        try withHostileScene { scene in
            try scene.backUp()
            for path in try scene.files("archives") {
                var bytes = try FileSource(path: path).readAll(limit: 16 << 20)
                bytes[bytes.count / 2] ^= 1
                let file = try AtomicFile(path: path, .replace)
                try file.write(contentsOf: bytes)
                try file.finish()
            }
            try withDatabase(options: "TEMPLATE template0") { target in
                let identity = scene.folder + "/config/lifeboat/operator.identity"
                let outcome = try scene.followGuide(into: target, identity: identity)
                #expect(!outcome.ending.isSuccess)
                #expect(outcome.message.contains("computed checksum did NOT match"), "\(outcome.message)")
                #expect(!String(decoding: outcome.standardOutput, as: UTF8.self).contains("restored"))
                #expect(try scene.value("SELECT count(*) FROM plain", in: target) == "0")
            }
        }
    }

    private func withHostileScene(_ body: (Scene) throws -> Void) throws {
        try Scene.with(sql: hostileDatabase, body)
    }

    /// An empty database on another server.
    private func makeTarget(_ name: String, on server: PostgresServer) throws -> ConnectionSettings {
        try Connection(server.settings()).execute("CREATE DATABASE \(name) TEMPLATE template0 ENCODING 'UTF8'")
        return try server.settings(database: name)
    }

    /// The line of the sheet that a person would type in, in a file.
    private func escrowIdentity(_ scene: Scene) throws -> String {
        let sheet = try FileSource(path: scene.folder + "/config/lifeboat/escrow-sheet.txt").readAll(limit: 1 << 20)
        let words = String(decoding: sheet, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        let secret = try #require(words.first { $0.hasPrefix("AGE-SECRET-KEY-1") && $0.utf8.count > 60 })
        let path = scene.folder + "/escrow.txt"
        let file = try AtomicFile(path: path, .create)
        try file.write(text: secret + "\n")
        try file.finish()
        return path
    }
}

private let owner = "\"guide 'owner\"\"\\ %s\""

/// Names and values that mean something to a shell, to psql, to COPY, to jq or to format strings.
private let hostileDatabase = #"""
    DO $$ BEGIN
      CREATE ROLE "guide 'owner""\ %s" CREATEDB CONNECTION LIMIT 7;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$;
    CREATE SCHEMA "sch ' "" \ %";
    COMMENT ON SCHEMA "sch ' "" \ %" IS E'a comment;\n\\! touch /tmp/lifeboat-guide-was-here\n\\q -- ''quoted''';
    CREATE TYPE mood AS ENUM ('so ''so''', 'ha"ppy', E'back\\slash', ' lead');
    CREATE SEQUENCE "seq ' "" \ x" INCREMENT 5 START 3;
    SELECT nextval('"seq '' "" \ x"'), nextval('"seq '' "" \ x"');
    CREATE SEQUENCE fresh;
    CREATE TABLE plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, m mood DEFAULT 'ha"ppy',
      made text GENERATED ALWAYS AS (upper(name)) STORED);
    INSERT INTO plain (name) SELECT 'row ' || n FROM generate_series(1, 2000) n;
    INSERT INTO plain (name, m) VALUES (E'\\.', ' lead'), (E'\\N', E'back\\slash'), (E'a\tb\nc\\d\re', NULL), ('', NULL),
      (' ', NULL), ('%s%d$1`id`$(touch /tmp/lifeboat-guide-was-here)', NULL), (U&'\00FCn\00EF\2013\+01D11E', NULL),
      (E'\u0001\u007f', NULL);
    CREATE TABLE "t'""\
    nl % ünï" ("c'""\
    nl %s" text, "  lead" integer, "a,b" numeric, "$x `touch /tmp/lifeboat-guide-was-here`" bytea,
      CONSTRAINT "ck '""\ %" CHECK ("  lead" > 0));
    INSERT INTO "t'""\
    nl % ünï" VALUES (E'x\\y', 1, 1.5, '\x00ff'), (NULL, NULL, 'NaN', NULL), ('', 5, 1e20, '');
    CREATE TABLE " leading" (a int);
    INSERT INTO " leading" VALUES (1), (2), (NULL);
    CREATE TABLE "012345678901234567890123456789012345678901234567890123456789" (
      "012345678901234567890123456789012345678901234567890123456abc" date, t timestamptz, f float8, j jsonb, a text[]);
    INSERT INTO "012345678901234567890123456789012345678901234567890123456789" VALUES
      ('2024-02-29', '2024-03-10 02:30:00.123456+05', 0.1::float8 / 3, '{"k": "v\\n"}',
        ARRAY[NULL, '', 'NULL', '"', '\', ',{}']),
      ('infinity', '-infinity', 'NaN', 'null', '{}');
    CREATE TABLE nothing ();
    INSERT INTO nothing DEFAULT VALUES;
    INSERT INTO nothing DEFAULT VALUES;
    CREATE TABLE empty (x text);
    CREATE TABLE "sch ' "" \ %"."tab . dot" (id serial PRIMARY KEY, p bigint REFERENCES plain ON DELETE CASCADE, v text);
    INSERT INTO "sch ' "" \ %"."tab . dot" (p, v) SELECT n, md5(n::text) FROM generate_series(1, 1500) n;
    CREATE TABLE part (k int, v text) PARTITION BY LIST (k);
    CREATE TABLE part_one PARTITION OF part FOR VALUES IN (1);
    CREATE TABLE part_rest PARTITION OF part DEFAULT;
    INSERT INTO part VALUES (1, 'one'), (2, 'two'), (NULL, 'none');
    COMMENT ON TABLE plain IS E'it''s 100% "plain" \\ and\nmore; SELECT 1;';
    COMMENT ON COLUMN plain.name IS E'\\! touch /tmp/lifeboat-guide-was-here';
    CREATE VIEW v AS SELECT id, name || E'\\' AS "n'\ %" FROM plain WHERE name LIKE '%\%' ESCAPE '!';
    CREATE TABLE slices (list integer[], "USER" integer, port integer,
      CHECK (cardinality(list[1:"USER"]) = 2), UNIQUE (port), CHECK (list[port:port] <> '{7}'));
    INSERT INTO slices VALUES ('{1,2,3}', 2, 1);
    CREATE VIEW sliced AS SELECT list[1:"USER"] AS some, list[port:port] AS one FROM slices;
    CREATE MATERIALIZED VIEW mv AS SELECT count(*) AS n, max(name) AS m FROM plain;
    CREATE UNIQUE INDEX ON mv (n);
    CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql
      AS $f$ BEGIN NEW.v := NEW.v || E'\\ ''%'; RETURN NEW; END $f$;
    CREATE TRIGGER "trg ' ""\ %" BEFORE INSERT OR UPDATE ON "sch ' "" \ %"."tab . dot"
      FOR EACH ROW EXECUTE FUNCTION stamp();
    ALTER TABLE " leading" OWNER TO "guide 'owner""\ %s";
    GRANT SELECT ON plain TO "guide 'owner""\ %s" WITH GRANT OPTION;
    ALTER TABLE empty ENABLE ROW LEVEL SECURITY;
    CREATE POLICY "p '" ON empty USING (x <> 'a''b\');
    CREATE INDEX "ix '""\ %" ON plain (lower(name)) WHERE name <> E'\\';
    CREATE SEQUENCE "the ""lastValue"":7" MAXVALUE 9223372036854775807;
    SELECT setval('"the ""lastValue"":7"', 9223372036854775807, true);
    CREATE SEQUENCE near; SELECT setval('near', 9007199254740993, false);
    CREATE SEQUENCE below INCREMENT -1 MINVALUE -9007199254740993; SELECT setval('below', -9007199254740993);
    SELECT lo_create(1002), lo_create(1003); SELECT lo_put(1003, 0, repeat('x', 9000)::bytea);
    BEGIN; SELECT lo_truncate(lo_open(1002, 131072), 4096), lo_truncate(lo_open(1003, 131072), 2048); COMMIT;
    SELECT lo_from_bytea(0, decode(repeat('00ff5c27', 3000), 'hex')), lo_from_bytea(0, ''), lo_from_bytea(424242, 'hello');
    COMMENT ON LARGE OBJECT 424242 IS E'lo ''comment'' \\! x';
    ALTER LARGE OBJECT 424242 OWNER TO "guide 'owner""\ %s";
    GRANT SELECT ON LARGE OBJECT 424242 TO PUBLIC;
    """#
