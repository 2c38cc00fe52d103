import Diagnostics
import PostgresClient

/// A table as the catalogs list it: what must be known before it may be locked.
struct ListedRelation: Sendable, Hashable {
    /// What identifies it: a name may move to another table between two looks.
    struct Identity: Sendable, Hashable {
        var oid: UInt32
        var schema: String
        var name: String
    }

    var identity: Identity
    /// Partitioned tables are locked, but hold no rows themselves.
    var isPartitioned: Bool
    var isUnlogged: Bool
    var mayRead: Bool
    var mayUseSchema: Bool
    /// Whether row-level security would hide rows from this role.
    var hidesRows: Bool
    /// The condition of an extension's configuration table; empty when all of its rows are meant.
    var condition: String?

    var sqlName: String { quotedIdentifier(identity.schema, identity.name) }
    var displayName: String { "\(identity.schema).\(identity.name)" }
}

/// Which tables there are to export.
struct RelationListing {
    var relations: [ListedRelation]
    /// Tables that the plan leaves out.
    var excluded: [ListedRelation]

    /// Reads the list; takes no locks on the tables.
    init(from connection: Connection, excluding patterns: [TablePattern]) throws {
        var relations: [ListedRelation] = []
        var excluded: [ListedRelation] = []
        for row in try connection.query(Self.sql) {
            guard let relation = Self.relation(row) else { continue }
            let isExcluded = patterns.contains {
                $0.matches(schema: relation.identity.schema, table: relation.identity.name)
            }
            if isExcluded { excluded.append(relation) } else { relations.append(relation) }
        }
        self.relations = relations
        self.excluded = excluded
    }

    private static func relation(_ row: Row) -> ListedRelation? {
        guard let oid = row["oid"].flatMap(UInt32.init), let schema = row["schema"], let name = row["name"] else {
            return nil
        }
        return ListedRelation(
            identity: ListedRelation.Identity(oid: oid, schema: schema, name: name),
            isPartitioned: row["kind"] == "p",
            isUnlogged: row["persistence"] == "u",
            mayRead: row["may_read"] == "t",
            mayUseSchema: row["may_use_schema"] == "t",
            hidesRows: row["hides_rows"] == "t",
            condition: row["condition"]
        )
    }

    /// The tables with what this role may do with them.
    ///
    /// Those that belong to an extension are its own business, except what it has declared as configuration. A privilege
    /// is unknown when the table was dropped a moment ago, which the attempt to lock it will find. A superuser has all of
    /// them, and looking each table up would take longer than the rest.
    private static let sql = """
        WITH configuration AS (
          SELECT part.relation, part.condition
          FROM pg_catalog.pg_extension AS e,
               LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition))
                 AS part(relation, condition)),
        spaces AS MATERIALIZED (
          SELECT oid, nspname, coalesce(pg_catalog.has_schema_privilege(oid, 'USAGE'), true) AS may_use,
            nspname !~ '^pg_' AND nspname <> 'information_schema' AS is_users
          FROM pg_catalog.pg_namespace)
        SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relpersistence AS persistence,
          pg_catalog.current_setting('is_superuser') = 'on'
            OR coalesce(pg_catalog.has_table_privilege(c.oid, 'SELECT'), true) AS may_read,
          n.may_use AS may_use_schema,
          c.relrowsecurity AND pg_catalog.row_security_active(c.oid) AS hides_rows,
          configuration.condition
        FROM pg_catalog.pg_class AS c
        JOIN spaces AS n ON n.oid = c.relnamespace
        LEFT JOIN configuration ON configuration.relation = c.oid
        WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
          AND (configuration.relation IS NOT NULL
            OR n.is_users
              AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend AS d
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                  AND d.objsubid = 0 AND d.deptype = 'e'))
        ORDER BY c.oid
        """

    /// Throws when the role may not read everything that is to be exported: silently less is no backup.
    func requireReadable(by role: String) throws {
        let forbidden = relations.filter { !$0.mayRead || !$0.mayUseSchema }
        if let first = forbidden.first {
            let missing = first.mayUseSchema ? "SELECT on the table" : "USAGE on the schema"
            throw Diagnostic(
                .databasePermission,
                "role '\(role)' may not read \(Self.name(forbidden))",
                cause: "it lacks \(missing)",
                hint: first.mayUseSchema
                    ? "Run GRANT SELECT ON \(first.sqlName) TO \(quotedIdentifier(role)), or exclude the table."
                    : "Run GRANT USAGE ON SCHEMA \(quotedIdentifier(first.identity.schema)) TO"
                        + " \(quotedIdentifier(role)), or exclude '\(first.identity.schema).*'.",
                context: ["tables": forbidden.map(\.displayName).joined(separator: ", ")]
            )
        }
        let hidden = relations.filter(\.hidesRows)
        guard hidden.isEmpty else {
            throw Diagnostic(
                .databaseRowSecurity,
                "row-level security would hide rows of \(Self.name(hidden)) from role '\(role)'",
                cause: "the role is neither the table's owner nor allowed to bypass its policies",
                hint: "Run ALTER ROLE \(quotedIdentifier(role)) BYPASSRLS, or exclude the table.",
                context: ["tables": hidden.map(\.displayName).joined(separator: ", ")]
            )
        }
    }

    private static func name(_ relations: [ListedRelation]) -> String {
        let first = relations.first?.displayName ?? ""
        switch relations.count {
        case ...1: return "table '\(first)'"
        case 2: return "table '\(first)' and one more"
        default: return "table '\(first)' and \(relations.count - 1) more"
        }
    }
}
