import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("When things go wrong, three lines say so and nothing is lost")
struct HostileConditionTests {
    /// Expects an orderly error: the status, the three lines, the words, and that nothing was committed.
    private func expect(_ answer: Answer, status: Int32, _ words: String...) {
        #expect(answer.status == status, "\(answer)")
        #expect(answer.errorLines.first?.hasPrefix("error: ") == true, "\(answer)")
        for word in words { #expect(answer.errors.contains(word), "'\(word)' is missing in \(answer)") }
    }

    @Test("a wrong password")
    func wrongPassword() throws {
        try Scene.with { scene in
            let server = try PostgresServer.shared(.v15)
            try scene.change(
                "DO $$ BEGIN CREATE ROLE clerk LOGIN PASSWORD 'right'; EXCEPTION WHEN duplicate_object THEN END $$"
            )
            let answer = try scene.lifeboat(
                "backup",
                "host=127.0.0.1 port=\(server.port) user=clerk dbname='\(scene.source.database)' sslmode=disable",
                "--to",
                scene.repository,
                environment: ["PGPASSWORD": "wrong-secret"]
            )
            expect(answer, status: 14, "password authentication failed", "hint: ")
            #expect(!answer.errors.contains("wrong-secret"))
        }
    }

    @Test("an unreachable host")
    func unreachable() throws {
        try Scene.with { scene in
            let port = try unusedPort()
            let answer = try scene.lifeboat(
                "backup",
                "host=127.0.0.1 port=\(port) user=x dbname=shop sslmode=disable",
                "--to",
                scene.repository
            )
            expect(answer, status: 14, "127.0.0.1", "refused", "hint: ")
        }
    }

    @Test("a password on the command line is refused and not repeated")
    func passwordTyped() throws {
        try Scene.with { scene in
            let answer = try scene.lifeboat("backup", "postgres://app:hunter2@db1/shop", "--to", scene.repository)
            expect(answer, status: 2, "hint: ")
            #expect(!answer.errors.contains("hunter2"))
        }
    }

    @Test("no privilege on one table: it is named, and nothing is committed")
    func noPrivilege() throws {
        try Scene.with { scene in
            try scene.change(
                """
                DO $$ BEGIN CREATE ROLE narrow LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
                GRANT USAGE ON SCHEMA public TO narrow; GRANT SELECT ON customer, empty, "we ird.""tab\\le" TO narrow;
                GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO narrow;
                """
            )
            let answer = try scene.lifeboat(
                "backup",
                scene.sourceText.replacing("user=postgres", with: "user=narrow"),
                "--to",
                scene.repository
            )
            expect(answer, status: 14, "purchase")
            #expect(
                try scene.lifeboat("points", "--from", scene.repository, "--format", "json").output.contains(
                    "\"points\" : ["
                )
            )
            #expect(try scene.files("points").isEmpty)
            try scene.change("DROP OWNED BY narrow")
        }
    }

    @Test("row security that would hide rows is an error, not fewer rows")
    func rowSecurity() throws {
        try Scene.with { scene in
            try scene.change(
                """
                DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
                GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
                GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader;
                ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
                CREATE POLICY few ON customer USING (id < 10);
                """
            )
            let answer = try scene.lifeboat(
                "backup",
                scene.sourceText.replacing("user=postgres", with: "user=reader"),
                "--to",
                scene.repository
            )
            expect(answer, status: 14, "customer")
            #expect(try scene.files("points").isEmpty)
            try scene.change("DROP OWNED BY reader")
        }
    }

    @Test("a full disk: the earlier point stays good, and the next run works")
    func fullDisk() throws {
        try Scene.with { scene in
            try scene.backUp()
            try scene.change(
                "CREATE TABLE big AS SELECT n, md5(random()::text) || md5(random()::text) AS t FROM generate_series(1, 60000) n"
            )
            let answer = try scene.lifeboat(
                "backup",
                scene.sourceText,
                "--to",
                scene.repository,
                "--plan",
                "shop",
                wrapper: ["/usr/bin/prlimit", "--fsize=300000", "--"]
            )
            expect(answer, status: 13, "hint: ")
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
            try scene.backUp()
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
        }
    }

