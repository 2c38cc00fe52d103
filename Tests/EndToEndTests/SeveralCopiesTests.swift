import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("A plan with several repositories, from the command line")
struct SeveralCopiesTests {
    @Test("is committed to all in one run; one that fails makes the run partial, and the next run catches up")
    func partial() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            let first = try copies.backUp()
            #expect(first.status == 0, "\(first)")
            for name in Copies.names { #expect(first.output.contains("committed to \(name)"), "\(first)") }

            try scene.change("UPDATE purchase SET amount = 77 WHERE id = 5")
            try copies.breakArchives(of: "b")
            let partial = try copies.backUp()
            #expect(partial.status == 3, "\(partial)")
            #expect(
                partial.output.contains("committed to a") && partial.output.contains("committed to c"),
                "\(partial)"
            )
            #expect(!partial.output.contains("committed to b"), "\(partial)")
            #expect(partial.errorLines.count == 3, "\(partial)")
            #expect(partial.errors.contains("is not in b"), "\(partial)")
            // The copy whose archives cannot be listed stops neither the report nor the list, and counts in neither.
            let report = try copies.run(["report", "--config", copies.config, "--format", "json"])
            #expect(JSON(report)["reports"][0]["runs"]["partial"].number == 1, "\(report)")
            #expect(report.errors.contains("repository 'b' does not count"), "\(report)")
            let points = try copies.run(["points", "--config", copies.config])
            #expect(points.status == 0 && points.output.contains("2 of 3: a, c, b is damaged"), "\(points)")

            let json = try copies.backUp("--format", "json")
            #expect(json.status == 3, "\(json)")
            let answer = JSON(json)["backups"]
            #expect(answer.count == 3)
            #expect(answer[1]["failure"]["code"].text != nil)
            #expect(answer[0]["point"].text == answer[2]["point"].text)

            try copies.mendArchives(of: "b")
            let caught = try copies.backUp()
            #expect(caught.status == 0, "\(caught)")
            for name in Copies.names {
                #expect(try scene.lifeboat("verify", "--deep", "--from", copies.path(name)).status == 0)
                #expect(try scene.lifeboat("drill", "--from", copies.path(name)).status == 0)
            }
        }
    }

    @Test("a point that somebody took away is brought back by a sync, and nothing is held against it any more")
    func broughtBack() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            for note in ["one", "two", "three"] {
                try scene.change("UPDATE customer SET note = '\(note)' WHERE id = 1")
                #expect(try copies.backUp().status == 0)
            }
            let points = try Directory(copies.path("b") + "/points").entries().filter { $0.kind == .file }
                .map { copies.path("b") + "/points/" + $0.path }.sorted()
            try #require(points.count == 3)
            // One that another continues, and the newest.
            for point in [points[1], points[2]] { try #require(unlink(point) == 0) }
            let missing = try copies.run(["verify", "--from", "b", "--config", copies.config])
            #expect(missing.status == 13 && missing.output.contains("missing shop/"), "\(missing)")
            #expect(try copies.run(["repo", "sync", "a", "b", "--config", copies.config]).status == 0)
            for _ in 1...2 {
                let verify = try copies.run(["verify", "--from", "b", "--config", copies.config])
                #expect(verify.status == 0 && !verify.output.contains("missing"), "\(verify)")
                // It is missed when it goes again.
                try #require(unlink(points[1]) == 0)
                #expect(try copies.run(["verify", "--from", "b", "--config", copies.config]).status == 13)
                #expect(try copies.run(["repo", "sync", "a", "b", "--config", copies.config]).status == 0)
            }
            let prune = try copies.run(["prune", "--from", "b", "--config", copies.config, "--policy", "nightly-30d"])
            #expect(prune.status == 0, "\(prune)")
        }
    }

    @Test("a repository that cannot be opened is named, and none at all is that error's status")
    func unreachable() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            for name in ["a", "c"] { try copies.spoilDescriptor(of: name) }
            let partial = try copies.backUp()
            #expect(partial.status == 3, "\(partial)")
            #expect(partial.output.contains("committed to b"))
            #expect(partial.errors.contains("nothing was committed to a, c: cannot read"), "\(partial)")
            try copies.spoilDescriptor(of: "b")
            let none = try copies.backUp()
            #expect(none.status == 12 || none.status == 13, "\(none)")
            #expect(!none.output.contains("committed"))
        }
    }

    @Test("an error of the database is said once, and has its own status")
    func database() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            let answer = try scene.lifeboat(
                "backup",
                "--config",
                copies.config,
                environment: ["SHOP": "host=/nowhere dbname=shop user=x"]
            )
            #expect(answer.status == 14, "\(answer)")
            #expect(answer.errorLines.count == 3, "\(answer)")
        }
    }
}

/// Settings with three folders for one plan.
struct Copies {
    static let names = ["a", "b", "c"]
    let scene: Scene
    var config: String { scene.folder + "/lifeboat.json" }

    init(_ scene: Scene, objectives: String = "{}") throws {
        self.scene = scene
        let file = try AtomicFile(path: scene.folder + "/lifeboat.json", .create)
        try file.write(
            text: """
                {
                  repositories: { a: { path: "./a" }, b: { path: "./b" }, c: { path: "./c" } },
                  plans: { shop: { source: { env: "SHOP" }, repositories: ["a", "b", "c"], objectives: \(objectives) } },
                }
                """
        )
        try file.finish()
    }

    func path(_ name: String) -> String { "\(scene.folder)/\(name)" }

    func backUp(_ more: String...) throws -> Answer { try run(["backup", "--config", config] + more) }

    /// Any command, with the database in the environment.
    func run(_ line: [String]) throws -> Answer {
        let launch = ChildLaunch(Scene.program, line, environment: scene.environment(["SHOP": scene.sourceText]))
        return Answer(try ChildProcess.run(launch, limit: 16 << 20))
    }

    /// A file stands where the archives should be: nothing can be stored.
    func breakArchives(of name: String) throws {
        try #require(rename(path(name) + "/archives", path(name) + "/../archives-\(name)") == 0)
        try overwrite(path(name) + "/archives", with: [])
    }

    func mendArchives(of name: String) throws {
        try #require(unlink(path(name) + "/archives") == 0)
        try #require(rename(path(name) + "/../archives-\(name)", path(name) + "/archives") == 0)
    }

    func spoilDescriptor(of name: String) throws {
        try overwrite(path(name) + "/repository/1.json", with: Array("{}".utf8))
    }

    /// Every archive file of one repository.
    func archives(of name: String) throws -> [String] {
        try Directory(path(name) + "/archives").entries().filter { $0.kind == .file }.map {
            "\(path(name))/archives/\($0.path)"
        }
    }
}

/// Replaces a file, whatever its permissions.
func overwrite(_ path: String, with bytes: [UInt8]) throws {
    unlink(path)
    let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    try #require(write(file, bytes, bytes.count) == bytes.count)
}
