import PostgresClient
import TestSupport
import Testing

@Suite("A run that takes too long is given up, and says so")
struct TimeLimitTests {
    @Test("a function that never returns does not keep a drill for ever; the point is unverified, and it is on record")
    func drill() throws {
        let sql = """
            CREATE FUNCTION calm(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';
            CREATE TABLE t (a int); INSERT INTO t SELECT generate_series(1, 9);
            CREATE INDEX endless ON t (calm(a));
            CREATE OR REPLACE FUNCTION calm(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
              'BEGIN PERFORM pg_catalog.pg_sleep(3600); RETURN a; END';
            """
        try Scene.with(sql: sql) { scene in
            try scene.backUp()
            let drill = try scene.lifeboat("drill", "--from", scene.repository, "--max-time", "8s")
            #expect(drill.status == 5, "\(drill)")
            #expect(drill.output.contains("not possible the drill took longer than 8 s and was given up"), "\(drill)")
            #expect(drill.output.contains("cause        it had come to this: the step '"), "\(drill)")
            let report = JSON(try scene.lifeboat("report", "--from", scene.repository, "--format", "json"))
            #expect(report["reports"][0]["proof"]["drills"]["unverified"].number == 1)
        }
    }

    @Test("a backup that is given up leaves no point, is on record, and does not keep the next plan from its turn")
    func backup() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket()
        let sql = "CREATE TABLE t AS SELECT md5(g::text) || md5((g + 1)::text) AS a FROM generate_series(1, 8000) AS g"
        try Scene.with(sql: sql) { scene in
            let config = scene.folder + "/lifeboat.json"
            let settings = """
                {
                  repositories: { slow: { s3: "s3://\(bucket)/p", rateLimit: "30kB/s" }, quick: { path: "./quick" } },
                  plans: {
                    one: { source: { env: "SHOP" }, repositories: ["slow"], maxBackupTime: "3s" },
                    two: { source: { env: "SHOP" }, repositories: ["quick"] },
                  },
                }
                """
            try scene.write(settings, to: config)
            let environment = server.environment.merging(["SHOP": scene.sourceText]) { $1 }
            func run(_ words: String...) throws -> Answer {
                try scene.lifeboat(words + ["--config", config], environment: environment)
            }
            let answer = try run("backup")
            #expect(answer.status == 3, "\(answer)")
            #expect(answer.errors.contains("the backup of 'one' took longer than 3 s and was given up"), "\(answer)")
            #expect(answer.output.contains("two/"), "\(answer)")
            #expect(JSON(try run("points", "--plan", "one", "--format", "json"))["points"].count == 0)
            let report = JSON(try run("report", "one", "--format", "json"))
            #expect(report["reports"][0]["runs"]["failed"].number == 1, "\(report)")
            // What is typed goes before the settings.
            let patient = try run("backup", "one", "--max-time", "10min")
            #expect(patient.status == 0, "\(patient)")
        }
    }
}
