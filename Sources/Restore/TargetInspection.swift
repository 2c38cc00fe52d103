package import Catalog
import Diagnostics
package import Model
package import PostgresClient

/// What a restore must know of its target before it changes anything.
package struct TargetInspection: Sendable {
    package let database: String
    package let serverVersion: Int
    package let encoding: String
    /// The server's identifier and the database's number; nil where the role may not ask.
    let place: Place?
    let powers: TargetPowers
    /// The names that are taken already.
    let names: TargetNames
    /// The comments of the extensions that are there, and of those that would be created.
    let extensionComments: [String: String]
    /// Some of what is already there, of every kind; empty for a fresh database.
    package let occupants: [String]
    package let availableExtensions: Set<String>
    package let roles: Set<Spelling>
    /// Those in which the session may create something.
    package let tablespaces: Set<Spelling>
    /// The ways of compressing large values that the server was built with.
    package let compressions: Set<String>

    /// Looks at the database that `connection` is in.
    package init(_ connection: Connection) throws {
        let facts = try connection.query(
            """
            SELECT pg_catalog.current_database(), pg_catalog.current_setting('server_version_num'),
                   (SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database
                    WHERE datname = pg_catalog.current_database())
            """
        )
        database = facts[0, 0] ?? ""
        serverVersion = Int(facts[0, 1] ?? "") ?? 0
        encoding = facts[0, 2] ?? ""
        place = try Place(connection)
        powers = try TargetPowers(connection)
        names = try TargetNames(connection)
        extensionComments = try Self.comments(connection)
        occupants = try connection.query(occupantsQuery).compactMap { $0[0] }
        availableExtensions = Set(
            try connection.query("SELECT name FROM pg_catalog.pg_available_extensions").compactMap { $0[0] }
        )
        roles = Set(
            try connection.query("SELECT rolname FROM pg_catalog.pg_roles").compactMap { $0[0].map(Spelling.init) }
        )
        tablespaces = Set(
            try connection.query(
                "SELECT spcname FROM pg_catalog.pg_tablespace WHERE pg_catalog.has_tablespace_privilege(oid, 'CREATE')"
            ).compactMap { $0[0].map(Spelling.init) }
        )
        compressions = Set(
            try connection.query(
                "SELECT pg_catalog.unnest(enumvals) FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression'"
            ).compactMap { $0[0] }
        )
    }

    private static func comments(_ connection: Connection) throws -> [String: String] {
        let rows = try connection.query(
            """
            SELECT a.name, CASE WHEN e.oid IS NULL THEN a.comment
              ELSE pg_catalog.obj_description(e.oid, 'pg_extension') END
            FROM pg_catalog.pg_available_extensions a LEFT JOIN pg_catalog.pg_extension e ON e.extname = a.name
            """
        )
        return Dictionary(
            rows.compactMap { row in row[0].flatMap { name in row[1].map { (name, $0) } } },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Which database of which cluster, whatever their names.
    struct Place: Sendable, Equatable {
        var systemIdentifier: String
        var databaseOID: UInt32

        init(_ cluster: ClusterKey) {
            systemIdentifier = cluster.systemIdentifier
            databaseOID = cluster.databaseOID
        }

        /// Asks the server; nil when the role may not know.
        init?(_ connection: Connection) throws {
            do {
                let row = try connection.query(
                    """
                    SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()),
                      (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
                    """
                ).first
                guard let system = row?[0], let oid = row?[1].flatMap({ UInt32($0) }) else { return nil }
                systemIdentifier = system
                databaseOID = oid
            } catch let error as PostgresError where error.sqlState == "42501" {
                return nil
            }
        }
    }

    /// Throws when the database is the one that the point was taken from, unless its own name was typed.
    package func requireOther(than source: ClusterKey?, allowing confirmedName: String?) throws {
        guard let source, place == Place(source), confirmedName != database else { return }
        throw Diagnostic(
            .targetRefused,
            "refusing to restore into database '\(database)': the point was taken from it",
            cause: "it is the same database of the same server, by the server's identifier and the database's number",
            hint: "Restore into another database, or repeat the name with '--into-existing \(database)'."
        )
    }

    /// Throws when the target's encoding may not hold the source's text.
    package func requireEncoding(of source: SourceFacts) throws {
        // What is SQL_ASCII may be anything, and no server converts or checks it.
        if encoding == source.encoding || encoding == "UTF8" && source.encoding != "SQL_ASCII" { return }
        throw Diagnostic(
            .targetRefused,
            "refusing to restore into database '\(database)': it is encoded as \(encoding), the point as \(source.encoding)",
            cause: "what \(encoding) cannot hold would fail in the middle or come back as other text",
            hint: "Create it with: CREATE DATABASE … TEMPLATE template0 ENCODING '\(source.encoding)' LOCALE 'C'."
        )
    }

    /// Throws when the database already holds something, unless its own name was typed to allow it.
    package func requireEmpty(allowing confirmedName: String?) throws {
        guard !occupants.isEmpty, confirmedName != database else { return }
        if let confirmedName {
            throw Diagnostic(
                .targetRefused,
                "'--into-existing \(confirmedName)' does not name the target database '\(database)'",
                hint: "Type the name of the database that the URL leads to, or choose an empty one."
            )
        }
        throw Diagnostic(
            .targetNotEmpty,
            "refusing to restore into database '\(database)': it is not empty",
            cause: "it holds \(occupants.joined(separator: ", "))",
            hint: "Create an empty database, or repeat the name with '--into-existing \(database)'."
        )
    }

    /// Throws when the server cannot hold the database: too old, or without an extension that it needs.
    package func requireFit(for manifest: Manifest, _ catalog: DatabaseCatalog) throws {
        let sourceMajor = manifest.source.serverVersion / 10_000
        guard serverVersion / 10_000 >= sourceMajor else {
            throw Diagnostic(
                .databaseVersion,
                "cannot restore a PostgreSQL \(sourceMajor) database into PostgreSQL \(serverVersion / 10_000)",
                hint: "Use a server of the same major version or a newer one."
            )
        }
        let missing = catalog.objects(of: .extension).map(\.identity.name).filter { !availableExtensions.contains($0) }
        guard missing.isEmpty else {
            let names = missing.map { "'\($0)'" }.joined(separator: ", ")
            throw Diagnostic(
                .extensionUnavailable,
                "the target server lacks extensions that the database needs: \(names)",
                cause: "pg_available_extensions of PostgreSQL \(serverVersion / 10_000) does not list them",
                hint: "Install the packages they come in on the server, then run it again."
            )
        }
    }
}
