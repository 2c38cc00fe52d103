import Diagnostics
import Model
import PostgresClient

/// Tables and sequences that a restore fills and does not make, because the target has them already: what extensions that
/// are installed there keep for their users.
///
/// Nothing in them is this restore's to remove. An empty one is added to; one with rows is left as it is.
struct StandingTables: Sendable {
    /// All of them.
    private(set) var names: Set<TableName> = []
    /// Those that hold rows already.
    private(set) var occupied: Set<TableName> = []

    /// The tables of a target that has none of them, such as a fresh cluster.
    init() {}

    /// Looks for `tables` and `sequences`, which are those that no definition of the restore makes.
    ///
    /// Throws `database-permission` when the role may not add the point's rows, or may not see whether there are others.
    init(_ tables: [TableData], _ sequences: [TableName], _ connection: Connection) throws {
        let all = tables.map(\.fullName) + sequences
        guard !all.isEmpty else { return }
        let wanted = Dictionary(tables.map { ($0.fullName, $0) }, uniquingKeysWith: { first, _ in first })
        let places = try all.map { name in
            "(\(try connection.quoteLiteral(name.schema)), \(try connection.quoteLiteral(name.name)))"
        }
        for row in try connection.query(Self.sql(places.joined(separator: ", "))) {
            let name = TableName(schema: row[0] ?? "", name: row[1] ?? "")
            let isFilled = wanted[name].map { $0.proof.rows > 0 } ?? true
            names.insert(name)
            if isFilled, row[4] != "t" { throw Self.refusal(name, role: row[5] ?? "") }
            guard row[3] == "t", row[6] != "S" else { continue }
            let relation = try connection.quoteIdentifier(name.schema) + "." + connection.quoteIdentifier(name.name)
            // The target's own condition says which rows are not the extension's: the point's may be of another version.
            let filter = row[2].map { " " + $0 } ?? ""
            let found = try connection.query("SELECT EXISTS (SELECT FROM ONLY \(relation)\(filter))")
            if found[0, 0] == "t" { occupied.insert(name) }
        }
    }

    /// Throws when rows are there already, unless the database's name was typed to allow a restore beside what it holds.
    func requireEmpty(in database: String, allowing confirmedName: String?) throws {
        guard !occupied.isEmpty, confirmedName != database else { return }
        throw Diagnostic(
            .targetNotEmpty,
            "refusing to restore into database '\(database)': tables of its extensions hold rows",
            cause: occupied.sorted { $0.description < $1.description }.map(\.description).joined(separator: ", "),
            hint: "Empty them if nobody needs their rows, or repeat the name with '--into-existing \(database)': their"
                + " rows stay then, and those of the point are left out."
        )
    }

    /// What is not loaded out of `tables`, with the reason.
    func omissions(_ tables: [TableData]) -> [Omission] {
        tables.filter { occupied.contains($0.fullName) }.map { table in
            Omission(
                object: "rows of \(table.fullName)",
                reason: "the target's extension has rows there, which stay as they are; the point's"
                    + " \(table.proof.rows) were not loaded"
            )
        }
    }

    /// What the role must be allowed to do with an extension's table or sequence, and is not.
    static func refusal(_ name: TableName, role: String) -> Diagnostic {
        Diagnostic(
            .databasePermission,
            "the role '\(role)' may not fill '\(name)', which belongs to an extension",
            cause: "it lacks USAGE on the schema, SELECT and INSERT on the table (UPDATE on a sequence), or policies"
                + " hide rows from it",
            hint: "Restore as a superuser, or let one create the extension in the target and grant the role these"
                + " rights."
        )
    }

    /// An empty condition stands for all rows.
    private static func sql(_ wanted: String) -> String {
        """
        SELECT n.nspname, c.relname, nullif(part.condition, ''),
          may.look,
          may.look AND pg_catalog.has_table_privilege(c.oid, CASE c.relkind WHEN 'S' THEN 'UPDATE' ELSE 'INSERT' END),
          current_user, c.relkind
        FROM (VALUES \(wanted)) AS wanted(schema, name)
        JOIN pg_catalog.pg_namespace AS n ON n.nspname = wanted.schema
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted.name
        CROSS JOIN LATERAL (
          SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
            AND NOT pg_catalog.row_security_active(c.oid) AS look) AS may
        LEFT JOIN pg_catalog.pg_extension AS e ON c.oid = ANY (e.extconfig)
        LEFT JOIN LATERAL ROWS FROM (pg_catalog.unnest(e.extconfig), pg_catalog.unnest(e.extcondition))
          AS part(relation, condition) ON part.relation = c.oid
        ORDER BY n.nspname, c.relname
        """
    }
}
