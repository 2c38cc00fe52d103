import PostgresClient

/// Reads the database itself: owner, privileges, comment, settings.
///
/// Its statements name the database they run in.
func readDatabaseProperties(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT d.oid, pg_get_userbyid(d.datdba) AS owner, d.datacl AS acl, acldefault('d', d.datdba) AS base,
          shobj_description(d.oid, 'pg_database') AS description, pg_encoding_to_char(d.encoding) AS encoding,
          d.datcollate, d.datctype, d.datconnlimit, d.datistemplate, s.setconfig
        FROM pg_database d
        LEFT JOIN pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0
        WHERE d.datname = current_database()
        """
    ).map { row in
        let owner = row.text("owner")
        // The name is not part of the identity: a copy has another one.
        var object = CatalogObject(ObjectIdentity(.database, name: "database"), reference: "")
        object.facts = [
            "encoding": row.text("encoding"), "collate": row.text("datcollate"), "ctype": row.text("datctype"),
            "connection limit": row.text("datconnlimit"),
        ]
        object.owner = owner
        object.privileges = row.privileges("acl", initial: "base")
        var statements: [String] = []
        if let comment = row["description"] {
            statements.append(inThisDatabase("COMMENT ON DATABASE", "IS \(literal(comment))"))
        }
        statements += (row["setconfig"].map(Setting.list) ?? []).map {
            inThisDatabase("ALTER DATABASE", "SET \($0.clause)")
        }
        if row.flag("datistemplate") { object.facts["template"] = "yes" }
        var found = FoundObject(
            object,
            at: CatalogAddress(SystemCatalog.database, row.oid("oid")),
            stages: [FoundStage(.setting, .privileges, statements)]
        )
        // At the end: a restore opens connections until then.
        let limits = limits(row)
        if !limits.isEmpty { found.stages.append(FoundStage(.setting, .last, limits)) }
        return found
    }
}

/// Who may use the database, and how many at a time.
private func limits(_ row: Row) -> [String] {
    var statements: [String] = []
    if row.number("datconnlimit") != -1 {
        statements.append(inThisDatabase("ALTER DATABASE", "CONNECTION LIMIT \(row.number("datconnlimit"))"))
    }
    if row.flag("datistemplate") { statements.append(inThisDatabase("ALTER DATABASE", "IS_TEMPLATE true")) }
    return statements
}
