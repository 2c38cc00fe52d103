import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("An answer that nobody can have, and a point that is none")
struct LostAnswerTests {
    @Test("what cannot be written is an error; who stops listening is none")
    func fullDevice() throws {
        try Scene.with { scene in
            try scene.backUp()
            for command in [["points", "--from", scene.repository], ["key", "escrow"], ["--help"], ["--version"]] {
                let shell = ["/bin/sh", "-c", "exec \"$@\" >/dev/full", "sh"]
                let full = try scene.lifeboat(command, wrapper: shell)
                #expect(full.status == 1, "\(command): \(full)")
                #expect(full.errors.contains("cause: standard output: no space left on device"), "\(full)")
                #expect(!full.errors.contains("rm "), "\(full)")
                let closed = try scene.lifeboat(command, wrapper: ["/bin/sh", "-c", "exec \"$@\" >&-", "sh"])
                #expect(closed.status == 0, "\(command): \(closed)")
            }
        }
    }

    @Test("a plan is backed up as its settings say: what is left out besides would count as a point of it")
    func planAsItIs() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            for flag in ["--exclude", "--exclude-rows"] {
                let refused = try copies.backUp(flag, "public.*")
                #expect(refused.status == 2 && refused.errors.contains("'excludeObjects'"), "\(refused)")
            }
            #expect(access(copies.path("a"), F_OK) != 0)
            try scene.write(
                """
                {
                  repositories: { a: { path: "./a" } },
                  plans: { shop: { source: { env: "SHOP" }, excludeObjects: ["public.purchase", "view:rich"] } },
                }
                """,
                to: copies.config
            )
            #expect(try copies.backUp().status == 0)
            let shown = try copies.run(["show", "latest", "--config", copies.config])
            #expect(shown.output.contains("table 'public.purchase': excluded, with its definition"), "\(shown)")
        }
    }

    @Test("a point without the rows of any table proves nothing")
    func noRows() throws {
        try Scene.with { scene in
            try scene.backUp("--exclude-rows", "public.*")
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 5 && drill.output.contains("unverified"), "\(drill)")
        }
        try Scene.with(sql: "") { scene in
            try scene.backUp()
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
        }
    }

    @Test("a run that could not begin is a failed run in the records")
    func couldNotBegin() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            for _ in 0..<2 {
                let failed = try scene.lifeboat("backup", "--config", copies.config)
                #expect(failed.status == 10, "\(failed)")
            }
            let report = JSON(try copies.run(["report", "--config", copies.config, "--format", "json"]))
            #expect(report["reports"][0]["runs"]["failed"].number == 2, "\(report)")
            #expect(try copies.run(["hold", "latest", "--reason", "audit", "--config", copies.config]).status == 0)
            let runs = JSON(try copies.run(["runs", "--config", copies.config, "--format", "json"]))["runs"]
            #expect(runs.count == 4, "\(runs)")
            #expect(runs[0]["event"].text == "backup" && runs[0]["result"].text == "done")
            #expect(runs[0]["repositories"].count == 3 && runs[0]["point"].text != nil)
            #expect(runs[1]["detail"].text?.contains("'SHOP' is not set") == true && runs[2]["result"].text == "failed")
            #expect(runs[3]["detail"].text == "held: audit")
            let failed = try copies.run(["runs", "--failed", "--last", "1", "--config", copies.config])
            #expect(failed.output.split(separator: "\n").count == 2 && failed.output.contains("a, b, c"), "\(failed)")
            #expect(failed.errors.contains("1 older run is not shown"), "\(failed)")
        }
    }
}
