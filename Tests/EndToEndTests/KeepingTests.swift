import Model
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
