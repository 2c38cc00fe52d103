import Catalog
import Diagnostics
import Model
import PostgresClient

/// What the role that restores may do in the target, as far as a restore depends on it.
struct TargetPowers: Sendable {
    var role = ""
    var isSuperuser = true
    /// Whether it may create schemas in the database.
    var createsSchemas = true
    /// Schemas that are there in which it may create nothing.
    var closedSchemas: Set<Spelling> = []
    /// Languages that only a superuser may write functions in.
    var untrustedLanguages: Set<String> = []

    init() {}

    /// Asks the server.
    init(_ connection: Connection) throws {
        let facts = try connection.query(
            """
            SELECT r.rolname, r.rolsuper,
              pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
            FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
            """
        )
        role = facts.first?[0] ?? ""
        isSuperuser = facts.first?[1] == "t"
        createsSchemas = facts.first?[2] == "t"
        let closed = try connection.query(
            """
            SELECT nspname FROM pg_catalog.pg_namespace
            WHERE NOT pg_catalog.has_schema_privilege(oid, 'CREATE') AND nspname NOT LIKE 'pg\\_%'
            """
        )
        closedSchemas = Set(closed.compactMap { $0[0].map(Spelling.init) })
        let languages = try connection.query("SELECT lanname FROM pg_catalog.pg_language WHERE NOT lanpltrusted")
        untrustedLanguages = Set(languages.compactMap { $0[0] })
    }

    /// Throws when the role may not create what every restore of `catalog` has to create.
    func requireCreation(of catalog: DatabaseCatalog, in database: String, _ names: TargetNames) throws {
        guard !isSuperuser else { return }
        let schemas = catalog.objects(of: .schema).map(\.identity).filter { !names.contains($0) }
        if !schemas.isEmpty, !createsSchemas {
            throw Diagnostic(
                .databasePermission,
                "the role '\(role)' may not create schemas in database '\(database)'",
                cause: "the restore needs \(schemas.prefix(5).map(\.description).joined(separator: ", "))",
                hint: "Restore as the database's owner, or grant the role CREATE on the database."
            )
        }
        let closed = Set(catalog.objects.compactMap { $0.stages.isEmpty ? nil : $0.identity.schema }.map(Spelling.init))
            .intersection(closedSchemas)
        guard let schema = closed.min() else { return }
        throw Diagnostic(
            .databasePermission,
            "the role '\(role)' may create nothing in schema '\(schema)' of database '\(database)'",
            hint: "Restore as the database's owner, or grant the role CREATE on the schema."
        )
    }

    /// Those of the extensions that the server does not let the role create.
    ///
    /// Asked by trying, in a transaction that is rolled back: providers allow more than the server's own rule would.
    func refusedExtensions(of catalog: DatabaseCatalog, _ connection: Connection) throws -> Set<ObjectIdentity> {
        guard !isSuperuser else { return [] }
        var refused: Set<ObjectIdentity> = []
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
            } catch let error as PostgresError where error.sqlState == "42501" {
                refused.insert(object.identity)
            } catch let error as PostgresError where !error.isConnectionLost && !error.isCancelled {
                // Something else is in the way of the trial; the restore itself will say what, if it matters.
                continue
            }
        }
        return refused
    }
}
