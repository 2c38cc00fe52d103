import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("Beginning: init, check, schedule")
struct BeginningTests {
    /// Writes the settings of a scene as `init` does.
    private func initialise(_ scene: Scene, _ more: [String] = []) throws -> Answer {
        try scene.run(
            ["init", "--plan", "shop", "--source", scene.sourceText, "--repo", scene.repository]
                + ["--config", scene.folder + "/lifeboat.json"] + more
        )
    }

    @Test("init writes settings that back up as they stand, and never writes over them")
    func initialisation() throws {
        try Scene.with { scene in
            let answer = try initialise(scene)
            #expect(answer.status == 0, "\(answer)")
            #expect(answer.errors.contains("lifeboat key escrow"))
            #expect(answer.output.contains("lifeboat backup"))
            let config = scene.folder + "/lifeboat.json"
            let before = try FileSource(path: config).readAll(limit: 1 << 16)

            let second = try initialise(scene)
            #expect(second.status == 10, "\(second)")
            #expect(try FileSource(path: config).readAll(limit: 1 << 16) == before)

            let backup = try scene.run(["backup", "--config", config])
            #expect(backup.status == 0, "\(backup)")
        }
    }

    @Test("init without a terminal and without a database says what to write")
    func nobodyToAsk() throws {
        try Scene.with { scene in
            // A session of its own has no terminal to ask at.
            let answer = try scene.lifeboat(
                "init",
                "--config",
                scene.folder + "/x.json",
                wrapper: ["/usr/bin/setsid", "-w"]
            )
            #expect(answer.status == 2, "\(answer)")
            #expect(answer.errors.contains("--source"))
        }
    }

    @Test("check names the tables that a role may not read, and the ones whose rows would be hidden")
    func privileges() throws {
        let sql =
            Scene.smallShop
                + """
                ; CREATE TABLE secret (x integer); REVOKE ALL ON secret FROM PUBLIC;
                CREATE TABLE tenants (x integer); ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
                CREATE POLICY one ON tenants USING (x = 1);
                SELECT pg_catalog.lo_create(0);
                """
        try Scene.with(sql: sql) { scene in
            #expect(try initialise(scene).status == 0)
            let config = scene.folder + "/lifeboat.json"
            let sound = try scene.run(["check", "--config", config])
            #expect(sound.status == 0, "\(sound)")

            let reader = "reader_" + scene.source.database.filter { $0.isLetter || $0.isNumber }.lowercased()
            try scene.change(
                """
                CREATE ROLE \(reader) LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO \(reader);
                GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO \(reader); REVOKE ALL ON secret FROM \(reader);
                """
            )
            defer { try? scene.change("DROP OWNED BY \(reader); DROP ROLE \(reader)") }
            let text =
                "host='\(scene.source.host)' port=\(scene.source.port) user=\(reader) dbname='\(scene.source.database)'"
            let blind = try scene.run(["check", text])
            #expect(blind.status == 14, "\(blind)")
            #expect(blind.output.contains("'public.secret'"))
            #expect(blind.output.contains("'public.tenants'"))
            #expect(blind.output.contains("may not read the database's 1 large object"), "\(blind)")
            #expect(blind.output.contains("5 at once"), "\(blind)")
            for (limit, words) in [(3, "3 at once are to be had, and not 5"), (1, "needs two sessions at once")] {
                // Sessions of the last check end when the server notices.
                usleep(500_000)
                try scene.change("ALTER ROLE \(reader) CONNECTION LIMIT \(limit)")
                let limited = try scene.run(["check", text])
                #expect((limited.output + limited.errors).contains(words), "\(limited)")
            }
        }
    }

    @Test("check fails a schedule that cannot keep its promise, and names one that can")
    func infeasible() throws {
        try Scene.with { scene in
            #expect(try initialise(scene).status == 0)
            let config = scene.folder + "/lifeboat.json"
            let text = String(decoding: try FileSource(path: config).readAll(limit: 1 << 16), as: UTF8.self)
            try scene.write(text.replacing("rpo: \"26h\"", with: "rpo: \"24h\""), to: config)
            let answer = try scene.run(["check", "--config", config, "--format", "json"])
            #expect(answer.status == 4, "\(answer)")
            #expect(answer.output.contains("0 2,14 * * *"))
            #expect(JSON(answer)["errors"].number == 1)
            try scene.write(text.replacing("retention:", with: "recoveryTarget: \"server\", retention:"), to: config)
            let target = try scene.run(["check", "--config", config])
            #expect(target.status == 0 && target.output.contains("no drill can judge the RTO"), "\(target)")
        }
    }

    @Test("the printed units are what systemd takes, for every job of the plan")
    func units() throws {
        try Scene.with { scene in
            #expect(try initialise(scene, ["--timezone", "Europe/Lisbon"]).status == 0)
            let units = scene.folder + "/units"
            try Directory(units).create()
            let config = scene.folder + "/lifeboat.json"
            let answer = try scene.run(["schedule", "--systemd", "--out", units, "--config", config])
            #expect(answer.status == 0, "\(answer)")
            let names = try Directory(units).entries().map(\.path)
            #expect(
                Set(names) == [
                    "lifeboat-backup@shop.service", "lifeboat-backup@shop.timer", "lifeboat-drill@shop.service",
                    "lifeboat-drill@shop.timer", "lifeboat-prune@shop.service", "lifeboat-prune@shop.timer",
                    "lifeboat-verify@shop.service", "lifeboat-verify@shop.timer", "lifeboat-failure@.service",
                ]
            )
            let paths = names.map { units + "/" + $0 }
            let verdict = try ChildProcess.run(ChildLaunch("/usr/bin/systemd-analyze", ["verify"] + paths))
            #expect(verdict.ending.isSuccess, "\(verdict.message)")
            // A drill makes a network of its own.
            let drill = try FileSource(path: units + "/lifeboat-drill@shop.service").readAll(limit: 1 << 16)
            #expect(!String(decoding: drill, as: UTF8.self).contains("RestrictNamespaces=yes"))
            // In the order of their names, so that the backup is first.
            for service in paths.sorted() where service.contains("@shop.service") {
                let text = String(decoding: try FileSource(path: service).readAll(limit: 1 << 16), as: UTF8.self)
                let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
                let run = try scene.run(line.split(separator: " ").dropFirst().map(String.init))
                #expect(run.status == 0, "\(line): \(run)")
            }
        }
    }
}
