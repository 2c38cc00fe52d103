import Glibc
import Model
import Streams
import TestSupport
import Testing

@Suite("Other machines, missing disks and misspelt names, from the command line")
struct RescueTests {
    @Test("what a rescue machine records stops nothing here; a prune waits until its key is trusted")
    func rescueMachine() throws {
        try Scene.with { scene in
            try scene.backUp()
            try scene.backUp()
            let here = scene.folder + "/config"
            let rescue = ["XDG_CONFIG_HOME": scene.folder + "/rescue"]
            let signer = try #require(JSON(try scene.lifeboat("key", "show", "--format", "json"))["signer"].text)
            #expect(try scene.lifeboat("key", "new", environment: rescue).status == 0)
            #expect(try scene.lifeboat("key", "trust", signer, environment: rescue).status == 0)
            let verified = try scene.lifeboat(
                "verify",
                "--from",
                scene.repository,
                "--identity",
                here + "/lifeboat/operator.identity",
                environment: rescue
            )
            #expect(verified.status == 0, "\(verified)")

            let from = ["--from", scene.repository]
            for line in [["points"], ["show"], ["report", "--rpo", "24h"], ["hold", "latest", "--reason", "audit"]] {
                let answer = try scene.lifeboat(line + from)
                #expect(answer.status == 0 && answer.errors.contains("lifeboat key trust lbsig"), "\(answer)")
            }
            let check = try scene.lifeboat(["check", scene.sourceText] + from)
            #expect(check.status == 0 && check.output.contains("lifeboat key trust lbsig"), "\(check)")
            try scene.backUp()
            let prune = ["prune", "--policy", "nightly-30d"] + from
            let look = try scene.lifeboat(prune)
            #expect(look.status == 0 && look.errors.contains("refusing to prune"), "\(look)")
            let act = try scene.lifeboat(prune + ["--yes"])
            #expect(act.status == 12 && act.errorLines.count >= 3, "\(act)")

            let theirs = JSON(try scene.lifeboat("key", "show", "--format", "json", environment: rescue))["signer"].text
            #expect(try scene.lifeboat("key", "trust", try #require(theirs)).status == 0)
            let trusted = try scene.lifeboat(prune + ["--yes"])
            #expect(trusted.status == 0 && !trusted.errors.contains("key trust"), "\(trusted)")
        }
    }

    @Test("a repository that is gone is not made anew in silence, and 'check' says so before")
    func missingDisk() throws {
        try Scene.with { scene in
            let checking = ["check", scene.sourceText, "--from", scene.repository]
            #expect(try scene.lifeboat("key", "new").status == 0)
            let before = try scene.lifeboat(checking)
            #expect(before.status == 0 && before.output.contains("the next backup makes a new one"), "\(before)")
            let first = try scene.backUp()
            #expect(first.errors.contains("made a new repository in '\(scene.repository)'"), "\(first)")
            #expect(!(try scene.backUp()).errors.contains("made a new repository"))

            try #require(rename(scene.repository, scene.repository + ".away") == 0)
            let line = ["backup", scene.sourceText, "--to", scene.repository, "--plan", "shop"]
            for isMountPoint in [false, true] {
                if isMountPoint { try Directory(scene.repository).create() }
                let refused = try scene.lifeboat(line)
                #expect(refused.status == 13 && refused.errors.contains("lifeboat repo init"), "\(refused)")
                let check = try scene.lifeboat(checking)
                #expect(check.status == 13 && check.output.contains("refusing to make a new repository"), "\(check)")
            }
            #expect(try Directory(scene.repository).entries().isEmpty)
            let made = try scene.lifeboat("repo", "init", scene.repository)
            #expect(made.status == 0, "\(made)")
            try scene.backUp()
        }
    }

    @Test("a plan that nobody knows is refused by name, and one without a point is in nobody's way")
    func unknownPlans() throws {
        try Scene.with { scene in
            try scene.backUp()
            let from = ["--from", scene.repository, "--plan", "shopp"]
            for line in [
                ["points"], ["prune", "--policy", "nightly-30d"], ["report"], ["repo", "repack"], ["verify"],
            ] {
                let answer = try scene.lifeboat(line + from)
                #expect(answer.status == 2 && answer.errors.contains("it has 'shop'"), "\(answer)")
            }
            let wrong = try scene.lifeboat("backup", "host=/nowhere dbname=typo user=x", "--to", scene.repository)
            #expect(wrong.status == 14, "\(wrong)")
            let verify = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(verify.status == 0, "\(verify)")

            let config = scene.folder + "/empty.json"
            let file = try AtomicFile(path: config, .create)
            try file.write(text: "{ repositories: { a: { path: \"./a\" } }, plans: {} }")
            try file.finish()
            for verb in ["backup", "points", "prune", "check", "report"] {
                let answer = try scene.lifeboat(verb, "--config", config)
                #expect(answer.status == 10 && answer.errors.contains("there is no plan in"), "\(verb): \(answer)")
            }
        }
    }

    @Test("a pattern that matches nothing is named, and what is left out is said as it is")
    func idlePatterns() throws {
        try Scene.with { scene in
            let answer = try scene.backUp(
                "--exclude",
                "nothing.here",
                "--exclude",
                "kind:xxx",
                "--exclude",
                "public.empty",
                "--exclude-rows",
                "public.nobody"
            )
            for text in [
                "'nothing.here' was to be left out, and nothing matches it", "no kind of object called 'kind'",
                "left out: table 'public.empty': excluded, with its definition",
                "the rows of 'public.nobody' were to be left out",
            ] {
                #expect(answer.output.contains(text), "\(text): \(answer)")
            }
            #expect(!answer.output.contains("'public.empty' was to be left out"))
        }
    }
}

@Suite("A newest point that is none")
struct SpoiltNewestTests {
    @Test("the newest sound one is named where the newest cannot be read")
    func named() throws {
        try Scene.with { scene in
            try scene.backUp()
            try scene.backUp()
            let points = try scene.files("points").sorted()
            try overwrite(points[1], with: Array("rubbish".utf8))
            let sound = try #require(points[0].split(separator: "/").last?.dropLast(".point".count))
            try withDatabase { target in
                let answer = try scene.restore(into: target)
                #expect(answer.status == 13, "\(answer)")
                #expect(answer.errors.contains("The newest sound one is 'shop/\(sound)'"), "\(answer)")
            }
        }
    }
}
