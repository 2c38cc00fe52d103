import Glibc
import Model
import PostgresClient
import TestSupport
import Testing

@Suite("A server that has to wake up first")
struct SlowWakingTests {
    @Test("is waited for, and the progress says for what")
    func firstConnect() throws {
        try Scene.with { scene in
            try scene.change("CREATE ROLE sleeper LOGIN SUPERUSER PASSWORD 'zzz'")
            defer { try? scene.change("DROP ROLE sleeper") }
            // As Neon does: the connection is taken at once, and the server behind it comes some seconds later.
            let waking = try FaultyProxy(to: PostgresServer.shared().port, .event { usleep(3_500_000) }, after: 0)
            defer { waking.stop() }
            let answer = try scene.lifeboat(
                "backup",
                "host=127.0.0.1 port=\(waking.port) user=sleeper dbname='\(scene.source.database)' sslmode=disable",
                "--to",
                scene.repository,
                "--progress",
                "json",
                environment: ["PGPASSWORD": "zzz"]
            )
            #expect(answer.status == 0, "\(answer)")
            let place = "\(scene.source.database) on 127.0.0.1:\(waking.port)"
            #expect(answer.errors.contains(#""phase":"connecting","item":"\#(place)""#), "\(answer)")
        }
    }
}
