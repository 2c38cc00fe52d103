import PostgresClient

/// Reads privileges that somebody changed on what the server or an extension made.
///
/// The objects come with the server or the extension, the changes would be lost.
func readSystemPrivileges(_ context: ReadingContext) throws -> [FoundObject] {
    var found = try sources.flatMap { source in
        try context.query(source.query).compactMap { row -> FoundObject? in
            guard let privileges = row.privileges("acl", initial: "base") else { return nil }
            return changed(source.kind(row), row, in: source.catalog, privileges, context)
        }
    }
    // Columns of the same relations.
    for row in try context.query(systemColumnQuery) {
        let initial = Grant.list(row["base"] ?? "{}")
        let grants = Privileges.missing(from: Grant.list(row.text("acl")), in: initial)
        let privileges = Privileges(grants: [], columns: [row.text("attname"): grants])
        guard !grants.isEmpty,
            let object = changed(relationKind(row), row, in: SystemCatalog.relation, privileges, context)
        else { continue }
        if let index = found.firstIndex(where: { $0.object.identity == object.object.identity }) {
            found[index].object.privileges?.columns[row.text("attname")] = grants
        } else {
            found.append(object)
        }
    }
    return found
}

/// An object that only has changed privileges; nil when it is neither the server's nor an extension's.
private func changed(
    _ kind: ObjectKind,
    _ row: Row,
    in catalog: UInt32,
    _ privileges: Privileges,
    _ context: ReadingContext
) -> FoundObject? {
    let owner = context.members[CatalogAddress(catalog, row.oid("oid"))]
    guard owner != nil || isServers(row) else { return nil }
    var object = CatalogObject(
        ObjectIdentity(kind, schema: row["nspname"], name: row.text("name"), signature: row["arguments"]),
        reference: reference(row)
    )
    object.privileges = privileges
    // Its own place, so that it is not taken for the member itself.
    var found = FoundObject(
        object,
        at: CatalogAddress(0, row.oid("oid")),
        stages: [FoundStage(.setting, .privileges, [])]
    )
    if let owner { found.stages[0].needs = [(CatalogAddress(SystemCatalog.extension, owner), 0)] }
    return found
}

private func relationKind(_ row: Row) -> ObjectKind {
    switch row.text("relkind") {
    case "S": .sequence
    case "v": .view
    case "m": .materializedView
    case "f": .foreignTable
    default: .table
    }
}

/// The query for privileges on columns of what the server or an extension made.
let systemColumnQuery = """
    SELECT c.oid, n.nspname, c.relname AS name, c.relkind, NULL AS arguments, a.attname, a.attacl AS acl,
      i.initprivs AS base
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_init_privs i
      ON i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = a.attnum
    WHERE a.attacl IS NOT NULL AND a.attacl IS DISTINCT FROM i.initprivs AND NOT a.attisdropped
    ORDER BY c.oid, a.attnum
    """

/// Whether the server made it; `information_schema` has no record of its initial privileges.
private func isServers(_ row: Row) -> Bool {
    row.oid("oid") < ReadingContext.firstUserOID
        && (row["nspname"] ?? "pg_catalog") == "pg_catalog" && row.text("name") != "information_schema"
}

private struct PrivilegeSource {
    var catalog: UInt32
    var kind: (Row) -> ObjectKind
    var query: String
}

private func reference(_ row: Row) -> String {
    let name = row["nspname"].map { quoted($0, row.text("name")) } ?? quoted(row.text("name"))
    return row["arguments"].map { "\(name)(\($0))" } ?? name
}

/// The initial privileges of a row are those kept when it was made, or else the built-in ones.
private func query(_ table: String, _ columns: String, letter: String, owner: String, acl: String, joins: String)
    -> String
{
    """
    SELECT x.oid, \(columns), coalesce(x.\(acl), acldefault(\(letter), x.\(owner))) AS acl,
      coalesce(i.initprivs, acldefault(\(letter), x.\(owner))) AS base
    FROM \(table) x
    \(joins)
    LEFT JOIN pg_init_privs i ON i.classoid = '\(table)'::regclass AND i.objoid = x.oid AND i.objsubid = 0
    WHERE (x.\(acl) IS NOT NULL OR i.initprivs IS NOT NULL)
      AND x.\(acl) IS DISTINCT FROM i.initprivs
    """
}

private var sources: [PrivilegeSource] {
    [
        PrivilegeSource(
            catalog: SystemCatalog.procedure,
            kind: { row in
                switch row.text("prokind") {
                case "p": .procedure
                case "a": .aggregate
                default: .function
                }
            },
            query: query(
                "pg_proc",
                """
                n.nspname, x.proname AS name, x.prokind, CASE WHEN x.prokind IN ('p', 'a') THEN
                  coalesce(nullif(pg_get_function_identity_arguments(x.oid), ''), CASE x.prokind WHEN 'a' THEN '*' ELSE '' END)
                ELSE oidvectortypes(x.proargtypes) END AS arguments
                """,
                letter: "'f'",
                owner: "proowner",
                acl: "proacl",
                joins: "JOIN pg_namespace n ON n.oid = x.pronamespace"
            )
        ),
        PrivilegeSource(
            catalog: SystemCatalog.relation,
            kind: relationKind,
            query: query(
                "pg_class",
                "n.nspname, x.relname AS name, x.relkind, NULL AS arguments",
                letter: "CASE x.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"",
                owner: "relowner",
                acl: "relacl",
                joins: "JOIN pg_namespace n ON n.oid = x.relnamespace"
            )
        ),
        PrivilegeSource(
            catalog: SystemCatalog.type,
            kind: { _ in .type },
            query: query(
                "pg_type",
                "n.nspname, x.typname AS name, NULL AS arguments",
                letter: "'T'",
                owner: "typowner",
                acl: "typacl",
                joins: "JOIN pg_namespace n ON n.oid = x.typnamespace"
            )
        ),
        PrivilegeSource(
            catalog: SystemCatalog.namespace,
            kind: { _ in .schema },
            query: query(
                "pg_namespace",
                "NULL AS nspname, x.nspname AS name, NULL AS arguments",
                letter: "'n'",
                owner: "nspowner",
                acl: "nspacl",
                joins: ""
            ) + " AND x.nspname <> 'public'"
        ),
        PrivilegeSource(
            catalog: SystemCatalog.language,
            kind: { _ in .language },
            query: query(
                "pg_language",
                "NULL AS nspname, x.lanname AS name, NULL AS arguments",
                letter: "'l'",
                owner: "lanowner",
                acl: "lanacl",
                joins: ""
            )
        ),
        PrivilegeSource(
            catalog: SystemCatalog.foreignDataWrapper,
            kind: { _ in .foreignDataWrapper },
            query: query(
                "pg_foreign_data_wrapper",
                "NULL AS nspname, x.fdwname AS name, NULL AS arguments",
                letter: "'F'",
                owner: "fdwowner",
                acl: "fdwacl",
                joins: ""
            )
        ),
    ]
}
