import AgeEncryption
import Catalog
import Diagnostics
import Model
import PostgresClient

/// A role without privileges of its own, member of every owner, that loads rows and builds what needs rows.
///
/// A CHECK constraint, a domain or an index calls functions that came from the source, and calls them as whoever loads.
/// On a scratch cluster that would be a superuser, who can start programs. So superuser attributes and memberships in
/// the server's own `pg_…` roles are given only after everything is loaded, and until then this role does the work.
///
/// It does so in sessions of its own. A superuser's session that only took on the role (`SET ROLE`) would not do: any
/// function may put the role down again, and is then what the session began as.
///
/// The proof reads as this role too, for the same reason: a plan's assertion may ask a view.
struct LoaderRole {
    let name: String

    /// Creates the role and makes it a member of `owners`, and of `pg_database_owner`, who usually owns `public`: that
    /// membership cannot be granted, it comes with owning the database.
    static func create(memberOf owners: [String], on connection: Connection) throws -> LoaderRole {
        let name = "lifeboat_loader_" + Hex.encode(try randomBytes(6))
        try connection.execute("CREATE ROLE \(name) LOGIN NOSUPERUSER")
        for owner in owners { try connection.execute("GRANT \(try connection.quoteIdentifier(owner)) TO \(name)") }
        try connection.execute("ALTER DATABASE \(try database(connection)) OWNER TO \(name)")
        return LoaderRole(name: name)
    }

    /// Lets the role fill tables that extensions have made: they belong to the superuser, and policies may guard them.
    ///
    /// The rows are the source's, and what judges them (conditions, triggers) may call what they name.
    func admit(to tables: [TableData], on connection: Connection) throws {
        guard !tables.isEmpty else { return }
        try connection.execute("ALTER ROLE \(name) BYPASSRLS")
        for right in try rights(on: tables, connection) { try connection.execute("GRANT \(right) TO \(name)") }
    }

    /// Takes back what `admit(to:)` gave, so that the tables have the privileges that they had.
    func dismiss(from tables: [TableData], on connection: Connection) throws {
        for right in try rights(on: tables, connection) { try connection.execute("REVOKE \(right) FROM \(name)") }
    }

    private func rights(on tables: [TableData], _ connection: Connection) throws -> [String] {
        let schemas = Set(tables.map { Spelling($0.schema) }).sorted()
        let usage = try schemas.map { "USAGE ON SCHEMA \(try connection.quoteIdentifier($0.text))" }
        return try usage
            + tables.map { table in
                let schema = try connection.quoteIdentifier(table.schema)
                return "INSERT, TRUNCATE ON \(schema).\(try connection.quoteIdentifier(table.name))"
            }
    }

    /// Lets the role connect even where the restored privileges keep it out by now.
    func admit(on connection: Connection) throws {
        let allowed = try connection.query(
            "SELECT pg_catalog.has_database_privilege($1, pg_catalog.current_database(), 'CONNECT')",
            [name]
        )
        guard allowed[0, 0] != "t" else { return }
        try connection.execute("GRANT CONNECT ON DATABASE \(try Self.database(connection)) TO \(name)")
    }

    /// Lets the role read everything, also where policies hide rows and owners took rights from themselves.
    func allowReading(on connection: Connection) throws {
        try connection.execute("ALTER ROLE \(name) BYPASSRLS; GRANT pg_read_all_data TO \(name)")
    }

    /// Removes the role; it owns nothing but perhaps still the database, and its memberships go with it.
    func remove(from connection: Connection) throws {
        let owned = try connection.query(
            """
            SELECT FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
            WHERE d.datname = pg_catalog.current_database() AND r.rolname = $1
            """,
            [name]
        )
        if !owned.isEmpty {
            try connection.execute("ALTER DATABASE \(try Self.database(connection)) OWNER TO CURRENT_USER")
        }
        let admitted = try connection.query(
            """
            SELECT FROM pg_catalog.pg_database d, pg_catalog.aclexplode(d.datacl) a
            JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
            WHERE d.datname = pg_catalog.current_database() AND r.rolname = $1
            """,
            [name]
        )
        if !admitted.isEmpty {
            try connection.execute("REVOKE CONNECT ON DATABASE \(try Self.database(connection)) FROM \(name)")
        }
        try connection.execute("DROP ROLE \(name)")
    }

    private static func database(_ connection: Connection) throws -> String {
        try connection.quoteIdentifier(connection.query("SELECT pg_catalog.current_database()")[0, 0] ?? "")
    }

    /// Kinds that only a superuser may create and own, and whose creation runs nothing of the source's.
    static let superuserKinds: Set<ObjectKind> = [
        .publication, .subscription, .eventTrigger, .foreignDataWrapper,
    ]

    /// Whether a step runs as the loader and not as superuser.
    static func runs(_ step: RestoreStep) -> Bool {
        switch step.section {
        case .preData: callsFunctions(step)
        case .postData, .refresh:
            [.create, .attach, .refresh].contains(step.action) && !superuserKinds.contains(step.object.kind)
        default: false
        }
    }

    /// Whether a definition without rows may call functions of the source all the same: the bound of a partition is
    /// cast to the type of its key, whose domain may have conditions, an aggregate's first state is read as the type of
    /// its state, and the server works out what is constant in a generated column, a partition key or a condition that
    /// comes after its table or domain at once.
    private static func callsFunctions(_ step: RestoreStep) -> Bool {
        switch step.action {
        case .attach: true
        case .create where step.object.kind == .aggregate: step.statements.contains { $0.contains("INITCOND = ") }
        case .create:
            step.statements.contains(where: \.addsCondition)
                || [.table, .foreignTable].contains(step.object.kind)
                    && step.statements.contains {
                        $0.contains(" GENERATED ALWAYS AS (") || $0.contains("PARTITION BY ")
                    }
        default: false
        }
    }
}
