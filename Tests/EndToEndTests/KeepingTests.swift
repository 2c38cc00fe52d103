import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("Keeping: verify, hold, prune, keys")
struct KeepingTests {
    @Test("verify names the point whose archive changed by one bit, and it no longer counts")
    func oneBit() throws {
        try Scene.with { scene in
            try scene.backUp()
            #expect(try scene.run(["verify", "--from", scene.repository]).status == 0)
            let archive = try #require(try scene.files("archives").first)
            try flipOneBit(of: archive)
            let answer = try scene.run(["verify", "--from", scene.repository, "--format", "json"])
            #expect(answer.status == 13, "\(answer)")
            #expect(JSON(answer)["bad"].count == 1)
            let points = try scene.lifeboat("points", "--from", scene.repository)
            #expect(points.output.contains("damaged"))
        }
    }

    @Test("a sampled verification reads a part, remembers it in the repository, and goes on with the rest")
    func sampled() throws {
        try Scene.with { scene in
            try scene.backUp()
            for id in [5, 6] {
                try scene.change("UPDATE purchase SET amount = 77 WHERE id = \(id)")
                try scene.backUp("--full")
            }
            let archives = try scene.files("archives").count
            try #require(archives >= 3)
            let verify = ["verify", "--within", "30d", "--from", scene.repository]
            var read = 0
            for run in 0..<archives where read < archives {
                let answer = try scene.run(verify + ["--format", "json"])
                #expect(answer.status == 0, "\(answer)")
                let sample = JSON(answer)["sample"]
                #expect(sample["overdue"].number == 0 && sample["nextBefore"].text != nil, "\(answer)")
                let count = try #require(sample["archives"].number)
                #expect(run > 0 || (count > 0 && count < archives), "\(answer)")
                read += count
            }
            #expect(read == archives)
            #expect(try scene.run(verify + ["--quick"]).status == 2)
            let text = try scene.run(["verify", "--within", "1ms", "--from", scene.repository])
            #expect(text.status == 0 && text.output.contains("\(archives) archives were read"), "\(text)")
            for archive in try scene.files("archives") { try flipOneBit(of: archive) }
            let bad = try scene.run(["verify", "--within", "1ms", "--from", scene.repository])
            #expect(bad.status == 13 && bad.output.contains("needed by shop/"), "\(bad)")
            // A part that is sound acquits nothing.
            _ = try scene.run(verify)
            let points = JSON(try scene.run(["points", "--from", scene.repository, "--format", "json"]))["points"]
            for index in 0..<3 { #expect(points[index]["damaged"].text != nil) }
        }
    }

    @Test("a deep verification names the very table and blocks that a damaged archive cannot give back any more")
    func narrowed() throws {
        // Of different size, so that the middle of the archive is not where one ends and the other begins.
        let sql = [("one", 60_000), ("two", 20_000)].map { name, rows in
            "CREATE TABLE \(name) (id int, noise text); "
                + "INSERT INTO \(name) SELECT n, md5(n::text || '\(name)') FROM generate_series(1, \(rows)) n;"
        }
        try Scene.with(sql: sql.joined()) { scene in
            try scene.backUp("--jobs", "1")
            let largest = try #require(
                try scene.files("archives").max { try Self.bytes($0) < Self.bytes($1) }
            )
            try flipOneBit(of: largest)
            let answer = try scene.run(["verify", "--deep", "--from", scene.repository, "--format", "json"])
            #expect(answer.status == 13, "\(answer)")
            let damage = JSON(answer)["damaged"][0]
            #expect(damage["ranges"].count == 1 && damage["rangeCount"].number ?? 0 > 1, "\(answer)")
            #expect(damage["ranges"][0]["table"].text?.hasPrefix("public.") == true)
            #expect(damage["points"].count == 1)
        }
    }

    @Test("prune only looks without --yes, keeps what is held, and removes it after the hold is lifted")
    func heldAndReleased() throws {
        try Scene.with { scene in
            for _ in 0..<3 { try scene.backUp() }
            try scene.write("{ one: { keep: { last: 1 } } }", to: scene.folder + "/retention.json")
            let settings =
                "{ repositories: { r: { path: \"repo\" } }, plans: { shop: { source: { env: \"X\" }, repositories: [\"r\"] } } }"
            let config = scene.folder + "/lifeboat.json"
            try scene.write(settings, to: config)
            let prune = ["prune", "--config", config, "--policy", "one", "--format", "json"]
            #expect(try scene.run(["hold", "oldest", "--from", scene.repository, "--reason", "audit"]).status == 0)

            let look = JSON(try scene.run(prune))["repositories"][0]
            #expect(look["removed"].count == 1)
            #expect(try scene.files("points").count == 3)

            let act = JSON(try scene.run(prune + ["--yes"]))["repositories"][0]
            #expect(act["done"]["removedPoints"].count == 1)
            #expect(try scene.files("points").count == 2)

            #expect(try scene.run(["hold", "oldest", "--from", scene.repository, "--release"]).status == 0)
            #expect(try scene.run(prune + ["--yes", "--now"]).status == 0)
            #expect(try scene.files("points").count == 1)
            #expect(try scene.run(["verify", "--from", scene.repository]).status == 0)
        }
    }

