import PostgresClient

/// Reads schemas, `public` included: its owner, privileges and comment may have been changed.
func readSchemas(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT n.oid, n.nspname, pg_get_userbyid(n.nspowner) AS owner, n.nspacl AS acl,
          acldefault('n', n.nspowner) AS base
        FROM pg_namespace n
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let name = row.text("nspname")
        let address = CatalogAddress(SystemCatalog.namespace, row.oid("oid"))
        let owner = row.text("owner")
        // A new database has `public` already.
        let create = "CREATE SCHEMA " + (name == "public" ? "IF NOT EXISTS " : "") + quoted(name)
        var object = CatalogObject(
            ObjectIdentity(.schema, name: name),
            reference: quoted(name),
            owner: owner
        )
        object.privileges =
            name == "public" ? publicPrivileges(row[("acl")], owner: owner) : row.privileges("acl", initial: "base")
        return FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .preData, [create], sources: [address])]
        )
    }
}

/// The privileges of `public` are told as if PUBLIC had none at first, because servers before 15 and after it start
/// differently; `CatalogObject.privilegeStatements` takes them all away before it gives them.
private func publicPrivileges(_ acl: String?, owner: String) -> Privileges? {
    let ownerAll = Grant(grantee: owner, grantor: owner, privileges: ["USAGE", "CREATE"])
    let grants = acl.map(Grant.list) ?? [ownerAll]
    let usual = [ownerAll, Grant(grantee: nil, grantor: owner, privileges: ["USAGE"])]
    if grants.elementsEqual(usual) { return nil }
    return Privileges(initial: [ownerAll], grants: grants)
}
