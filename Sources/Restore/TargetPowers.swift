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
    /// Foreign-data wrappers that are there and that it may not make servers for.
    var closedWrappers: Set<String> = []
    /// Parameters, in small letters, that a function of its may set for itself.
    var settings: Set<String> = []

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
        let wrappers = try connection.query(
            """
            SELECT fdwname FROM pg_catalog.pg_foreign_data_wrapper
            WHERE NOT pg_catalog.has_foreign_data_wrapper_privilege(oid, 'USAGE')
            """
        )
        closedWrappers = Set(wrappers.compactMap { $0[0] })
        settings = try Self.settings(connection)
    }

    /// From 15 on a superuser can share a parameter.
    private static func settings(_ connection: Connection) throws -> Set<String> {
        let isShared = try connection.query(
            "SELECT pg_catalog.to_regproc('pg_catalog.has_parameter_privilege') IS NOT NULL"
        )
        let shared = isShared[0, 0] == "t" ? "pg_catalog.has_parameter_privilege(name, 'SET')" : "false"
        let open = try connection.query(
            """
            SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings
            WHERE context = 'user' OR context = 'superuser' AND \(shared)
            """
        )
        // The server lists these nowhere.
        return Set(open.compactMap { $0[0] }).union(["role", "session_authorization", "seed"])
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
}