    @Test("a missing and a foreign repository")
    func repositories() throws {
        try Scene.with { scene in
            try scene.backUp()
            expect(try scene.lifeboat("points", "--from", scene.folder + "/nowhere"), status: 13, "hint: ")
            let foreign = scene.folder + "/foreign"
            try Directory(foreign).create()
            let file = try AtomicFile(path: foreign + "/holiday.jpg", .create)
            try file.write(text: "beach")
            try file.finish()
            expect(
                try scene.lifeboat("backup", scene.sourceText, "--to", foreign),
                status: 13,
                "foreign",
                "hint: "
            )
            #expect(try Directory(foreign).entries().count == 1)
        }
    }

    @Test("a wrong identity opens nothing")
    func wrongIdentity() throws {
        try Scene.with { scene in
            try scene.backUp()
            let keys = scene.folder + "/config/lifeboat"
            #expect(rename(keys + "/operator.identity", scene.folder + "/moved") == 0)
            expect(try scene.lifeboat("drill", "--from", scene.repository), status: 12, "identity", "hint: ")
            let other = try ChildProcess.run(ChildLaunch("/usr/bin/age-keygen", ["-o", scene.folder + "/other.txt"]))
            #expect(other.ending.isSuccess)
            let wrong = try scene.lifeboat(
                "restore",
                "--from",
                scene.repository,
                "--identity",
                scene.folder + "/other.txt",
                "--to",
                scene.sourceText
            )
            expect(wrong, status: 12)
            let moved = try scene.lifeboat("drill", "--from", scene.repository, "--identity", scene.folder + "/moved")
            #expect(moved.status == 0, "\(moved)")
        }
    }

    @Test("one flipped byte in an archive, in a point, in a signature", arguments: ["archives", "points", "header"])
    func flippedByte(part: String) throws {
        try Scene.with { scene in
            try scene.backUp()
            let path = try #require(
                try scene.files(part == "header" ? "points" : part).max { a, b in
                    try! FileSource(path: a).fileSize < FileSource(path: b).fileSize
                }
            )
            try flip(path, at: part == "header" ? 60 : nil)
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect([4, 12, 13].contains(drill.status), "\(drill)")
            #expect(!drill.output.contains("proven shop"))
            let verify = try scene.lifeboat("verify", "--from", scene.repository)
            #expect([12, 13].contains(verify.status), "\(verify)")
            try scene.backUp("--full")
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
        }
    }

    private func flip(_ path: String, at place: Int?) throws {
        var bytes = try FileSource(path: path).readAll(limit: 64 << 20)
        bytes[place ?? bytes.count / 2] ^= 1
        #expect(chmod(path, 0o600) == 0)
        let file = try AtomicFile(path: path, .replace)
        try file.write(contentsOf: bytes)
        try file.finish()
    }

    @Test("a restore into a database that holds something is refused before anything is written")
    func notEmpty() throws {
        try Scene.with { scene in
            try scene.backUp()
            try withDatabase(sql: "CREATE TABLE mine (n int); INSERT INTO mine VALUES (1)") { target in
                let text = target.words
                let answer = try scene.lifeboat("restore", "--from", scene.repository, "--to", text)
                expect(answer, status: 14, "not empty", "mine", "--into-existing")
                #expect(try scene.value("SELECT count(*) FROM pg_class WHERE relname = 'purchase'", in: target) == "0")
            }
        }
    }

    @Test("a typo in the settings is named with its line, and what was meant")
    func settingsTypo() throws {
        try Scene.with { scene in
            let path = scene.folder + "/lifeboat.json"
            let file = try AtomicFile(path: path, .create)
            try file.write(
                text: """
                    {
                      repositories: { local: { path: "./repo" } },
                      plans: { shop: { source: { postgres: "dbname=shop" }, repositories: ["local"], retenton: "nightly-30d" } },
                    }
                    """
            )
            try file.finish()
            let answer = try scene.lifeboat("backup", "--config", path)
            expect(answer, status: 10, "retenton", "lifeboat.json:3", "did you mean 'retention'?")
        }
    }
}

extension Scene {
    /// The first value of a query.
    func value(_ query: String, in settings: ConnectionSettings) throws -> String? {
        try Connection(settings).query(query)[0, 0]
    }
}
