import Catalog
import Diagnostics
import Model
import PostgresClient

/// What the server does when a role without a superuser's powers creates the point's extensions.
///
/// Asked by trying, in transactions that are rolled back: providers allow more than the server's own rule would.
struct ExtensionTrial {
    /// Those that the role may not create.
    private(set) var refused: Set<ObjectIdentity> = []
    /// Tables and sequences that the others would make, with whether the role could fill them.
    private var made: [TableName: Bool] = [:]

    /// Tries those of the catalog's extensions that the target has not; none for a superuser.
    init(_ catalog: DatabaseCatalog, _ powers: TargetPowers, _ connection: Connection) throws {
        guard !powers.isSuperuser else { return }
        let installed = Set(try connection.query("SELECT extname FROM pg_catalog.pg_extension").compactMap { $0[0] })
        for object in catalog.objects(of: .extension) where !installed.contains(object.identity.name) {
            let name = try connection.quoteIdentifier(object.identity.name)
            defer { connection.rollBack() }
            do {
                try connection.execute(
                    """
                    BEGIN; CREATE SCHEMA lifeboat_trial; SET LOCAL search_path = lifeboat_trial;
                    CREATE EXTENSION \(name) CASCADE
                    """
                )
                for row in try connection.query(Self.members, [object.identity.name]) {
                    made[TableName(schema: row[0] ?? "", name: row[1] ?? "")] = row[2] == "t"
                }
            } catch let error as PostgresError where error.sqlState == "42501" {
                refused.insert(object.identity)
            } catch let error as PostgresError where !error.isConnectionLost && !error.isCancelled {
                // Something else is in the way of the trial; the restore itself will say what, if it matters.
                continue
            }
        }
    }

    /// What is known of the things that an extension keeps for its users: those that none makes that may be created.
    ///
    /// Throws `database-permission` for one that the role could create and not fill.
    func unmade(of names: [TableName], role: String) throws -> [TableName] {
        try names.filter { name in
            let trial = TableName(schema: Self.schema, name: name.name)
            guard let isFillable = made[name] ?? made[trial] else { return true }
            guard isFillable else { throw StandingTables.refusal(name, role: role) }
            return false
        }
    }

    private static let schema = "lifeboat_trial"

    private static let members = """
        SELECT n.nspname, c.relname,
          pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            AND CASE c.relkind WHEN 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'UPDATE')
                AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
              ELSE pg_catalog.has_table_privilege(c.oid, 'INSERT') AND NOT pg_catalog.row_security_active(c.oid) END
        FROM pg_catalog.pg_extension AS e
        JOIN pg_catalog.pg_class AS c ON c.oid = ANY (e.extconfig)
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE e.extname = $1
        """
}
