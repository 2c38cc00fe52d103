import PostgresClient

/// Reads default privileges: what objects made later will get.
///
/// They come last, so that they touch no restored object.
func readDefaultPrivileges(_ context: ReadingContext) throws -> [FoundObject] {
    let kinds = ["r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS", "L": "LARGE OBJECTS"]
    return try context.query(
        """
        SELECT d.oid, pg_get_userbyid(d.defaclrole) AS role, n.nspname, d.defaclobjtype, d.defaclacl AS acl,
          CASE WHEN d.defaclnamespace = 0 THEN
            acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole)
          ELSE '{}' END AS base
        FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
        """
    ).map { row in
        let letter = row.text("defaclobjtype")
        let role = row.text("role")
        let kind = kinds[letter] ?? letter
        let address = CatalogAddress(SystemCatalog.defaultPrivileges, row.oid("oid"))
        let identity = ObjectIdentity(
            .defaultPrivileges,
            schema: row["nspname"],
            name: kind.lowercased(),
            signature: role
        )
        let place = row["nspname"].map { " IN SCHEMA " + quoted($0) } ?? ""
        let prefix = "ALTER DEFAULT PRIVILEGES FOR ROLE \(quoted(role))\(place) "
        let privileges = Privileges(initial: Grant.list(row.text("base")), grants: Grant.list(row.text("acl")))
        let statements = privileges.statements(on: kind, owner: nil).map { prefix + $0 }
        var object = CatalogObject(identity, reference: "")
        object.facts["changes"] = privileges.changes.joined(separator: "\n")
        return FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .privileges, statements, sources: [address])]
        )
    }
}
