import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("The whole loop with a repository behind SFTP")
struct SFTPTests {
    /// A server with an empty folder, and the environment of somebody who may use it.
    private struct Vault {
        let server: SSHServer
        let url: String
        let environment: [String: String]

        init() throws {
            server = try SSHServer()
            url = "sftp://\(server.user)@127.0.0.1:\(server.port)\(server.home)/repo"
            environment = [
                "LIFEBOAT_SFTP_IDENTITY": server.identityFile, "LIFEBOAT_SFTP_KNOWN_HOSTS": server.knownHosts,
            ]
        }
    }

    @Test("backup, incremental, points, show, verify, drill, restore and prune work on a typed URL")
    func loop() throws {
        try Scene.with { scene in
            let vault = try Vault()
            func lifeboat(_ words: [String]) throws -> Answer {
                let launch = ChildLaunch(Scene.program, words, environment: scene.environment(vault.environment))
                let answer = Answer(try ChildProcess.run(launch, limit: 16 << 20))
                #expect(answer.status == 0, "\(words): \(answer)")
                return answer
            }
            let backup = ["backup", scene.sourceText, "--to", vault.url, "--plan", "shop"]
            let first = try lifeboat(backup)
            #expect(first.output.contains("committed to \(vault.url)"))
            try scene.change("INSERT INTO customer (name) VALUES ('one more')")
            let second = try lifeboat(backup)
            #expect(second.output.contains("reused"))
            let points = try lifeboat(["points", "--from", vault.url])
            #expect(points.output.split(separator: "\n").count { $0.contains("shop/") } == 2, "\(points)")
            _ = try lifeboat(["show", "latest", "--from", vault.url])
            _ = try lifeboat(["verify", "--from", vault.url])
            let drill = try lifeboat(["drill", "--from", vault.url])
            #expect(drill.output.contains("proven"), "\(drill)")
            try withDatabase(on: .v15, sql: "") { target in
                let text = target.words
                _ = try lifeboat(["restore", "latest", "--from", vault.url, "--to", text])
                #expect(try DatabasePicture(target) == DatabasePicture(scene.source))
            }
            _ = try lifeboat(["prune", "--from", vault.url, "--policy", "daily-7d", "--yes"])
            let check = try lifeboat(["check", scene.sourceText, "--from", vault.url])
            #expect(check.output.contains("opens and can be written"), "\(check)")
            #expect(check.output.contains("left in 'sftp://"), "\(check)")
        }
    }

    @Test("a login that may not delete backs up; a prune with it ends with 13, and with 'deleteWith' removes")
    func deletingWithAnother() throws {
        try Scene.with { scene in
            let vault = try Vault()
            let config = scene.folder + "/lifeboat.json"
            try scene.write("{ one: { keep: { last: 1 } } }", to: scene.folder + "/retention.json")
            func lifeboat(_ words: String..., deleteWith: String = "") throws -> Answer {
                let place = "sftp: \"\(vault.url)\", identityFile: \"\(vault.server.writersFile)\""
                let plan = "shop: { source: { env: \"SHOP\" } }"
                try scene.write("{ repositories: { eu: { \(place)\(deleteWith) } }, plans: { \(plan) } }", to: config)
                let environment = [
                    "SHOP": scene.sourceText, "LIFEBOAT_SFTP_KNOWN_HOSTS": vault.server.knownHosts,
                ]
                let line = words + ["--config", config]
                let launch = ChildLaunch(Scene.program, line, environment: scene.environment(environment))
                return Answer(try ChildProcess.run(launch, limit: 16 << 20))
            }
            for _ in 0..<2 {
                let answer = try lifeboat("backup")
                #expect(answer.status == 0, "\(answer)")
            }
            let refused = try lifeboat("prune", "--policy", "one", "--yes")
            #expect(refused.status == 13 && refused.errorLines.count == 3, "\(refused)")
            #expect(refused.errors.contains("deleteWith"), "\(refused)")
            #expect(JSON(try lifeboat("points", "--format", "json"))["points"].count == 2)
            let other = ", deleteWith: { identityFile: \"\(vault.server.identityFile)\" }"
            let pruned = try lifeboat("prune", "--policy", "one", "--yes", deleteWith: other)
            #expect(pruned.status == 0, "\(pruned)")
            #expect(JSON(try lifeboat("points", "--format", "json"))["points"].count == 1)
        }
    }

    @Test("a password from a variable lets in, another one does not, and neither is shown")
    func password() throws {
        try Scene.with(sql: "SELECT 1") { scene in
            try scene.backUp()
            let server = try PasswordServer()
            let config = scene.folder + "/lifeboat.json"
            let place = "sftp: \"sftp://\(PasswordServer.user)@127.0.0.1:\(server.port)/repo\""
            let access = "hostKey: \"\(server.fingerprint)\", passwordEnv: \"VAULT\""
            let plan = "shop: { source: { env: \"SHOP\" } }"
            try scene.write("{ repositories: { vault: { \(place), \(access) } }, plans: { \(plan) } }", to: config)
            func attempt(_ environment: [String: String]) throws -> Answer {
                try scene.lifeboat("repo", "init", "vault", "--config", config, environment: environment)
            }
            // Let in, and told that the server makes no hard links.
            let right = try attempt(["VAULT": PasswordServer.password])
            #expect(right.status == 13 && right.errors.contains("hard links"), "\(right)")
            let wrong = try attempt(["VAULT": "battery staple"])
            #expect(wrong.status == 13 && wrong.errorLines.count == 3, "\(wrong)")
            #expect(wrong.errors.contains("does not let") && !wrong.errors.contains("battery"), "\(wrong)")
            let unset = try attempt([:])
            #expect(unset.status == 10 && unset.errors.contains("'VAULT' is not set"), "\(unset)")
        }
    }
}
