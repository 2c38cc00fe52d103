import Glibc
import Model
import Repository
import Streams
import TestSupport
import Testing

@Suite("Evidence that is damaged or does not add up, from the command line")
struct WholeEvidenceTests {
    @Test("a planted record stops nobody, is seen by verify and report, and keeps a prune waiting for a word")
    func plantedRecord() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            let whole = try copies.run(["report", "--config", copies.config])
            #expect(whole.status == 0, "\(whole)")
            #expect(whole.output.contains("1 record by lbsig1"), "\(whole)")

            let records = copies.path("a") + "/records/shop"
            let signer = try #require(try Directory(records).entries().first(where: { $0.kind == .folder })?.path)
            try overwrite("\(records)/\(signer)/000000002.record", with: Array("garbage".utf8))
            for line in [["points"], ["check", "--from", copies.path("a")], ["hold", "latest", "--reason", "kept"]] {
                let answer = try copies.run(line + ["--config", copies.config])
                #expect(answer.status == 0, "\(answer)")
            }
            #expect(try copies.backUp().status == 0)
            let report = try copies.run(["report", "--config", copies.config])
            #expect(report.status == 5 && report.output.contains("1 record in a cannot be read"), "\(report)")
            let verify = try scene.lifeboat("verify", "--from", copies.path("a"))
            #expect(verify.status == 13 && verify.output.contains("000000002.record"), "\(verify)")
            #expect(try scene.lifeboat("verify", "--from", copies.path("b")).status == 0)

            let prune = ["prune", "--from", copies.path("a"), "--policy", "nightly-30d", "--yes"]
            let refused = try scene.lifeboat(prune)
            #expect(refused.status == 12 && refused.errors.contains("--accept-broken-chain"), "\(refused)")
            let accepted = try scene.lifeboat(prune + ["--accept-broken-chain"])
            #expect(accepted.status == 0, "\(accepted)")
            #expect(try scene.lifeboat(prune).status == 0)
            #expect(try scene.lifeboat("verify", "--from", copies.path("a")).status == 0)
            #expect(try copies.run(["report", "--config", copies.config]).status == 0)
        }
    }

    @Test("archives that are gone, and points that are, cost points, report, check and verify their good word")
    func gone() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            for amount in 1...3 {
                try scene.change("UPDATE purchase SET amount = \(amount) WHERE id = 5")
                #expect(try copies.backUp().status == 0)
            }
            let archives = copies.path("c") + "/archives"
            try #require(rename(archives, archives + "-away") == 0)
            let points = try copies.run(["points", "--config", copies.config])
            #expect(points.output.contains("2 of 3: a, b, c is damaged"), "\(points)")
            let report = try copies.run(["report", "--config", copies.config])
            #expect(report.status == 4 && report.output.contains("in 2 of 3"), "\(report)")
            let check = try copies.run(["check", "--from", copies.path("c"), "--config", copies.config])
            #expect(check.status == 13 && check.output.contains("cannot be restored from here"), "\(check)")
            try #require(rename(archives + "-away", archives) == 0)
            #expect(try copies.run(["report", "--config", copies.config]).status == 0)

            for name in Copies.names {
                let points = try Directory(copies.path(name) + "/points").entries().filter { $0.kind == .file }
                let middle = points.map(\.path).sorted()[1]
                try #require(unlink("\(copies.path(name))/points/\(middle)") == 0)
            }
            let missed = try copies.run(["report", "--config", copies.config])
            #expect(missed.status == 4 && missed.output.contains("Evidence"), "\(missed)")
            let verify = try scene.lifeboat("verify", "--from", copies.path("a"))
            #expect(verify.status == 13 && verify.output.contains("missing "), "\(verify)")
            let gone = try copies.run(["check", "--from", copies.path("a"), "--config", copies.config])
            #expect(gone.status == 13 && gone.output.contains("is gone, although no prune"), "\(gone)")
        }
    }

    @Test("one repository by two names is one copy")
    func sameTwice() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            #expect(try scene.lifeboat("report", "--config", copies.config).status == 0)
            try #require(rename(copies.path("c"), copies.path("c") + "-away") == 0)
            try #require(symlink("a", copies.path("c")) == 0)
            let points = try copies.run(["points", "--config", copies.config])
            #expect(points.output.contains("2 of 3: a, b"), "\(points)")
            #expect(points.errors.contains("'c' of the plan is 'a' by another name"), "\(points)")
            let report = try copies.run(["report", "--config", copies.config])
            #expect(report.status == 4 && report.output.contains("in 2 of 3"), "\(report)")
            // Whoever changes something does not take it for a further one: a hold would not reach it, a prune would act in it.
            let name = try #require(
                JSON(try copies.run(["points", "--config", copies.config, "--format", "json"]))[
                    "points"
                ][0]["name"].text
            )
            for line in [
                ["backup"], ["hold", name, "--reason", "audit"], ["prune", "--policy", "nightly-30d"], ["verify"],
            ] {
                let answer = try copies.run(line + ["--config", copies.config])
                #expect(answer.status == 3, "\(answer)")
                #expect((answer.errors + answer.output).contains("that is one copy, not two"), "\(answer)")
            }
        }
    }
}
