import Catalog
import Diagnostics
import Export
import Model
import PostgresClient
import Streams
import Terminal

/// What a backup of one database would run into, asked without reading a row of it.
///
/// Blocks its thread; as many sessions as a backup, for a moment, and read-only statements.
struct SourceCheck {
    /// What other checks need to know of the source.
    struct Facts {
        var major: Int
        var databaseBytes: Int64
        var isLocal: Bool
    }

    let settings: ConnectionSettings
    let excludedRows: [TablePattern]
    let workers: Int
    let stop: Stop

    private static let oldestMajor = 14

    /// Adds findings to `list`; nil when the database cannot be reached or is too old.
    func run(_ list: inout CheckList) -> Facts? {
        let connection: Connection
        do {
            connection = try Connection(settings, stop: stop)
        } catch {
            list.fail("source", Self.diagnostic(error, "cannot connect to \(settings.displayName)"))
            return nil
        }
        let version = connection.serverVersion
        guard version.major >= Self.oldestMajor else {
            list.fail(
                "source",
                Diagnostic(
                    .databaseVersion,
                    "\(settings.displayName) runs PostgreSQL \(version)",
                    cause: "version \(Self.oldestMajor) or newer is needed",
                    hint: "Upgrade the server."
                )
            )
            return nil
        }
        var bytes: Int64 = 0
        do {
            let row = try connection.query(
                "SELECT current_user, pg_catalog.pg_database_size(pg_catalog.current_database())"
            )[0]
            bytes = row[1].flatMap { Int64($0) } ?? 0
            let size = byteText(bytes)
            list.ok("source", "\(settings.displayName), PostgreSQL \(version), role '\(row[0] ?? "?")', \(size)")
            try connection.trustingCatalogOnly {
                try SourcePrivileges(connection: connection, excludedRows: excludedRows, workers: workers).check(&list)
            }
            try SourceSession(connection: connection, workers: workers).check(&list)
        } catch {
            list.fail("source", Self.diagnostic(error, "cannot look into \(settings.displayName)"))
        }
        trySessions(&list)
        checkDefinitions(connection, &list)
        return Facts(major: version.major, databaseBytes: bytes, isLocal: settings.isLocal)
    }

    /// Opens as many more sessions as a backup wants; it can do with one.
    private func trySessions(_ list: inout CheckList) {
        var more: [Connection] = []
        do {
            for _ in 0..<workers {
                let session = try Connection(settings, stop: stop)
                try session.answered(within: Self.sessionPatience) { try session.execute("SELECT 1") }
                more.append(session)
            }
            list.ok("sessions", "\(workers + 1) at once")
        } catch  where !more.isEmpty {
            list.warn(
                "sessions",
                "\(more.count + 1) at once are to be had, and not \(workers + 1): backups take longer",
                cause: Self.diagnostic(error, "no more sessions").cause,
                hint: "Raise the limit of the role, the pool or the server, or set 'workers' to \(more.count)."
            )
        } catch {
            list.fail("sessions", Self.diagnostic(error, "a backup needs two sessions at once, and there is one"))
        }
    }

    private static let sessionPatience = Duration.seconds(10)

    /// Reads every definition: an object that cannot be carried would fail the backup.
    private func checkDefinitions(_ connection: Connection, _ list: inout CheckList) {
        do {
            let pinned = try PinnedSettings(knownTo: connection)
            let catalog = try connection.withTransaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") {
                try connection.execute(pinned.statements)
                return try CatalogReader(connection).read()
            }
            list.ok("definitions", "\(catalog.objects.count) objects, all of them can be carried")
            for notice in catalog.notices { list.warn("definitions", notice) }
        } catch {
            list.fail("definitions", Self.diagnostic(error, "cannot read the definitions"))
        }
    }

    private static func diagnostic(_ error: any Error, _ summary: String) -> Diagnostic {
        (error as? PostgresError)?.diagnostic(while: summary) ?? Commands.diagnostic(for: error)
    }
}
