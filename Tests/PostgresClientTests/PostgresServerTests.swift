import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("the servers that tests run against")
struct PostgresServerTests {
    @Test("a test run that is killed leaves neither server nor folder behind", .timeLimit(.minutes(1)))
    func killedRun() async throws {
        let exit = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent]) {
            let server = try PostgresServer.shared()
            let backend = try Connection(server.settings()).backendProcess
            // Plain `print` may sit in a buffer when the process is killed.
            let line = Array("folder=\(server.folder) pid=\(backend)\n".utf8)
            write(STDOUT_FILENO, line, line.count)
            kill(getpid(), SIGKILL)
        }
        let output = String(decoding: try #require(exit).standardOutputContent, as: UTF8.self)
        let match = try #require(output.firstMatch(of: /folder=(\S+) pid=/))
        let folder = String(match.1)
        while access(folder, F_OK) == 0 { sched_yield() }
        #expect(access(folder + "/postmaster.pid", F_OK) != 0)
    }

    @Test("a server of one's own is gone when it is stopped")
    func ownServer() throws {
        let server = try PostgresServer(ownFor: .v15)
        let settings = try server.settings()
        #expect(try Connection(settings).query("SELECT 1")[0, 0] == "1")
        server.stop()
        #expect(access(server.folder, F_OK) != 0)
        #expect(throws: PostgresError.self) { _ = try Connection(settings) }
    }

    @Test("every test has a database of its own, dropped afterwards")
    func freshDatabases() throws {
        let first = try withDatabase(sql: "CREATE TABLE t ()") { settings in settings }
        try withDatabase { settings in
            let connection = try Connection(settings)
            #expect(settings.database != first.database)
            #expect(try connection.query("SELECT to_regclass('t')")[0, 0] == nil)
        }
        #expect(throws: PostgresError.self) { _ = try Connection(first) }
    }
}
