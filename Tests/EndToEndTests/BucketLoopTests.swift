import Model
import PostgresClient
import Repository
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
                let text = target.words
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

    @Test("a store with every peculiarity at once serves the whole loop")
    func peculiar() throws {
        var ways = PeculiarS3.Ways()
        ways.checksums = .badRequest
        ways.conditions = .refuses
        ways.xml = .bare
        ways.quotesETags = false
        ways.encodesKeys = true
        ways.hasPoorHead = true
        ways.sendsChunks = true
        ways.listsUploads = false
        ways.deleteStatus = "200 OK"
        ways.pageSize = 3
        ways.region = "garage"
        let server = try PeculiarS3(ways)
        defer { withExtendedLifetime(server) {} }
        let place = "s3://\(PeculiarS3.bucket)/p"
        var environment = [
            "AWS_ENDPOINT_URL": server.endpoint, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        ]
        try Scene.with { scene in
            let backup = ["backup", scene.sourceText, "--to", place, "--plan", "shop"]
            let elsewhere = try scene.run(backup, environment: environment)
            #expect(elsewhere.status == 13 && elsewhere.errors.contains("'garage'"), "\(elsewhere)")
            environment["AWS_REGION"] = "garage"
            for _ in 0..<2 {
                let answer = try scene.run(backup, environment: environment)
                #expect(answer.status == 0, "\(answer)")
            }
            for words in [
                ["verify", "--deep", "--from", place], ["drill", "--from", place],
                ["prune", "--from", place, "--policy", "daily-7d", "--yes"], ["repo", "check", place],
                ["points", "--from", place],
            ] {
                let answer = try scene.run(words, environment: environment)
                #expect(answer.status == 0, "\(words) \(answer)")
            }
        }
    }

    @Test("a plan's bucket is reached by what its settings say, with a lock on everything that its newest point needs")
    func settings() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket(lock: true)
        try Scene.with { scene in
            let config = scene.folder + "/lifeboat.json"
            let more = ["SHOP": scene.sourceText, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"]
            for days in [2, 9] {
                let place = "s3: \"s3://\(bucket)/p\", endpoint: \"\(server.endpoint)\", region: \"eu-west-1\""
                let rest = "lock: \"\(days)d\", pathStyle: true, storageClass: \"STANDARD_IA\""
                let plan = "shop: { source: { env: \"SHOP\" }, repositories: [\"eu\"] }"
                try scene.write("{ repositories: { eu: { \(place), \(rest) } }, plans: { \(plan) } }", to: config)
                let begun = Instant.now
                let answer = try run(scene, server, ["backup", "--config", config], more)
                #expect(answer.status == 0, "\(answer)")
                // The second point refers to what the first one wrote, under a lock that would end before its own.
                let shown = JSON(try run(scene, server, ["show", "--config", config, "--format", "json"], more))
                let archives = shown["manifest"]["archives"]
                let first = archives[0]["writtenIn"].text
                try #require(archives.count > 0 && first != nil)
                #expect(days == 2 || first != shown["point"]["name"].text, "nothing was referred to")
                for index in 0..<archives.count {
                    let id = try #require(archives[index]["id"].text)
                    let key = "p/archives/\(id.prefix(2))/\(id).tar.age"
                    let end = try #require(try server.lockEnd(of: key, in: bucket))
                    #expect(end >= begun + .seconds(days * 86_400), "\(key) is locked until \(end)")
                }
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

    @Test("with credentials that may only read, everything that reads works, and says what could not be written")
    func readOnly() throws {
        let server = try S3Server.shared(.moto)
        let denied = "<Error><Code>AccessDenied</Code><Message>read only</Message></Error>"
        let proxy = try FaultProxy(to: server.port) { line, _ in
            line.hasPrefix("GET") || line.hasPrefix("HEAD") ? .none : .answer("403 Forbidden", body: denied)
        }
        let place = "s3://\(try server.makeBucket())/p"
        let own = ["AWS_ENDPOINT_URL": proxy.endpoint]
        try Scene.with { scene in
            for _ in 0..<2 {
                let backup = ["backup", scene.sourceText, "--to", place, "--plan", "shop"]
                #expect(try run(scene, server, backup).status == 0)
            }
            let drill = try run(scene, server, ["drill", "--from", place], own)
            #expect(drill.status == 0 && drill.output.contains("proven"), "\(drill)")
            #expect(drill.errors.contains("could not be recorded"), "\(drill)")
            let verify = try run(scene, server, ["verify", "--from", place], own)
            #expect(verify.status == 0 && verify.errors.contains("could not be recorded"), "\(verify)")
            try withDatabase { target in
                let text = target.words
                let restore = try run(scene, server, ["restore", "--from", place, "--to", text], own)
                #expect(restore.status == 0 && restore.errors.contains("cannot be written"), "\(restore)")
            }
            let policy = ["prune", "--from", place, "--policy", "nightly-30d"]
            let look = try run(scene, server, policy, own)
            #expect(look.status == 0, "\(look)")
            #expect(try run(scene, server, policy + ["--yes"], own).status == 13)
            // Nothing was written by any of them.
            let points = JSON(try run(scene, server, ["points", "--from", place, "--format", "json"]))["points"]
            #expect(points.count == 2 && points[1]["proven"].text == nil)
        }
    }

    @Test("a prune deletes with what 'deleteWith' names, a profile or variables, and with nothing else")
    func deletingWithOthers() throws {
        let server = try S3Server.shared(.moto)
        let denied = "<Error><Code>AccessDenied</Code><Message>only the pruner</Message></Error>"
        let strange = ProgressCounter()
        let proxy = try FaultProxy.seeingHeads(to: server.port) { line, head in
            let isPruner = head.contains("Credential=PRUNER/")
            let isRemoval = line.hasPrefix("DELETE") && !line.contains("/p/sessions/")
            // The pruner may look for uploads that nobody finished, and that is all it may besides.
            if isPruner, !line.hasPrefix("DELETE"), !line.contains("uploads=") { strange.add(1) }
            return isRemoval && !isPruner ? .answer("403 Forbidden", body: denied) : .none
        }
        try Scene.with { scene in
            let config = scene.folder + "/lifeboat.json"
            try scene.write("{ one: { keep: { last: 1 } } }", to: scene.folder + "/retention.json")
            try scene.write(
                "[pruner]\naws_access_key_id = PRUNER\naws_secret_access_key = x\n",
                to: scene.folder + "/credentials"
            )
            let own = [
                "AWS_ENDPOINT_URL": proxy.endpoint, "SHOP": scene.sourceText, "PRUNE_KEY": "PRUNER",
                "PRUNE_SECRET": "x", "AWS_SHARED_CREDENTIALS_FILE": scene.folder + "/credentials",
            ]
            let bucket = try server.makeBucket()
            func settle(_ deleteWith: String) throws {
                let place = "s3: \"s3://\(bucket)/p\", deleteWith: { \(deleteWith) }"
                let plan = "shop: { source: { env: \"SHOP\" } }"
                try scene.write("{ repositories: { eu: { \(place) } }, plans: { \(plan) } }", to: config)
            }
            let prune = ["prune", "--config", config, "--policy", "one", "--yes"]
            for deleteWith in [
                "profile: \"pruner\"", "accessKeyEnv: \"PRUNE_KEY\", secretKeyEnv: \"PRUNE_SECRET\"",
            ] {
                try settle(deleteWith)
                for _ in 0..<2 {
                    let answer = try run(scene, server, ["backup", "--config", config], own)
                    #expect(answer.status == 0, "\(answer)")
                }
                let answer = try run(scene, server, prune, own)
                #expect(answer.status == 0, "\(answer)")
                let left = JSON(try run(scene, server, ["points", "--config", config, "--format", "json"], own))
                #expect(left["points"].count == 1)
            }
            #expect(strange.value == 0)
            try settle("profile: \"nobody\"")
            _ = try run(scene, server, ["backup", "--config", config], own)
            let missing = try run(scene, server, prune, own)
            #expect(missing.status == 13 && missing.errorLines.count == 3, "\(missing)")
            try settle("accessKeyEnv: \"ABSENT\", secretKeyEnv: \"PRUNE_SECRET\"")
            let unset = try run(scene, server, prune, own)
            #expect(unset.status == 10 && unset.errors.contains("'ABSENT' is not set"), "\(unset)")
        }
    }

    @Test("a limit on the rate is kept on the way to a bucket and back, by the option and by the settings")
    func limitedRate() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket()
        let noise =
            "CREATE TABLE noise AS SELECT n, md5(n::text) || md5((-n)::text) AS m FROM generate_series(1, 60000) n"
        try Scene.with(sql: noise) { scene in
            let config = scene.folder + "/lifeboat.json"
            let place = "s3: \"s3://\(bucket)/p\", rateLimit: \"1MB/s\""
            let plan = "shop: { source: { env: \"SHOP\" } }"
            try scene.write("{ repositories: { eu: { \(place) } }, plans: { \(plan) } }", to: config)
            let own = ["SHOP": scene.sourceText]
            func seconds(_ words: [String]) throws -> Double {
                let begun = ContinuousClock.now
                let answer = try run(scene, server, words + ["--config", config], own)
                #expect(answer.status == 0, "\(answer)")
                return (.now - begun) / .seconds(1)
            }
            let slow = try seconds(["backup"])
            let points = JSON(try run(scene, server, ["points", "--config", config, "--format", "json"], own))
            let megabytes = Double(try #require(points["points"][0]["bytesStored"].number)) / 1_000_000
            try #require(megabytes > 2)
            #expect(slow >= megabytes, "\(slow) s for \(megabytes) MB")
            // What is typed goes before the settings.
            #expect(try seconds(["backup", "--full", "--limit-rate", "100MB/s"]) < slow)
            try withDatabase { target in
                let text = target.words
                let restored = try seconds(["restore", "latest", "--to", text, "--limit-rate", "2MB/s"])
                #expect(restored >= megabytes / 2, "\(restored) s for \(megabytes) MB")
            }
        }
    }

    @Test("what somebody deleted from a bucket with versions is found and restored from behind the markers")
    func deleted() throws {
        let server = try S3Server.shared(.moto)
        let bucket = try server.makeBucket(lock: true)
        let place = "s3://\(bucket)/p"
        try Scene.with { scene in
            let backup = ["backup", scene.sourceText, "--to", place, "--plan", "shop"]
            for _ in 0..<2 { #expect(try run(scene, server, backup).status == 0) }
            let store = try S3Store(S3Settings(bucket: bucket, prefix: "p"), environment: server.environment)
            for object in try store.list("") { try store.remove(object.key) }
            let gone = try run(scene, server, ["points", "--from", place])
            #expect(gone.status == 13, "\(gone)")
            let points = JSON(try run(scene, server, ["points", "--from", place, "--deleted", "--format", "json"]))
            #expect(points["points"].count == 2)
            try withDatabase { target in
                let text = target.words
                let words = ["restore", "latest", "--deleted", "--from", place, "--to", text]
                let answer = try run(scene, server, words)
                #expect(answer.status == 0, "\(answer)")
                let query = "SELECT md5(string_agg(p::text, '|' ORDER BY id)) FROM public.purchase p"
                #expect(try scene.value(query, in: scene.source) == scene.value(query, in: target))
            }
            let folder = try run(scene, server, ["points", "--from", scene.folder, "--deleted"])
            #expect(folder.status == 2, "\(folder)")
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