    @Test("a backup takes nothing over from an archive that was found damaged, and reads it again")
    func damagedArchive() throws {
        try Scene.with { scene in
            try scene.backUp()
            let archive = try #require(scene.files("archives").first)
            try flipOneBit(of: archive)
            #expect(try scene.run(["verify", "--from", scene.repository]).status == 13)
            let again = try scene.lifeboat(
                "backup",
                scene.sourceText,
                "--to",
                scene.repository,
                "--plan",
                "shop",
                "--format",
                "json"
            )
            #expect(JSON(again)["backups"][0]["totals"]["rangesReused"].number == 0, "\(again)")
            let show = try scene.lifeboat("show", "latest", "--from", scene.repository)
            #expect(show.output.contains("found damaged"), "\(show)")
            let verify = try scene.run(["verify", "--from", scene.repository, "--format", "json"])
            #expect(JSON(verify)["bad"].count == 1, "\(verify)")
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
            // The next one builds on the new point, which is sound.
            let third = JSON(
                try scene.lifeboat(
                    "backup",
                    scene.sourceText,
                    "--to",
                    scene.repository,
                    "--plan",
                    "shop",
                    "--format",
                    "json"
                )
            )
            #expect(third["backups"][0]["totals"]["rangesRead"].number == 0)
        }
    }

    @Test("a single table comes back with its identity and its numbers where they stood")
    func singleTable() throws {
        let sql = """
            CREATE SCHEMA s;
            CREATE TABLE s.counted (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, serial serial UNIQUE, name text);
            INSERT INTO s.counted (name) SELECT 'row ' || i FROM generate_series(1, 20) AS i;
            CREATE TABLE s.other (id bigserial PRIMARY KEY);
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            try withDatabase { target in
                let to = target.words
                let restored = try scene.lifeboat(
                    "restore",
                    "latest",
                    "--from",
                    scene.repository,
                    "--table",
                    "s.counted",
                    "--to",
                    to
                )
                #expect(restored.status == 0, "\(restored)")
                let connection = try Connection(target)
                let row = try connection.query("INSERT INTO s.counted (name) VALUES ('next') RETURNING id, serial")[0]
                #expect([row[0], row[1]] == ["21", "21"])
                #expect(try connection.query("SELECT to_regclass('s.other')")[0, 0] == nil)
            }
        }
    }

    @Test("a protected identity restores with the passphrase and not without it")
    func protected() throws {
        try Scene.with { scene in
            try scene.backUp()
            let secret = scene.folder + "/passphrase"
            try scene.write("correct horse battery\n", to: secret)
            let environment = ["LIFEBOAT_PASSPHRASE_FILE": secret]
            let protect = try scene.lifeboat("key", "protect", environment: environment)
            #expect(protect.status == 0, "\(protect)")
            let deep = ["verify", "--deep", "--from", scene.repository]
            #expect(try scene.run(deep, environment: environment).status == 0)
            try scene.write("wrong horse battery\n", to: secret)
            let wrong = try scene.run(deep, environment: environment)
            #expect(wrong.status == 12, "\(wrong)")
        }
    }

    @Test("keys are never replaced, and the escrow sheet says when it is gone")
    func keys() throws {
        try Scene.with { scene in
            #expect(try scene.lifeboat("key", "new").status == 0)
            #expect(try scene.lifeboat("key", "new").status == 12)
            let sheet = try scene.lifeboat("key", "escrow")
            #expect(sheet.status == 0 && sheet.output.contains("AGE-SECRET-KEY-1"))
            try Directory.removeFile(scene.folder + "/config/lifeboat/escrow-sheet.txt")
            let gone = try scene.lifeboat("key", "escrow")
            #expect(gone.status == 12 && gone.errors.contains("not on this machine any more"))
        }
    }

    private static func bytes(_ path: String) throws -> Int {
        try FileSource(path: path).readAll(limit: 64 << 20).count
    }

    private func flipOneBit(of path: String) throws {
        var bytes = try FileSource(path: path).readAll(limit: 64 << 20)
        bytes[bytes.count / 2] ^= 1
        let file = try AtomicFile(path: path, .replace)
        try file.write(contentsOf: bytes)
        try file.finish()
    }
}

extension Scene {
    /// Runs the program with a list of words.
    func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Answer {
        let launch = ChildLaunch(Self.program, arguments, environment: self.environment(environment))
        return Answer(try ChildProcess.run(launch, limit: 16 << 20))
    }

    /// Writes a small text file.
    func write(_ text: String, to path: String) throws {
        let file = try AtomicFile(path: path, .replace)
        try file.write(text: text)
        try file.finish()
    }
}
