import PostgresClient

/// Reads views with their options and column defaults.
func readViews(_ context: ReadingContext, columns: [UInt32: [Column]]) throws -> [FoundObject] {
    try viewRows(context).map { row in
        let columns = columns[row.oid("oid")] ?? []
        let name = quoted(row.text("nspname"), row.text("relname"))
        let address = CatalogAddress(SystemCatalog.relation, row.oid("oid"))
        let rule = CatalogAddress(SystemCatalog.rewrite, row.oid("rule"))
        var object = CatalogObject(
            ObjectIdentity(.view, schema: row.text("nspname"), name: row.text("relname")),
            reference: name,
            owner: row.text("owner")
        )
        var privileges = row.privileges("acl", initial: "base") ?? Privileges(grants: [])
        for column in columns where !column.grants.isEmpty { privileges.columns[column.name] = column.grants }
        object.privileges = privileges.ifChanged
        let options = optionList(row["reloptions"])
        let with = options.isEmpty ? "" : " WITH (" + options.joined(separator: ", ") + ")"
        let query = viewQuery(row.text("definition"))
        var found = FoundObject(
            object,
            at: address,
            stages: [
                FoundStage(
                    .create,
                    .preData,
                    ["CREATE OR REPLACE VIEW \(name)\(with) AS\n\(query)"],
                    sources: [address, rule]
                )
            ]
        )
        found.aliases = [row.oid("reltype"), row.oid("typarray")].filter { $0 != 0 }
            .map { CatalogAddress(SystemCatalog.type, $0) }
        let nulls = columns.map { "    NULL::\($0.typeText)\($0.collate) AS \(quoted($0.name))" }
        found.placeholder = "CREATE VIEW \(name) AS SELECT\n" + nulls.joined(separator: ",\n")
        for column in columns {
            guard let text = column.defaultText else { continue }
            let statement = "ALTER VIEW \(name) ALTER COLUMN \(quoted(column.name)) SET DEFAULT \(text)"
            let source = CatalogAddress(SystemCatalog.attributeDefault, column.defaultOID)
            found.stages.append(
                FoundStage(.columnDefault, .preData, [statement], sources: [source], needs: [(address, 0)])
            )
        }
        return found
    }
}

/// A view's query without the semicolon that the server puts at its end.
func viewQuery(_ text: String) -> String { text.hasSuffix(";") ? String(text.dropLast()) : text }

private func viewRows(_ context: ReadingContext) throws -> Rows {
    try context.query(
        """
        SELECT c.oid, c.reltype, rt.typarray, n.nspname, c.relname, pg_get_userbyid(c.relowner) AS owner,
          c.relacl AS acl, acldefault('r', c.relowner) AS base, c.reloptions, pg_get_viewdef(c.oid) AS definition,
          r.oid AS rule
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
        LEFT JOIN pg_type rt ON rt.oid = c.reltype
        WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND c.oid >= \(ReadingContext.firstUserOID)
          AND \(ReadingContext.userSchema)
        """
    )
}
