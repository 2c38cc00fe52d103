import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("cancellation")
struct CancellationTests {
    /// Waits, on the server's own word, until the session runs something, then asks for the end.
    private static func request(_ stop: Stop, whenBusy process: Int32, _ settings: ConnectionSettings) {
        startDedicatedThread {
            guard let observer = try? Connection(settings) else { return stop.request() }
            let sql = "SELECT state = 'active' AND query LIKE '%lasts%' FROM pg_stat_activity WHERE pid = $1::int"
            while let rows = try? observer.query(sql, [String(process)]), rows.first?[0] != "t" {}
            stop.request()
        }
    }

    @Test("a requested stop ends the running query", .timeLimit(.minutes(1)))
    func stopsQuery() throws {
        try withDatabase { settings in
            let stop = Stop()
            let connection = try Connection(settings, stop: stop)
            Self.request(stop, whenBusy: connection.backendProcess, settings)
            #expect(throws: Stopped.self) { try connection.query("SELECT pg_sleep(600) /* lasts */") }
            #expect(throws: Stopped.self) { try connection.query("SELECT 1") }
            #expect(throws: Stopped.self) { _ = try Connection(settings, stop: stop) }
        }
    }

    @Test("a requested stop ends a COPY that delivers nothing", .timeLimit(.minutes(1)))
    func stopsCopyOut() throws {
        try withDatabase { settings in
            let stop = Stop()
            let connection = try Connection(settings, stop: stop)
            Self.request(stop, whenBusy: connection.backendProcess, settings)
            #expect(throws: Stopped.self) {
                try connection.copyOut("COPY (SELECT pg_sleep(600) /* lasts */) TO STDOUT") { _ in }
            }
        }
    }

    @Test("a requested stop does not keep the rollback from the server", .timeLimit(.minutes(1)))
    func rollsBackWhenStopped() throws {
        try withDatabase(sql: "CREATE TABLE t (a int)") { settings in
            let stop = Stop()
            let connection = try Connection(settings, stop: stop)
            let body: () throws -> Void = {
                try connection.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
                stop.request()
                try connection.execute("SELECT 1")
            }
            #expect(throws: Stopped.self) { try connection.withTransaction("BEGIN", body) }
            #expect(!connection.isInTransaction)
            try Connection(settings).execute("BEGIN; LOCK TABLE t NOWAIT; ROLLBACK")
        }
    }

    @Test("another thread may cancel, and the session stays usable", .timeLimit(.minutes(1)))
    func cancelsFromElsewhere() throws {
        try withDatabase { settings in
            let connection = try Connection(settings)
            let stop = Stop()
            stop.whenRequested { [cancellation = connection.cancellation] in cancellation.cancel() }
            Self.request(stop, whenBusy: connection.backendProcess, settings)
            let failure = #expect(throws: PostgresError.self) {
                try connection.query("SELECT pg_sleep(600) /* lasts */")
            }
            #expect(failure?.isCancelled == true)
            #expect(try connection.query("SELECT 1")[0, 0] == "1")
        }
    }

    @Test("cancelling an idle or a closed connection does nothing")
    func cancelsNothing() throws {
        try withDatabase { settings in
            var connection: Connection? = try Connection(settings)
            let cancellation = try #require(connection).cancellation
            cancellation.cancel()
            #expect(try connection?.query("SELECT 1")[0, 0] == "1")
            connection = nil
            cancellation.cancel()
        }
    }
}
