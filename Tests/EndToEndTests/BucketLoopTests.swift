import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("The whole loop with a bucket, from the command line")
struct BucketLoopTests {
    /// Runs the program with what a user of that server has in the environment.
    private func run(_ scene: Scene, _ server: S3Server, _ arguments: [String], _ more: [String: String] = [:]) throws
        -> Answer
    {
        let environment = scene.environment(server.environment.merging(more) { $1 })
        let launch = ChildLaunch(Scene.program, arguments, environment: environment)
        return Answer(try ChildProcess.run(launch, limit: 16 << 20))
    }

    @Test(
        "a database is backed up, continued, listed, restored, proven, verified, pruned and reported",
        arguments: S3Server.Kind.allCases
    )
    func loop(_ kind: S3Server.Kind) throws {
        let server = try S3Server.shared(kind)
        let place = "s3://\(try server.makeBucket())/backups"
        try Scene.with { scene in
            let backup = ["backup", scene.sourceText, "--to", place, "--plan", "shop"]
            let first = try run(scene, server, backup)
            try #require(first.status == 0, "\(first)")
            try scene.change("UPDATE purchase SET amount = 77 WHERE id = 5")
            let second = try run(scene, server, backup)
            #expect(second.status == 0 && !second.output.contains("reused 0,"), "\(second)")

            let points = JSON(try run(scene, server, ["points", "--from", place, "--format", "json"]))
            #expect(points["points"].count == 2)
            let drill = JSON(try run(scene, server, ["drill", "--from", place, "--format", "json"]))
            #expect(drill["drills"][0]["verdict"].text == "proven")
            try withDatabase { target in
                let text = "host='\(target.host)' port=\(target.port) user=\(target.user) dbname='\(target.database)'"
                let answer = try run(scene, server, ["restore", "latest", "--from", place, "--to", text])
                #expect(answer.status == 0, "\(answer)")
                let query = "SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM public.purchase p"
                #expect(try scene.value(query, in: scene.source) == scene.value(query, in: target))
            }
            let config = scene.folder + "/lifeboat.json"
            let plan = "shop: { source: { env: \"SHOP\" }, repositories: [\"eu\"] }"
            try scene.write("{ repositories: { eu: { s3: \"\(place)\" } }, plans: { \(plan) } }", to: config)
            try scene.write("{ one: { keep: { last: 1 } } }", to: scene.folder + "/retention.json")
            for verb in [
                ["verify", "--from", place], ["prune", "--config", config, "--policy", "one", "--yes"],
                ["report", "--from", place, "--rto", "1h", "--rpo", "24h"],
            ] {
                let answer = try run(scene, server, verb)
                #expect(answer.status == 0, "\(verb) \(answer)")
            }
            let left = JSON(try run(scene, server, ["points", "--from", place, "--format", "json"]))
            #expect(left["points"].count == 1)
        }
    }

    @Test("a plan's bucket is reached by what its settings say, with a lock on everything that its newest point needs")
    func settings() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket(lock: true)
        try Scene.with { scene in
            try scene.write(
                """
                {
                  repositories: {
                    eu: { s3: "s3://\(bucket)/p", endpoint: "\(server.endpoint)", region: "eu-west-1", lock: "2d",
                          pathStyle: true, storageClass: "STANDARD_IA" },
                  },
                  plans: { shop: { source: { env: "SHOP" }, repositories: ["eu"] } },
                }
                """,
                to: scene.folder + "/lifeboat.json"
            )
            let more = ["SHOP": scene.sourceText, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"]
            for _ in 0..<2 {
                let answer = try run(scene, server, ["backup", "--config", scene.folder + "/lifeboat.json"], more)
                #expect(answer.status == 0, "\(answer)")
            }
        }
    }

    @Test(
        "a host that may delete nothing but its sessions backs up; its prune ends with 13 and loses nothing"
    )
    func withoutDeleting() throws {
        let server = try S3Server.shared(.moto)
        let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
        let proxy = try FaultProxy(to: server.port) { line, _ in
            line.hasPrefix("DELETE") && !line.contains("/p/sessions/") && !line.contains("uploadId=")
                ? .answer("403 Forbidden", body: denied) : .none
        }
        let place = "s3://\(try server.makeBucket())/p"
        let own = ["AWS_ENDPOINT_URL": proxy.endpoint]
        try Scene.with { scene in
            for _ in 0..<2 {
                let answer = try run(scene, server, ["backup", scene.sourceText, "--to", place, "--plan", "shop"], own)
                #expect(answer.status == 0, "\(answer)")
            }
            let config = scene.folder + "/lifeboat.json"
            let plan = "shop: { source: { env: \"SHOP\" }, repositories: [\"eu\"] }"
            try scene.write("{ repositories: { eu: { s3: \"\(place)\" } }, plans: { \(plan) } }", to: config)
            try scene.write("{ one: { keep: { last: 1 } } }", to: scene.folder + "/retention.json")
            let answer = try run(scene, server, ["prune", "--config", config, "--policy", "one", "--yes"], own)
            #expect(answer.status == 13 && answer.errorLines.count == 3, "\(answer)")
            #expect(answer.errors.contains("may not delete"), "\(answer)")
            let points = JSON(try run(scene, server, ["points", "--from", place, "--format", "json"]))
            #expect(points["points"].count == 2)
        }
    }

    @Test("what is wrong with a bucket is told in three lines, with status 13")
    func refusals() throws {
        let server = try S3Server.shared(.moto)
        try Scene.with { scene in
            let place = "s3://nobody-has-this/x"
            let backup = ["backup", scene.sourceText, "--to", place, "--plan", "shop"]
            let unreachable = ["AWS_ENDPOINT_URL": "http://127.0.0.1:\(try unusedPort())"]
            for more in [[:], ["AWS_ACCESS_KEY_ID": ""], unreachable] {
                let answer = try run(scene, server, backup, more)
                #expect(answer.status == 13, "\(answer)")
                #expect(answer.errorLines.count == 3, "\(answer)")
            }
        }
    }
}
