import PostgresClient

/// A type of any kind from a row with `oid`, `typarray`, `nspname`, `typname`, `owner`, `acl` and `base`.
func typeObject(_ kind: ObjectKind, _ row: Row, statements: [String]) -> FoundObject {
    let name = quoted(row.text("nspname"), row.text("typname"))
    let address = CatalogAddress(SystemCatalog.type, row.oid("oid"))
    var object = CatalogObject(
        ObjectIdentity(kind, schema: row.text("nspname"), name: row.text("typname")),
        reference: name,
        owner: row.text("owner")
    )
    object.privileges = row.privileges("acl", initial: "base")
    var found = FoundObject(
        object,
        at: address,
        stages: [FoundStage(.create, .preData, statements, sources: [address])]
    )
    if row.oid("typarray") != 0 { found.aliases.append(CatalogAddress(SystemCatalog.type, row.oid("typarray"))) }
    return found
}

/// ` COLLATE "schema"."name"` from the row's `collation_schema` and `collation_name`, when they are set.
func collateClause(_ row: Row) -> String {
    guard let schema = row["collation_schema"], let name = row["collation_name"] else { return "" }
    return " COLLATE " + quoted(schema, name)
}
