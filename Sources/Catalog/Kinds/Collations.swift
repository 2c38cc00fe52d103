import PostgresClient

/// Reads collations; the version of the library behind one is the target's own affair.
func readCollations(_ context: ReadingContext) throws -> [FoundObject] {
    let locale =
        switch context.major {
        case 17...: "c.colllocale"
        case 15...: "c.colliculocale"
        default: "NULL::text"
        }
    let rules = context.major >= 16 ? "c.collicurules" : "NULL::text"
    return try context.query(
        """
        SELECT c.oid, c.collname AS name, n.nspname, pg_get_userbyid(c.collowner) AS owner, c.collprovider,
          c.collisdeterministic, c.collcollate, c.collctype, \(locale) AS locale, \(rules) AS rules
        FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let providers = ["i": "icu", "c": "libc", "b": "builtin", "d": "default"]
        var items = ["provider = \(providers[row.text("collprovider")] ?? "libc")"]
        if !row.flag("collisdeterministic") { items.append("deterministic = false") }
        let (collate, ctype) = (row["collcollate"], row["collctype"])
        if let locale = row["locale"] {
            items.append("locale = \(literal(locale))")
        } else if let collate, collate == ctype ?? collate {
            items.append("locale = \(literal(collate))")
        } else {
            if let collate { items.append("lc_collate = \(literal(collate))") }
            if let ctype { items.append("lc_ctype = \(literal(ctype))") }
        }
        if let rules = row["rules"] { items.append("rules = \(literal(rules))") }
        let lines = items.map { "    " + $0 }.joined(separator: ",\n")
        return namedObject(
            .collation,
            in: SystemCatalog.collation,
            row,
            [.schema, .owner],
            statements: ["CREATE COLLATION \(quoted(row.text("nspname"), row.text("name"))) (\n\(lines)\n)"]
        )
    }
}
