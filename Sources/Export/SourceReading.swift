import Model
import PostgresClient

/// Reads the facts of the database that a point was taken from.
struct SourceReading {
    /// Of databases with more relations the size is not recorded.
    private static let countedRelations = 10_000

    let connection: Connection

    /// The facts, under the snapshot.
    func facts() throws -> SourceFacts {
        let provider =
            connection.serverVersion.major >= 15 ? "datlocprovider::pg_catalog.text" : "'c'::pg_catalog.text"
        let locale =
            switch connection.serverVersion.major {
            case ...14: "NULL"
            case 15, 16: "daticulocale"
            default: "datlocale"
            }
        let row = try connection.query(
            """
            SELECT datname, pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype, \(provider),
              pg_catalog.version(), \(locale)
            FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
            """
        )[0]
        // The server looks at every file for it: for tens of thousands that takes longer than to read the definitions.
        let size = try connection.queryIfAllowed(
            """
            SELECT CASE WHEN (SELECT count(*) FROM pg_catalog.pg_class) < \(Self.countedRelations)
              THEN pg_catalog.pg_database_size(pg_catalog.current_database()) END
            """
        )
        let bytes: Int64? = size?[0, 0].flatMap { Int64($0) }
        let texts: [String] = (0..<6).map { row[$0] ?? "" }
        return SourceFacts(
            database: texts[0],
            serverVersion: connection.serverVersion.number,
            versionText: texts[5],
            encoding: texts[1],
            collation: texts[2],
            characterType: texts[3],
            localeProvider: texts[4],
            locale: row[6],
            databaseBytes: bytes
        )
    }
}
