import PostgresClient

/// An object with a name in a schema, or in the whole database, from a row with `oid`, `name`, `nspname` where there is a
/// schema, `owner` where there is an owner, `acl` and `base` where there are privileges.
func namedObject(
    _ kind: ObjectKind,
    in catalog: UInt32,
    _ row: Row,
    _ columns: NamedColumns = .all,
    signature: String? = nil,
    reference: String? = nil,
    section: RestoreSection = .preData,
    statements: [String]
) -> FoundObject {
    let schema = columns.contains(.schema) ? row["nspname"] : nil
    let name = row.text("name")
    let address = CatalogAddress(catalog, row.oid("oid"))
    var object = CatalogObject(
        ObjectIdentity(kind, schema: schema, name: name, signature: signature),
        reference: reference ?? schema.map { quoted($0, name) } ?? quoted(name),
        owner: columns.contains(.owner) ? row["owner"] : nil
    )
    if columns.contains(.privileges) { object.privileges = row.privileges("acl", initial: "base") }
    return FoundObject(object, at: address, stages: [FoundStage(.create, section, statements, sources: [address])])
}

/// Which columns a kind's query has beside `oid` and `name`.
struct NamedColumns: OptionSet {
    let rawValue: Int

    static let schema = NamedColumns(rawValue: 1)
    static let owner = NamedColumns(rawValue: 2)
    static let privileges = NamedColumns(rawValue: 4)
    static let all: NamedColumns = [.schema, .owner, .privileges]
}

/// A type of any kind from a row with the columns of `namedObject` and `typarray`.
func typeObject(_ kind: ObjectKind, _ row: Row, statements: [String]) -> FoundObject {
    var found = namedObject(kind, in: SystemCatalog.type, row, statements: statements)
    if row.oid("typarray") != 0 { found.aliases.append(CatalogAddress(SystemCatalog.type, row.oid("typarray"))) }
    return found
}

/// ` COLLATE "schema"."name"` from the row's `collation_schema` and `collation_name`, when they are set.
func collateClause(_ row: Row) -> String {
    guard let schema = row["collation_schema"], let name = row["collation_name"] else { return "" }
    return " COLLATE " + quoted(schema, name)
}
