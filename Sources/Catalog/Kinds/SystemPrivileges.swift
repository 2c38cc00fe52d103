import PostgresClient

/// Reads privileges that somebody changed on what the server or an extension made: the objects come with them, the changes
/// would be lost.
func readSystemPrivileges(_ context: ReadingContext) throws -> [FoundObject] {
    try sources.flatMap { source in
        try context.query(source.query).compactMap { row -> FoundObject? in
            let address = CatalogAddress(source.catalog, row.oid("oid"))
            let owner = context.members[address]
            guard owner != nil || isServers(row) else { return nil }
            guard let privileges = row.privileges("acl", initial: "base") else { return nil }
            let kind = source.kind(row)
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
    }
}

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
            kind: { row in
                switch row.text("relkind") {
                case "S": .sequence
                case "v": .view
                case "m": .materializedView
                case "f": .foreignTable
                default: .table
                }
            },
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
