import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("The verbs for repositories, from the command line")
struct RepositoryVerbTests {
    @Test("init tries the store and records what it guarantees; check finds it as recorded")
    func initAndCheck() throws {
        try Scene.with(sql: "SELECT 1") { scene in
            let made = try scene.lifeboat("repo", "init", scene.repository)
            #expect(made.status == 0, "\(made)")
            #expect(made.output.contains("yes  creates an object only where there is none"), "\(made)")
            let again = try scene.lifeboat("repo", "init", scene.repository)
            #expect(again.status == 13 && again.errorLines.count >= 2, "\(again)")
            let check = try scene.lifeboat("repo", "check", scene.repository, "--format", "json")
            #expect(check.status == 0, "\(check)")
            #expect(JSON(check)["changes"].count == 0)
            #expect(JSON(check)["id"].text?.count == 32)
            // The first backup goes into what was made.
            try scene.backUp()
            // The plan's own, not that of the first plan.
            let copies = try Copies(scene)
            try overwrite(
                copies.config,
                with: Array(
                    """
                    {
                      repositories: { a: { path: "./repo" }, b: { path: "./b" } },
                      plans: {
                        one: { source: { env: "SHOP" }, repositories: ["a"] },
                        two: { source: { env: "SHOP" }, repositories: ["b", "a"] },
                      },
                    }
                    """.utf8
                )
            )
            #expect(try scene.lifeboat("repo", "init", copies.path("b")).status == 0)
            let repack = ["repo", "repack", "--plan", "two", "--config", copies.config, "--format", "json"]
            #expect(JSON(try copies.run(repack))["repository"].text?.contains("/b") == true)
            let missing = try scene.lifeboat("repo", "check", scene.folder + "/nothing")
            #expect(missing.status == 13, "\(missing)")
        }
    }

    @Test("sync copies what is missing, needs no operator's key, is idempotent, and leaves both chains whole")
    func sync() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            // Two runs that b misses, then one that it has again.
            for id in [5, 6] {
                try scene.change("UPDATE purchase SET amount = 77 WHERE id = \(id)")
                try copies.breakArchives(of: "b")
                #expect(try copies.backUp().status == 3)
                try copies.mendArchives(of: "b")
            }
            #expect(try copies.backUp().status == 0)

            let identity = scene.folder + "/config/lifeboat/operator.identity"
            try #require(rename(identity, identity + ".away") == 0)
            let first = try copies.run(["repo", "sync", "a", "b", "--config", copies.config, "--format", "json"])
            #expect(first.status == 0, "\(first)")
            #expect(JSON(first)["plans"][0]["points"].count == 2)
            let second = try copies.run(["repo", "sync", "a", "b", "--config", copies.config])
            #expect(second.status == 0 && second.output.contains("has every point"), "\(second)")
            try #require(rename(identity + ".away", identity) == 0)

            let points = try JSON(scene.lifeboat("points", "--from", copies.path("b"), "--format", "json"))
            #expect(points["points"].count == 4)
            #expect(try scene.lifeboat("verify", "--deep", "--from", copies.path("b")).status == 0)
            let report = try scene.lifeboat("report", "--from", copies.path("b"), "--rpo", "24h")
            #expect(report.status == 0, "\(report)")
            for index in 0..<4 {
                let name = try #require(points["points"][index]["name"].text)
                let drill = try scene.lifeboat("drill", "--from", copies.path("b"), "--point", name)
                #expect(drill.status == 0, "\(drill)")
            }
            #expect(try copies.backUp().status == 0)
        }
    }

    @Test("sync copies no damaged archive, names the point that needs it, and still copies the others")
    func damagedSource() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try scene.lifeboat("repo", "init", copies.path("b")).status == 0)
            let only = try copies.backUp("shop", "--to", "a")
            #expect(only.status == 0, "\(only)")
            try flip(try #require(copies.archives(of: "a").first))
            // A second point that uses nothing of the first.
            #expect(try copies.backUp("shop", "--to", "a", "--full").status == 0)
            let answer = try copies.run(["repo", "sync", "a", "b", "--config", copies.config])
            #expect(answer.status == 3, "\(answer)")
            #expect(answer.output.contains("not copied"), "\(answer)")
            #expect(answer.output.contains("does not have the recorded SHA-256"), "\(answer)")
            let points = try JSON(scene.lifeboat("points", "--from", copies.path("b"), "--format", "json"))
            #expect(points["points"].count == 1)
            #expect(try scene.lifeboat("verify", "--deep", "--from", copies.path("b")).status == 0)
        }
    }
}

/// Changes one byte in the middle of a file.
func flip(_ path: String) throws {
    chmod(path, 0o600)
    let file = open(path, O_RDWR)
    try #require(file >= 0)
    defer { close(file) }
    let middle = lseek(file, 0, SEEK_END) / 2
    var byte: UInt8 = 0
    try #require(pread(file, &byte, 1, middle) == 1)
    byte ^= 0x40
    try #require(pwrite(file, &byte, 1, middle) == 1)
}
