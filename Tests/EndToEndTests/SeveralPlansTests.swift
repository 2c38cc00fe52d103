import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("Several plans in one run")
struct SeveralPlansTests {
    /// Plans that cannot work beside one that can: `dead` has no database, `lost` no variable for its database, and
    /// `half` a second repository whose password is not there.
    private static let settings = """
        {
          repositories: {
            a: { path: "./a" },
            far: { sftp: "sftp://x@127.0.0.1:9/x", passwordEnv: "NO_SUCH_PASSWORD" },
          },
          plans: {
            dead: { source: { postgres: "host=/nowhere dbname=x user=x" }, repositories: ["a"] },
            lost: { source: { env: "NO_SUCH_URL" }, repositories: ["a"] },
            half: { source: { env: "SHOP" }, repositories: ["a", "far"] },
            shop: { source: { env: "SHOP" }, repositories: ["a"] },
          },
        }
        """

    private func write(_ settings: String, in scene: Scene) throws -> String {
        let path = scene.folder + "/lifeboat.json"
        let file = try AtomicFile(path: path, .create)
        try file.write(text: settings)
        try file.finish()
        return path
    }

    @Test("what is wrong with one plan or one repository is its own failure, in backups and drills")
    func separate() throws {
        try Scene.with { scene in
            let config = try write(Self.settings, in: scene)
            let shop = ["SHOP": scene.sourceText]
            let backup = try scene.lifeboat("backup", "--config", config, environment: shop)
            #expect(backup.status == 3, "\(backup)")
            #expect(backup.output.contains("half/") && backup.output.contains("shop/"), "\(backup)")
            #expect(backup.errors.contains("NO_SUCH_URL") && backup.errors.contains("NO_SUCH_PASSWORD"), "\(backup)")
            #expect(backup.errors.contains("lifeboat repo sync a far"), "\(backup)")

            // Of `cut` nothing can be known; the others are reported all the same.
            try #require(unlink(config) == 0)
            let more = try write(
                Self.settings.replacing(
                    "plans: {",
                    with: "plans: { cut: { source: { env: \"SHOP\" }, repositories: [\"far\"] },"
                ),
                in: scene
            )
            let report = try scene.lifeboat("report", "--config", more, "--format", "json", environment: shop)
            #expect(report.status == 5, "\(report)")
            #expect(JSON(report)["failed"].count == 1 && JSON(report)["failed"][0]["plan"].text == "cut", "\(report)")
            #expect(JSON(report)["reports"].count == 4, "\(report)")

            let drill = try scene.lifeboat("drill", "--config", config, "dead", "shop", environment: shop)
            #expect(drill.output.contains("proven shop/"), "\(drill)")
            #expect(drill.status == 13 && drill.errors.contains("error: "), "\(drill)")
        }
    }

    @Test("a point's full name tells its plan: a hold reaches every copy of it, a restore falls over to the next")
    func fullName() throws {
        try Scene.with { scene in
            let settings = """
                {
                  repositories: { one: { path: "./one" }, two: { path: "./two" } },
                  plans: {
                    both: { source: { env: "SHOP" }, repositories: ["one", "two"] },
                    single: { source: { env: "SHOP" }, repositories: ["one"] },
                    idle: { source: { env: "SHOP" }, repositories: ["one"], schedule: { backup: "@daily" } },
                  },
                }
                """
            let config = try write(settings, in: scene)
            let shop = ["SHOP": scene.sourceText]
            #expect(try scene.lifeboat("backup", "--config", config, environment: shop).status == 0)
            let points = try Directory(scene.folder + "/one/points/both").entries().filter { $0.kind == .file }
            let file = try #require(points.first?.path.split(separator: "/").last)
            let point = "both/" + file.dropLast(".point".utf8.count)
            let unclear = try scene.lifeboat("hold", "latest", "--reason", "x", "--config", config)
            #expect(unclear.status == 2 && unclear.errors.contains("--plan"), "\(unclear)")
            let held = try scene.lifeboat("hold", point, "--reason", "x", "--config", config, "--format", "json")
            #expect(held.status == 0 && held.output.contains("\"one\"") && held.output.contains("\"two\""), "\(held)")

            // Where plans have different repositories first, the name is all there is to go by.
            let parted = scene.folder + "/parted.json"
            try scene.write(settings.replacing("[\"one\"], schedule", with: "[\"two\"], schedule"), to: parted)
            for words in [["diff", point, point], ["show", point]] {
                let answer = try scene.lifeboat(words + ["--config", parted])
                #expect(answer.status == 0, "\(answer)")
            }

            func report(_ plan: String) throws -> JSON {
                JSON(try scene.lifeboat("report", plan, "--config", config, "--format", "json"))["reports"][0]
            }
            let planned = try report("idle")["recoveryPoint"]["schedule"]
            // As `check` counts it, with the random delay of the timers.
            #expect(planned["jitterSeconds"].number == 300)
            #expect(planned["worstExposureSeconds"].number.map { $0 >= 86_700 } == true)
            #expect(try report("both")["copies"]["compliance"]["outcome"].text == "met")

            #expect(rename(scene.folder + "/one", scene.folder + "/gone") == 0)
            let unseen = try report("both")
            #expect(unseen["evidence"]["notExamined"][0]["name"].text == "one", "\(unseen)")
            #expect(unseen["copies"]["compliance"]["outcome"].text == "unknown", "\(unseen)")
            #expect(unseen["compliance"]["outcome"].text == "unknown", "\(unseen)")
            try withDatabase { target in
                let restore = try scene.lifeboat("restore", point, "--config", config, "--to", target.words)
                #expect(restore.status == 0, "\(restore)")
            }
            let schedule = try scene.lifeboat("schedule", "--config", config)
            #expect(schedule.status == 0 && schedule.output.contains("idle"), "\(schedule)")
            #expect(try scene.lifeboat("schedule", "both", "--config", config).status == 10)
        }
    }

    @Test("plans whose turn did not come before the run was stopped are not done")
    func stopped() throws {
        try Scene.with { scene in
            let settings = """
                {
                  repositories: { a: { path: "./a" } },
                  plans: {
                    first: { source: { env: "SHOP" }, repositories: ["a"] },
                    second: { source: { env: "SHOP" }, repositories: ["a"] },
                  },
                }
                """
            let config = try write(settings, in: scene)
            // The shell stops the program as soon as the first point is there.
            let script = """
                "$0" backup --config "$1" --format json --limit-rate 200KB/s & pid=$!
                while [ -z "$(ls "$2"/a/points/first 2>/dev/null)" ]; do sleep 0.01; done
                kill -TERM $pid; wait $pid
                """
            let launch = ChildLaunch(
                "/bin/sh",
                ["-c", script, Scene.program, config, scene.folder],
                environment: scene.environment(["SHOP": scene.sourceText])
            )
            let answer = Answer(try ChildProcess.run(launch, limit: 16 << 20))
            #expect(answer.status == 130, "\(answer)")
            let results = JSON(answer)["backups"]
            #expect(results.count == 2 && results[1]["failure"]["code"].text == "interrupted", "\(answer)")
            #expect(try Directory(scene.folder + "/a/points").entries().contains { $0.path.hasPrefix("first/") })
        }
    }
}
