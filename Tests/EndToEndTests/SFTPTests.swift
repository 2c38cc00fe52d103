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
                let text = "host='\(target.host)' port=\(target.port) user=\(target.user) dbname='\(target.database)'"
                _ = try lifeboat(["restore", "latest", "--from", vault.url, "--to", text])
                #expect(try DatabasePicture(target) == DatabasePicture(scene.source))
            }
            _ = try lifeboat(["prune", "--from", vault.url, "--policy", "daily-7d", "--yes"])
            let check = try lifeboat(["check", scene.sourceText, "--from", vault.url])
            #expect(check.output.contains("opens and can be written"), "\(check)")
        }
    }
}
