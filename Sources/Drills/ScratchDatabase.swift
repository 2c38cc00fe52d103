import AgeEncryption
import Diagnostics
package import Model
package import PostgresClient
package import Streams

/// A database that a drill created for itself in a scratch cluster, known by its random name, its number
/// and the identifier of its cluster.
package struct ScratchDatabase: Sendable {
    package let settings: ConnectionSettings
    /// What of the source's database could not be had here, with the reason.
    package let deviations: [Omission]
    private let name: String
    private let oid: String
    private let system: String

    /// Creates the database with the source's encoding and locale, or says what differs.
    package static func create(in cluster: EphemeralCluster, like source: SourceFacts, stop: Stop) throws
        -> ScratchDatabase
    {
        let name = "drill_" + Hex.encode(try randomBytes(8))
        let connection = try Connection(try cluster.settings(database: "postgres"), stop: stop)
        let deviations = try createDatabase(name, like: source, major: cluster.binaries.major, connection)
        let rows = try Connection(try cluster.settings(database: name), stop: stop).query(identityQuery)
        guard let oid = rows.first?[1], let system = rows.first?[2] else {
            throw Diagnostic(.scratchCluster, "the scratch database '\(name)' vanished after it was created")
        }
        return ScratchDatabase(
            settings: try cluster.settings(database: name),
            deviations: deviations,
            name: name,
            oid: oid,
            system: system
        )
    }

    /// Throws unless the database behind `settings` is the one that was created here: asked before every phase that
    /// writes, so that a drill can never write into anything else.
    package func confirm() throws {
        let connection = try Connection(settings)
        let rows = try connection.query(Self.identityQuery)
        guard let row = rows.first, row[0] == name, row[1] == oid, row[2] == system else {
            throw Diagnostic(
                .targetRefused,
                "refusing to go on: the database is not the scratch database that this drill created",
                hint: "Something else uses the scratch cluster's socket; nothing was written."
            )
        }
    }

    /// Throws when the scratch cluster is the point's own source: one that was found running instead of being made.
    package func requireOther(than source: ClusterKey?) throws {
        guard let source, source.systemIdentifier == system else { return }
        throw Diagnostic(
            .targetRefused,
            "refusing to rehearse on the server that the point was taken from",
            hint: "Something else uses the scratch cluster's socket; nothing was written."
        )
    }

    private static let identityQuery = """
        SELECT d.datname, d.oid, (SELECT system_identifier FROM pg_catalog.pg_control_system())
        FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
        """

    private static func createDatabase(
        _ name: String,
        like source: SourceFacts,
        major: Int,
        _ connection: Connection
    ) throws -> [Omission] {
        do {
            try connection.execute(try statement(name, source, major, connection))
            return []
        } catch let error as PostgresError {
            // 22023, 42704 and 0A000: this machine does not have the locale, or this server not the provider.
            let encoding = try connection.quoteLiteral(source.encoding)
            try connection.execute(
                "CREATE DATABASE \(name) TEMPLATE template0 ENCODING \(encoding) LC_COLLATE 'C' LC_CTYPE 'C'"
            )
            return [
                Omission(
                    object: "locale \(source.collation)",
                    reason: "not available here, sorted as C instead: \(error.message.onOneLine)"
                )
            ]
        }
    }

    private static func statement(
        _ name: String,
        _ source: SourceFacts,
        _ major: Int,
        _ connection: Connection
    ) throws -> String {
        let encoding = try connection.quoteLiteral(source.encoding)
        let collation = try connection.quoteLiteral(source.collation)
        let characterType = try connection.quoteLiteral(source.characterType)
        var sql = "CREATE DATABASE \(name) TEMPLATE template0 ENCODING \(encoding)"
        if source.localeProvider == "i", let locale = source.locale {
            sql += " LOCALE_PROVIDER icu ICU_LOCALE \(try connection.quoteLiteral(locale))"
        } else if source.localeProvider == "b", let locale = source.locale {
            sql += " LOCALE_PROVIDER builtin BUILTIN_LOCALE \(try connection.quoteLiteral(locale))"
        }
        return sql + " LC_COLLATE \(collation) LC_CTYPE \(characterType)"
    }
}
