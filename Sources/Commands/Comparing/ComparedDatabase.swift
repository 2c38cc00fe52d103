import Catalog
import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Streams

/// One side of a comparison: a point as it was recorded, or a database as it is now.
struct ComparedDatabase: Sendable {
    /// How the answer calls it: the point's name, or the database's without a password.
    var name: String
    /// The plan of a point.
    var plan: PlanName?
    var serverMajor: Int
    /// Which cluster it is in, where that is known.
    var cluster: String?
    var isLive: Bool
    var catalog: DatabaseCatalog
    var tables: [ComparedTable]

    /// A recovery point; needs an identity, because definitions are encrypted to the recipients only.
    init(point text: String, in opened: Repository, plan: PlanName?, keys: KeyOptions, context: CommandContext) throws {
        let name = try opened.resolve(text, plan: plan)
        let manifest = try opened.readPoint(name).manifest
        let identities = try keys.identities(opened.keyring, in: context)
        self.name = name.description
        self.plan = name.plan
        serverMajor = manifest.source.serverVersion / 10_000
        cluster = manifest.continuity?.cluster.systemIdentifier
        isLive = false
        catalog = try CatalogSection.decode(opened.readCatalog(name, identities: identities))
        tables = manifest.tables.map { table in
            ComparedTable(
                name: table.fullName,
                rows: table.proof.rows,
                rowsAreEstimated: false,
                proof: table.condition == nil ? table.proof : nil
            )
        }
    }

    /// A database that is there now: read in one read-only transaction, under the settings of an export.
    ///
    /// Row counts are the planner's estimates unless `counts` asks for the real ones, which reads every table.
    init(live settings: ConnectionSettings, counts: Bool, stop: Stop) throws {
        name = settings.displayName
        let connection = try Connection(settings, stop: stop)
        serverMajor = connection.serverVersion.major
        let pinned = try PinnedSettings(knownTo: connection)
        cluster = try connection.queryIfAllowed("SELECT system_identifier FROM pg_catalog.pg_control_system()")?[0, 0]
        isLive = true
        (catalog, tables) = try connection.withTransaction(
            "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; \(pinned.statements)"
        ) {
            (try CatalogReader(connection).read(), try Self.tables(connection, counts: counts))
        }
    }

    private static func tables(_ connection: Connection, counts: Bool) throws -> [ComparedTable] {
        let rows = try connection.query(
            """
            SELECT n.nspname, c.relname, c.reltuples::pg_catalog.int8
            FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence <> 't'
              AND left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.deptype = 'e'
                AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid)
            ORDER BY 1, 2
            """
        )
        return try rows.map { row in
            let name = TableName(schema: row[0] ?? "", name: row[1] ?? "")
            guard counts else {
                // Negative: never analyzed, so nobody knows.
                let estimate = row[2].flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
                return ComparedTable(name: name, rows: estimate, rowsAreEstimated: true)
            }
            let relation = try connection.quoteIdentifier(name.schema) + "." + connection.quoteIdentifier(name.name)
            let count = try connection.query("SELECT pg_catalog.count(*) FROM ONLY \(relation)")[0, 0]
            return ComparedTable(name: name, rows: count.flatMap { Int64($0) }, rowsAreEstimated: false)
        }
    }
}

/// One table of a side.
struct ComparedTable: Sendable {
    var name: TableName
    /// Nil when nobody knows.
    var rows: Int64?
    var rowsAreEstimated: Bool
    /// The sum over all rows, where it was taken: equal only when the rows are.
    var proof: RowProof?
}
