import Export
import Glibc
import PostgresClient
import Streams

/// Ends the sessions of Lifeboat whose last statement matches, once a condition holds.
final class SessionKiller: Sendable {
    private let stop = Stop()
    private let ended = Latch(count: 1)

    init(_ settings: ConnectionSettings, pattern: String, once condition: @escaping @Sendable () -> Bool) {
        let (stop, ended) = (stop, ended)
        startDedicatedThread {
            defer { ended.arrive() }
            guard let connection = try? Connection(settings) else { return }
            while !stop.isRequested {
                guard condition() else {
                    sched_yield()
                    continue
                }
                _ = try? connection.query(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE $1
                    """,
                    [pattern]
                )
            }
        }
    }

    func end() {
        stop.request()
        ended.wait()
    }
}
