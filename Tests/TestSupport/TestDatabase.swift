import Glibc
package import PostgresClient
import Synchronization

/// Runs `body` with a fresh database, filled by `sql`, and drops it afterwards.
///
/// `options` follows CREATE DATABASE, such as `ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`.
package func withDatabase<Result>(
    on major: PostgresMajor = .v15,
    options: String = "",
    sql: String = "",
    _ body: (ConnectionSettings) throws -> Result
) throws -> Result {
    let database = try TestDatabase(on: major, options: options)
    defer { database.drop() }
    if !sql.isEmpty { try Connection(database.settings).execute(sql) }
    return try body(database.settings)
}

/// The same for a body that suspends.
package func withDatabase<Result>(
    on major: PostgresMajor = .v15,
    options: String = "",
    sql: String = "",
    isolation: isolated (any Actor)? = #isolation,
    _ body: (ConnectionSettings) async throws -> Result
) async throws -> Result {
    let database = try TestDatabase(on: major, options: options)
    defer { database.drop() }
    if !sql.isEmpty { try Connection(database.settings).execute(sql) }
    return try await body(database.settings)
}

/// One database of a shared cluster.
private struct TestDatabase {
    private static let counter = Mutex(0)
    private let server: PostgresServer
    private let name: String
    let settings: ConnectionSettings

    init(on major: PostgresMajor, options: String) throws {
        server = try PostgresServer.shared(major)
        let number = Self.counter.withLock { counter in
            counter += 1
            return counter
        }
        name = "test_\(number)"
        settings = try server.settings(database: name)
        try Connection(server.settings()).execute("CREATE DATABASE \(name) \(options)")
    }

    func drop() {
        // A failure to drop is left to the end of the cluster.
        try? Connection(server.settings()).execute("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }
}
