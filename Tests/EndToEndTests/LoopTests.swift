import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("The whole loop, from the command line")
struct LoopTests {
    @Test(
        "a database is backed up, continued, restored, proven and reported on every major",
        arguments: PostgresMajor.allCases
    )
    func loop(major: PostgresMajor) throws {
        try Scene.with(on: major) { scene in
            let first = try scene.backUp()
            #expect(first.errors.contains("Keys were made"))
            #expect(first.output.contains("reused 0"))
            try scene.change("UPDATE purchase SET amount = 77 WHERE id = 5")
            let second = try scene.backUp()
            #expect(!second.errors.contains("Keys were made"))
            #expect(!second.output.contains("reused 0,"))

            let points = try JSON(scene.lifeboat("points", "--from", scene.repository, "--format", "json"))
            #expect(points["points"].count == 2)
            #expect(points["schema"].number == 1)

            let environment = ["LIFEBOAT_POSTGRES_BIN": try major.binaries()]
            let drill = try scene.lifeboat(
                "drill",
                "--from",
                scene.repository,
                "--format",
                "json",
                environment: environment
            )
            #expect(drill.status == 0, "\(drill)")
            let run = JSON(drill)["drills"][0]
            #expect(run["verdict"].text == "proven")
            #expect(run["tables"]["proven"].number == 4)
            #expect(run["tables"]["rows"].number == 3503)
            #expect(run["catalog"]["equal"].number == run["catalog"]["total"].number)

            let report = try scene.lifeboat("report", "--from", scene.repository, "--rto", "1h", "--rpo", "24h")
            #expect(report.status == 0, "\(report)")
            #expect(report.output.contains("compliance: met"))
            #expect(report.output.contains("targets typed for this report"), "\(report)")
            let asked = ["report", "--from", scene.repository, "--rpo", "24h", "--until"]
            let before = try scene.lifeboat(asked + ["2026-01-01T00:00:00Z"])
            #expect(before.status == 4 && before.output.contains("2025-12-02 00:00 to 2026-01-01"), "\(before)")
            #expect(try scene.lifeboat(asked + ["2926-01-01T00:00:00Z"]).status == 2)
        }
    }

    @Test("a restored database holds the same rows and answers the same queries")
    func restore() throws {
        try Scene.with { scene in
            try scene.backUp()
            try withDatabase { target in
                let text = target.words
                let answer = try scene.lifeboat("restore", "latest", "--from", scene.repository, "--to", text)
                #expect(answer.status == 0, "\(answer)")
                for query in [
                    "SELECT md5(string_agg(c::text, '|' ORDER BY id)) FROM public.customer c",
                    "SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM public.purchase p",
                    "SELECT md5(string_agg(w::text, '|' ORDER BY w::text)) FROM public.\"we ird.\"\"tab\\le\" w",
                    "SELECT sum(total) FROM public.rich",
                    "SELECT last_value FROM public.customer_id_seq",
                ] {
                    #expect(try scene.value(query, in: scene.source) == scene.value(query, in: target), "\(query)")
                }
            }
        }
    }

    @Test("a missed objective ends with status 4, and one that nothing was measured for with 5")
    func objectives() throws {
        try Scene.with { scene in
            try scene.backUp()
            let unknown = try scene.lifeboat("report", "--from", scene.repository, "--rto", "1h")
            #expect(unknown.status == 5, "\(unknown)")
            #expect(try scene.lifeboat("drill", "--from", scene.repository).status == 0)
            let missed = try scene.lifeboat("report", "--from", scene.repository, "--rto", "1s", "--rpo", "24h")
            #expect(missed.status == 4, "\(missed)")
            #expect(missed.output.contains("MISSED"))
        }
    }

    @Test("an empty database makes a point that restores")
    func empty() throws {
        try Scene.with(sql: "SELECT 1") { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
        }
    }

    @Test("large objects are read back in a drill")
    func largeObjects() throws {
        let sql = """
            SELECT lo_from_bytea(0, decode(repeat('abcdef', 2000), 'hex')), lo_create(70001);
            REVOKE UPDATE ON LARGE OBJECT 70001 FROM CURRENT_USER; GRANT SELECT ON LARGE OBJECT 70001 TO PUBLIC;
            COMMENT ON LARGE OBJECT 70001 IS 'für später';
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository)
            #expect(drill.status == 0, "\(drill)")
            #expect(drill.output.contains("large objects ok: 2 came back"), "\(drill)")

            try withDatabase { target in
                let text = target.words
                let restore = try scene.lifeboat("restore", "--from", scene.repository, "--to", text)
                #expect(restore.status == 0, "\(restore)")
                let privileges = "SELECT lomacl FROM pg_largeobject_metadata WHERE oid = 70001"
                #expect(try scene.value(privileges, in: target) == scene.value(privileges, in: scene.source))
            }
        }
    }

    @Test("a plan's 'exclude' leaves out rows and keeps definitions, and says so")
    func excludedRows() throws {
        try Scene.with { scene in
            let file = try AtomicFile(path: scene.folder + "/lifeboat.json", .create)
            try file.write(
                text: """
                    {
                      repositories: { local: { path: "./repo" } },
                      plans: { shop: { source: { env: "SHOP" }, repositories: ["local"], exclude: ["public.purchase"] } },
                    }
                    """
            )
            try file.finish()
            let config = scene.folder + "/lifeboat.json"
            let backup = try scene.lifeboat("backup", "--config", config, environment: ["SHOP": scene.sourceText])
            #expect(backup.status == 0, "\(backup)")
            #expect(backup.output.contains("left out: "), "\(backup)")
            try withDatabase { target in
                let text = target.words
                let answer = try scene.lifeboat("restore", "--from", scene.repository, "--to", text)
                #expect(answer.status == 0, "\(answer)")
                #expect(try scene.value("SELECT count(*) FROM public.purchase", in: target) == "0")
                #expect(try scene.value("SELECT count(*) FROM public.customer", in: target) == "500")
            }
        }
    }
}
