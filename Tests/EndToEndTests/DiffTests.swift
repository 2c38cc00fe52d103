import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("What changed, from the command line")
struct DiffTests {
    @Test("two points tell what a migration did, object by object, and how many rows it left")
    func points() throws {
        try Scene.with { scene in
            try scene.backUp()
            try scene.change(
                """
                ALTER TABLE purchase ADD COLUMN paid boolean DEFAULT false;
                DROP INDEX purchase_customer_id_idx;
                COMMENT ON TABLE customer IS 'who buys';
                CREATE TABLE refund (id integer);
                DELETE FROM purchase WHERE id <= 100;
                UPDATE customer SET name = 'changed' WHERE id = 1;
                """
            )
            try scene.backUp()
            let answer = try scene.lifeboat("diff", "oldest", "latest", "--from", scene.repository)
            #expect(answer.status == 4, "\(answer)")
            for line in [
                "~ table public.purchase", "+ table public.refund",
                "- index purchase_customer_id_idx on public.purchase", "~ table public.customer",

                "the definitions differ: 1 only before, 1 only after, 2 changed",
            ] { #expect(answer.output.split(separator: "\n").contains { $0.hasPrefix(line) }, "\(line) in \(answer)") }
            #expect(answer.output.contains("\"paid\" boolean DEFAULT false"), "\(answer)")
            #expect(answer.output.contains(/public\.purchase +3000 +2900/), "\(answer)")
            #expect(answer.output.contains(/public\.customer +500 +500  other rows/), "\(answer)")
            #expect(answer.output.contains(/public\.refund +- +0/), "\(answer)")

            let json = try JSON(
                scene.lifeboat("diff", "oldest", "latest", "--from", scene.repository, "--format", "json")
            )
            #expect(json["kind"].text == "diff")
            #expect(json["objects"].count == 4)
            #expect(json["tables"].count == 3)
        }
    }

    @Test("the same point twice is the same, and says so with status 0")
    func same() throws {
        try Scene.with { scene in
            try scene.backUp()
            let answer = try scene.lifeboat("diff", "latest", "latest", "--from", scene.repository)
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.output.contains("the definitions are the same"))
            #expect(!answer.output.contains("ROWS BEFORE"))
        }
    }

    @Test("a point and a live database: nothing differs until somebody changes something by hand")
    func live() throws {
        try Scene.with { scene in
            try scene.backUp()
            let still = try scene.lifeboat(
                "diff",
                "latest",
                "--from",
                scene.repository,
                "--live",
                scene.sourceText,
                "--count"
            )
            #expect(still.status == 0, "\(still)")
            #expect(!still.output.contains("ROWS BEFORE"), "\(still)")
            try scene.change("GRANT SELECT ON customer TO PUBLIC; INSERT INTO empty VALUES ('x')")
            let drifted = try scene.lifeboat(
                "diff",
                "latest",
                "--from",
                scene.repository,
                "--live-env",
                "SHOP",
                "--count",
                environment: ["SHOP": scene.sourceText]
            )
            #expect(drifted.status == 4, "\(drifted)")
            #expect(drifted.output.contains("+ grant SELECT to PUBLIC by postgres"), "\(drifted)")
            #expect(drifted.output.contains(/public\.empty +0 +1/), "\(drifted)")
        }
    }

    @Test("a copy that was restored into another cluster differs in nothing, and that cluster's roles do not count")
    func restored() throws {
        try Scene.with { scene in
            try scene.change("ALTER TABLE customer ADD COLUMN kind varchar(9) CHECK (kind IN ('new', 'old'))")
            try scene.backUp()
            let sql = """
                DO $$BEGIN CREATE ROLE only_here; EXCEPTION WHEN duplicate_object OR unique_violation THEN END$$
                """
            try withDatabase(on: .v16, options: "TEMPLATE template0", sql: sql) { copy in
                try scene.restore(into: copy)
                let answer = try scene.lifeboat(
                    "diff",
                    "latest",
                    "--from",
                    scene.repository,
                    "--live",
                    copy.words,
                    "--count"
                )
                #expect(answer.status == 0, "\(answer)")
                #expect(answer.output.contains(/another cluster: roles that only it has are left out \(.*only_here/))
                try Connection(copy).execute("DROP TABLE empty")
                let json = try JSON(
                    scene.lifeboat(
                        "diff",
                        "latest",
                        "--from",
                        scene.repository,
                        "--live",
                        copy.words,
                        "--format",
                        "json"
                    )
                )
                #expect(json["objects"].count == 1)
            }
        }
    }

    @Test("with the plan's source in lifeboat.json, one point is enough")
    func planned() throws {
        try Scene.with { scene in
            let config = scene.folder + "/lifeboat.json"
            let file = try AtomicFile(path: config, .create)
            try file.write(
                text: """
                    {
                      repositories: { local: { path: "./repo" } },
                      plans: { shop: { source: { env: "SHOP" }, repositories: ["local"] } },
                    }
                    """
            )
            try file.finish()
            let environment = ["SHOP": scene.sourceText]
            #expect(try scene.lifeboat("backup", "--config", config, environment: environment).status == 0)
            try scene.change("DROP VIEW rich")
            let answer = try scene.lifeboat("diff", "--config", config, environment: environment)
            #expect(answer.status == 4, "\(answer)")
            #expect(answer.output.contains("- view public.rich"), "\(answer)")
        }
    }

    @Test("one point and nothing to compare it with is an error that says what to do")
    func nothing() throws {
        try Scene.with { scene in
            try scene.backUp()
            let answer = try scene.lifeboat("diff", "latest", "--from", scene.repository)
            #expect(answer.status == 2, "\(answer)")
            #expect(answer.errorLines.count >= 2, "\(answer)")
        }
    }
}
