import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("When one copy is gone or damaged, the next one serves")
struct FallOverTests {
    @Test("a restore takes single archives from another repository, and says which and why")
    func damagedArchives() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            let archives = try twoArchives(copies)
            // One flipped in a, one missing in a, and the flipped one missing in b: only c has it.
            try spoil(archives[0])
            try #require(unlink(archives[1]) == 0)
            let flipped = try #require(copies.archives(of: "b").first { $0.hasSuffix(archives[0].suffix(40)) })
            try #require(unlink(flipped) == 0)
            try withDatabase { target in
                let answer = try restore(copies, to: target, "--format", "json")
                #expect(answer.status == 0, "\(answer)")
                #expect(JSON(answer)["notices"].count >= 2, "\(answer)")
                #expect(try sum(of: target) == sum(of: scene.source))
            }
            // On its own, the damaged one refuses.
            try withDatabase { target in
                let text = target.words
                let alone = try scene.lifeboat("restore", "--from", copies.path("a"), "--to", text)
                #expect(alone.status == 13, "\(alone)")
            }
        }
    }

    @Test("restore, drill and report pass over a repository that cannot be opened, and say so")
    func goneRepository() throws {
        try Scene.with { scene in
            let copies = try Copies(scene, objectives: "{ copies: 3, rpo: \"24h\" }")
            #expect(try copies.backUp().status == 0)
            #expect(try copies.run(["report", "--config", copies.config]).status == 0)
            try copies.spoilDescriptor(of: "a")
            try withDatabase { target in
                let answer = try restore(copies, to: target)
                #expect(answer.status == 0, "\(answer)")
                #expect(answer.errors.contains("a repository of the plan was passed over"), "\(answer)")
                #expect(try sum(of: target) == sum(of: scene.source))
            }
            let drill = try copies.run(["drill", "--config", copies.config])
            #expect(drill.status == 0 && drill.errors.contains("passed over"), "\(drill)")
            let verify = try copies.run(["verify", "--config", copies.config])
            #expect(verify.status == 3 && verify.errors.contains("'a' could not be verified"), "\(verify)")
            #expect(verify.output.contains(copies.path("b")) && verify.output.contains(copies.path("c")), "\(verify)")
            let report = try copies.run(["report", "--config", copies.config])
            #expect(report.status == 5, "\(report)")
            #expect(report.errors.contains("repository 'a' does not count"), "\(report)")
            #expect(report.output.contains("not examined     repository 'a': "), "\(report)")
            #expect(!report.output.contains("too few since"), "\(report)")
            let facts = JSON(try copies.run(["report", "--config", copies.config, "--format", "json"]))["reports"][0]
            #expect(facts["evidence"]["notExamined"][0]["name"].text == "a")
            #expect(facts["copies"]["compliance"]["outcome"].text == "unknown")
            #expect(facts["copies"]["missedSince"].text == nil)
        }
    }

    @Test("a drill takes damaged archives from the next copy, says so, and that copy does not count any more")
    func drillOverDamage() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            // As if they were meant for somebody else: no reason to give up.
            for archive in try copies.archives(of: "a") { try spoilHeader(archive) }
            let deep = try copies.run(["verify", "--deep", "--from", "a", "--config", copies.config])
            #expect(deep.status == 13 && deep.output.contains("1 of 1 points are bad"), "\(deep)")
            try withDatabase { target in
                let answer = try restore(copies, to: target)
                #expect(answer.status == 0, "\(answer)")
            }
            let drill = try copies.run(["drill", "--config", copies.config])
            #expect(drill.status == 0 && drill.output.contains("proven shop/"), "\(drill)")
            #expect(drill.output.contains("the copy in '\(copies.path("a"))': it is damaged"), "\(drill)")
            #expect(drill.errors.contains("lifeboat verify --repair"), "\(drill)")
            let points = JSON(try copies.run(["points", "--config", copies.config, "--format", "json"]))["points"]
            #expect(points[0]["damaged"].text == nil && points[0]["proven"].text != nil)
            #expect(points[0]["copies"][0]["damaged"].text != nil && points[0]["copies"][1]["damaged"].text == nil)
            // The others hold the same bytes, so they know of the proof; the rehearsal was one.
            for copy in [1, 2] { #expect(points[0]["copies"][copy]["proven"].text != nil) }
            let report = try copies.run(["report", "--config", copies.config, "--format", "json"])
            #expect(JSON(report)["reports"][0]["proof"]["drills"]["proven"].number == 1, "\(report)")
            #expect(try scene.lifeboat("drill", "--from", copies.path("a")).status == 4)
        }
    }

    @Test("reading takes back what a drill found missing, decrypting what it found damaged, and verify says so")
    func takenBack() throws {
        try Scene.with { scene in
            try scene.backUp()
            let archive = try #require(try scene.files("archives").first)
            func isDamaged() throws -> Bool {
                let points = JSON(try scene.lifeboat("points", "--from", scene.repository, "--format", "json"))
                return points["points"][0]["damaged"].text != nil
            }
            try #require(rename(archive, scene.folder + "/aside") == 0)
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 4)
            try #require(rename(scene.folder + "/aside", archive) == 0)
            #expect(try isDamaged())
            let verify = try scene.lifeboat("verify", "--from", scene.repository)
            #expect(verify.status == 0 && !verify.output.contains("doubt"), "\(verify)")
            #expect(try !isDamaged())

            try flip(archive)
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 4)
            try flip(archive)
            let shallow = try scene.lifeboat("verify", "--from", scene.repository)
            #expect(shallow.status == 0 && shallow.output.contains("doubt shop/"), "\(shallow)")
            #expect(shallow.errors.contains(" --deep"), "\(shallow)")
            #expect(try isDamaged())
            let deep = try scene.lifeboat("verify", "--deep", "--from", scene.repository)
            #expect(deep.status == 0 && !deep.output.contains("doubt"), "\(deep)")
            #expect(try !isDamaged())
        }
    }

    @Test("where no copy has an archive, the rows come from other archives of a repository that was out of step")
    func outOfStep() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            try #require(copies.backUp().status == 0)
            let before = try copies.archives(of: "a")
            try scene.change("UPDATE purchase SET amount = 77 WHERE id = 5; SELECT lo_from_bytea(0, 'a large object')")
            try #require(copies.backUp("shop", "--to", "a").status == 0)
            let lone = try copies.archives(of: "a").filter { !before.contains($0) }
            // Its archives in a are those of the run that the others missed; they have their own.
            try #require(copies.backUp().status == 0)
            for archive in lone { try flip(archive) }
            try withDatabase { target in
                let answer = try restore(copies, to: target)
                #expect(answer.status == 0 && answer.errors.contains("other archives of"), "\(answer)")
                #expect(try sum(of: target) == sum(of: scene.source))
                let objects = "SELECT string_agg(convert_from(lo_get(oid), 'UTF8'), ',') FROM pg_largeobject_metadata"
                #expect(try Connection(target).query(objects)[0, 0] == "a large object")
            }
            let drill = try copies.run(["drill", "--config", copies.config])
            #expect(drill.status == 0, "\(drill)")
            let points = JSON(try copies.run(["points", "--config", copies.config, "--format", "json"]))["points"]
            let newest = points[2]["copies"]
            #expect(newest[0]["damaged"].text != nil)
            // Of what they never had they lack nothing.
            for copy in [1, 2] { #expect(newest[copy]["damaged"].text == nil) }
        }
    }

    @Test("a repository that missed the newest point does not hide it")
    func newestElsewhere() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            #expect(try copies.backUp().status == 0)
            try scene.change("UPDATE purchase SET amount = 77 WHERE id = 5")
            try copies.breakArchives(of: "a")
            #expect(try copies.backUp().status == 3)
            try copies.mendArchives(of: "a")
            try withDatabase { target in
                let answer = try restore(copies, to: target)
                #expect(answer.status == 0, "\(answer)")
                #expect(try sum(of: target) == sum(of: scene.source))
            }
        }
    }

    @Test("verify names what a damaged archive holds, and --repair mends it from another copy and from nothing else")
    func repair() throws {
        try Scene.with { scene in
            let copies = try Copies(scene)
            let archives = try twoArchives(copies)
            try flip(archives[0])
            let quick = try copies.run(["verify", "--quick", "--from", "a", "--config", copies.config])
            #expect(quick.status == 0, "\(quick)")
            let found = try copies.run(["verify", "--from", "a", "--config", copies.config, "--format", "json"])
            #expect(found.status == 13, "\(found)")
            #expect(JSON(found)["damaged"][0]["ranges"][0]["table"].text != nil, "\(found)")
            // A look at sizes does not acquit it.
            _ = try copies.run(["verify", "--quick", "--from", "a", "--config", copies.config])
            let listed = try copies.run(["points", "--from", "a", "--config", copies.config, "--format", "json"])
            #expect(JSON(listed)["points"][0]["damaged"].text != nil, "\(listed)")

            try #require(unlink(archives[1]) == 0)
            #expect(try copies.run(["verify", "--quick", "--from", "a", "--config", copies.config]).status == 13)
            // A copy that is damaged too is no source.
            for archive in try copies.archives(of: "b") { try flip(archive) }
            let none = try copies.run(
                ["verify", "--repair", "--from-repository", "b", "--from", "a", "--config", copies.config]
            )
            #expect(none.status == 13, "\(none)")
            #expect(access(archives[0], F_OK) == 0, "what is damaged stays until good bytes are there")
            let mended = try copies.run(["verify", "--repair", "--from", "a", "--config", copies.config])
            #expect(mended.status == 0, "\(mended)")
            #expect(mended.output.contains("mended archive"), "\(mended)")
            #expect(try scene.lifeboat("verify", "--deep", "--from", copies.path("a")).status == 0)
            #expect(try scene.lifeboat("drill", "--from", copies.path("a")).status == 0)
            let after = try copies.run(["points", "--from", "a", "--config", copies.config, "--format", "json"])
            #expect(JSON(after)["points"][0]["damaged"].text == nil, "\(after)")
        }
    }

    @Test("points, show and hold speak of every copy, and a point that is bad in one copy is not bad")
    func everyCopy() throws {
        try Scene.with { scene in
            let copies = try Copies(scene, objectives: "{ copies: 3, rpo: \"24h\" }")
            #expect(try copies.backUp().status == 0)
            try copies.breakArchives(of: "c")
            #expect(try copies.backUp("--full").status == 3)
            try copies.mendArchives(of: "c")
            let settings = ["--config", copies.config]
            for archive in try copies.archives(of: "a") { try flip(archive) }
            #expect(try copies.run(["verify", "--from", "a"] + settings).status == 13)
            let verify = try copies.run(["verify", "--format", "json"] + settings)
            #expect(verify.status == 13, "\(verify)")
            let verified = JSON(verify)
            #expect(verified["repositories"].count == 3 && verified["points"].count == 2 && verified["bad"].count == 2)
            let bad = (0..<3).map { verified["repositories"][$0]["bad"].count }
            #expect(bad == [2, 0, 0], "\(verify)")
            let named = try copies.run(["verify", "latest"] + settings)
            for name in ["a", "b"] { #expect(named.output.contains(copies.path(name)), "\(named)") }
            #expect(named.errors.contains("is not in repository 'c'"), "\(named)")

            let points = JSON(try copies.run(["points", "--format", "json"] + settings))["points"]
            #expect(points.count == 2)
            #expect(points[0]["copies"].count == 3 && points[1]["copies"].count == 2)
            #expect(points[0]["damaged"].text == nil && points[0]["copies"][0]["damaged"].text != nil)
            let text = try copies.run(["points"] + settings)
            #expect(text.output.contains("2 of 3: b, c, a is damaged"), "\(text)")
            #expect(text.output.contains("1 of 3: b, a is damaged"), "\(text)")
            let show = try copies.run(["show", "latest"] + settings)
            #expect(show.output.contains("1 of 3: b") && show.output.contains("durable"), "\(show)")

            // Two good points lie in b: nothing is lost, but the promise of three copies is missed, since then.
            let report = JSON(try copies.run(["report", "--format", "json"] + settings))["reports"][0]
            #expect(report["recoveryPoint"]["compliance"]["outcome"].text == "met")
            #expect(report["recoveryPoint"]["badPoints"].count == 0)
            #expect(report["copies"]["newestPoint"].number == 1 && report["copies"]["missedSince"].text != nil)
            #expect(report["runs"]["done"].number == 2)
            let shown = try copies.run(["report"] + settings)
            #expect(shown.status == 4 && shown.output.contains("too few since"), "\(shown)")

            let held = JSON(try copies.run(["hold", "oldest", "--reason", "audit", "--format", "json"] + settings))
            #expect(held["repositories"].count == 3)
            for name in Copies.names {
                let listed = JSON(try copies.run(["points", "--from", name, "--format", "json"] + settings))["points"]
                #expect(listed[0]["held"].text == "audit", "\(name)")
            }
            // Of two points of one day the older one would go, were it not held in every repository.
            _ = try copies.run(["prune", "--policy", "nightly-30d", "--yes"] + settings)
            for name in Copies.names {
                let left = JSON(try copies.run(["points", "--from", name, "--format", "json"] + settings))["points"]
                #expect(left[0]["held"].text == "audit" && left.count == (name == "c" ? 1 : 2), "\(name)")
            }
            try copies.spoilDescriptor(of: "b")
            let partial = try copies.run(["hold", "oldest", "--release"] + settings)
            #expect(partial.status == 3 && partial.errors.contains("did not reach 'b'"), "\(partial)")
            let prune = try copies.run(["prune", "--policy", "nightly-30d", "--yes", "--format", "json"] + settings)
            #expect(prune.status == 3 && prune.errors.contains("'b' could not be pruned"), "\(prune)")
            #expect(JSON(prune)["repositories"].count == 2 && JSON(prune)["failed"][0]["repository"].text == "b")
            for place in [0, 1] { #expect(JSON(prune)["repositories"][place]["done"]["freedBytes"].number != nil) }
        }
    }

    private func restore(_ copies: Copies, to target: ConnectionSettings, _ more: String...) throws -> Answer {
        let text = target.words
        return try copies.run(["restore", "latest", "--config", copies.config, "--to", text] + more)
    }

    /// Two runs, so that the newest point lies in two archives; the older one first.
    private func twoArchives(_ copies: Copies) throws -> [String] {
        try #require(copies.backUp().status == 0)
        let first = try copies.archives(of: "a")
        try copies.scene.change("UPDATE purchase SET amount = 77 WHERE id = 5")
        try #require(copies.backUp().status == 0)
        let both = first + (try copies.archives(of: "a")).filter { !first.contains($0) }
        try #require(both.count == 2)
        return both
    }

    private func sum(of database: ConnectionSettings) throws -> String? {
        let sql = "SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM public.purchase p"
        return try Connection(database).query(sql)[0, 0]
    }
}

/// Changes the stanzas of an archive, so that no identity opens it.
private func spoilHeader(_ path: String) throws {
    let file = open(path, O_RDONLY)
    try #require(file >= 0)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
    try #require(pread(file, &bytes, bytes.count, 0) == bytes.count)
    try overwrite(path, with: withSpoiledHeader(bytes))
}

/// Changes a byte in every encrypted chunk of an archive, whose length stays.
private func spoil(_ path: String) throws {
    let file = open(path, O_RDWR)
    try #require(file >= 0)
    defer { close(file) }
    let end = lseek(file, 0, SEEK_END)
    for offset in stride(from: Int(1000), to: end, by: 10_000) {
        var byte: UInt8 = 0
        try #require(pread(file, &byte, 1, offset) == 1)
        byte ^= 0x40
        try #require(pwrite(file, &byte, 1, offset) == 1)
    }
}
