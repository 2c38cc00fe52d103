import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("Another machine in the same repository")
struct AnotherMachineTests {
    /// The environment of a machine that shares nothing with the first but the repository.
    private static func machine(_ scene: Scene, _ more: [String: String] = [:]) -> [String: String] {
        let home = scene.folder + "/elsewhere"
        return ["HOME": home, "XDG_CONFIG_HOME": home + "/config"].merging(more) { $1 }
    }

    private static func signer(_ scene: Scene) throws -> String {
        let shown = JSON(try scene.lifeboat("key", "show", "--format", "json"))
        return try #require(shown["signer"].text)
    }

    @Test("with the protected identity of the operator it lists, restores and verifies; it makes no sheet of its own")
    func protectedOperator() throws {
        try Scene.with { scene in
            try scene.backUp()
            let secret = scene.folder + "/passphrase"
            try scene.write("correct horse battery\n", to: secret)
            let pass = ["LIFEBOAT_PASSPHRASE_FILE": secret]
            #expect(try scene.lifeboat("key", "protect", environment: pass).status == 0)
            let there = Self.machine(scene, pass)
            let trust = try scene.lifeboat("key", "trust", try Self.signer(scene), environment: there)
            #expect(trust.status == 0 && !trust.errors.contains("escrow sheet is the way back"), "\(trust)")
            #expect(try scene.lifeboat("key", "escrow", environment: there).status == 12)
            let identity = scene.folder + "/config/lifeboat/operator.identity"
            let from = ["--from", scene.repository, "--identity", identity]
            for command in [["points"], ["show", "latest"], ["verify", "--deep"], ["report"]] {
                let answer = try scene.lifeboat(command + from, environment: there)
                #expect(answer.status == 0, "\(command): \(answer)")
            }
            try withDatabase { target in
                let restored = try scene.lifeboat(
                    ["restore", "latest", "--to", target.words] + from,
                    environment: there
                )
                #expect(restored.status == 0, "\(restored)")
            }
        }
    }

    @Test("without any identity it takes points that others restore, reads everything, and says why")
    func guestBackup() throws {
        try Scene.with { scene in
            try scene.backUp()
            let there = Self.machine(scene)
            let line = ["backup", scene.sourceText, "--to", scene.repository, "--plan", "shop"]
            let stranger = try scene.lifeboat(line, environment: there)
            #expect(stranger.status == 12 && stranger.errors.contains("key trust"), "\(stranger)")
            #expect(!stranger.errors.contains("way back"), "\(stranger)")
            #expect(try scene.lifeboat("key", "trust", try Self.signer(scene), environment: there).status == 0)
            let taken = try scene.lifeboat(line, environment: there)
            #expect(taken.status == 0, "\(taken)")
            #expect(taken.output.contains("is not for this machine to open: everything was read"), "\(taken)")
            // The first machine believes the second once it is told to, and the chain has no hole.
            let shown = JSON(try scene.lifeboat(["key", "show", "--format", "json"], environment: there))
            let own = try #require(shown["signer"].text)
            let unknown = try scene.lifeboat("verify", "--from", scene.repository)
            #expect(unknown.status == 12 && unknown.output.contains("unknown shop/"), "\(unknown)")
            #expect(try scene.lifeboat("key", "trust", own).status == 0)
            let points = JSON(try scene.lifeboat("points", "--from", scene.repository, "--format", "json"))["points"]
            #expect(points.count == 2 && points[0]["damaged"].text == nil && points[1]["damaged"].text == nil)
            let verified = try scene.lifeboat("verify", "--deep", "--from", scene.repository)
            #expect(verified.status == 0, "\(verified)")
            try withDatabase { target in
                let restored = try scene.restore(into: target)
                #expect(restored.status == 0, "\(restored)")
            }
        }
    }

    @Test("a machine that was let in builds on the points of the others, and does not when it is turned away again")
    func admitted() throws {
        try Scene.with { scene in
            try scene.backUp()
            let there = Self.machine(scene)
            #expect(try scene.lifeboat("key", "trust", try Self.signer(scene), environment: there).status == 0)
            let keys = JSON(try scene.lifeboat(["key", "show", "--format", "json"], environment: there))
            let (host, own) = (try #require(keys["host"].text), try #require(keys["signer"].text))
            #expect(try scene.lifeboat("key", "trust", own).status == 0)
            #expect(try scene.lifeboat("repo", "admit", "age1nobody", "--from", scene.repository).status == 12)
            let admitted = try scene.lifeboat("repo", "admit", host, "--from", scene.repository)
            #expect(admitted.status == 0 && admitted.output.contains("is also for \(host)"), "\(admitted)")
            let again = try scene.lifeboat("repo", "admit", host, "--from", scene.repository)
            #expect(again.status == 0 && again.output.contains("already"), "\(again)")
            // The records of before are not for it; a point of now is, and what it finds out is for the first machine.
            try scene.backUp()
            let line = ["backup", scene.sourceText, "--to", scene.repository, "--plan", "shop", "--format", "json"]
            for record in try scene.files("records").prefix(1) { try #require(unlink(record) == 0) }
            _ = try scene.lifeboat(line, environment: there)
            let built = JSON(try scene.lifeboat(line, environment: there))
            #expect(built["backups"][0]["totals"]["rangesRead"].number == 0)
            #expect(try scene.lifeboat("repo", "admit", "--remove", host, "--from", scene.repository).status == 0)
            try scene.backUp()
            let shut = JSON(try scene.lifeboat(line, environment: there))
            #expect(shut["backups"][0]["totals"]["rangesReused"].number == 0)
        }
    }

    @Test("a hold that reached one copy only is heeded by the prune of the other")
    func heldElsewhere() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            for _ in 0..<3 { #expect(try copies.backUp().status == 0) }
            try #require(rename(copies.path("b"), copies.path("gone")) == 0)
            let held = try copies.run(["hold", "oldest", "--reason", "legal", "--config", copies.config])
            #expect(held.status == 3, "\(held)")
            try #require(rename(copies.path("gone"), copies.path("b")) == 0)
            try scene.write("{ one: { keep: { last: 1 } } }", to: scene.folder + "/retention.json")
            let pruned = try copies.run(["prune", "--policy", "one", "--yes", "--config", copies.config])
            #expect(pruned.status == 0, "\(pruned)")
            #expect(pruned.output.contains("held in a: legal"), "\(pruned)")
            for name in ["a", "b", "c"] {
                let points = JSON(
                    try copies.run(["points", "--from", name, "--config", copies.config, "--format", "json"])
                )
                #expect(points["points"].count == 2, "\(name)")
            }
        }
    }

    @Test("a copy of the files mends what is damaged; the same place by another name does not")
    func copyOfFiles() throws {
        try Scene.with { scene in
            try scene.backUp()
            let copy = scene.folder + "/copy"
            let copied = try ChildProcess.run(ChildLaunch("/bin/cp", ["-r", scene.repository, copy]))
            #expect(Answer(copied).status == 0)
            let archive = try #require(try scene.files("archives").first)
            try overwrite(archive, with: [1, 2, 3])
            let alias = scene.folder + "/alias"
            try #require(symlink(scene.repository, alias) == 0)
            let verify = ["verify", "--repair", "--from", scene.repository, "--from-repository"]
            #expect(try scene.lifeboat(verify + [alias]).status == 13)
            let mended = try scene.lifeboat(verify + [copy])
            #expect(mended.status == 0 && mended.output.contains("mended archive"), "\(mended)")
            #expect(try scene.lifeboat("verify", "--deep", "--from", scene.repository).status == 0)
        }
    }
}
