import PostgresClient

/// Reads materialized views; one that was populated is refreshed at the end of a restore.
func readMaterializedViews(_ context: ReadingContext, columns: [UInt32: [Column]]) throws -> [FoundObject] {
    try materializedViewRows(context).map { row in
        let columns = columns[row.oid("oid")] ?? []
        let name = quoted(row.text("nspname"), row.text("relname"))
        let address = CatalogAddress(SystemCatalog.relation, row.oid("oid"))
        let rule = CatalogAddress(SystemCatalog.rewrite, row.oid("rule"))
        var object = CatalogObject(
            ObjectIdentity(.materializedView, schema: row.text("nspname"), name: row.text("relname")),
            reference: name,
            owner: row.text("owner")
        )
        var privileges = row.privileges("acl", initial: "base") ?? Privileges(grants: [])
        for column in columns where !column.grants.isEmpty { privileges.columns[column.name] = column.grants }
        object.privileges = privileges.ifChanged
        object.facts["populated"] = row.flag("relispopulated") ? "yes" : "no"
        object.tablespace = row["spcname"]
        let options = optionList(row["reloptions"]) + optionList(row["toast_options"], prefix: "\"toast\".")
        let with = options.isEmpty ? "" : "\nWITH (" + options.joined(separator: ", ") + ")"
        let using = row["method"].map { "\nUSING " + quoted($0) } ?? ""
        let create =
            "CREATE MATERIALIZED VIEW \(name)\(using)\(with) AS\n\(viewQuery(row.text("definition")))\nWITH NO DATA"
        let settings = columns.flatMap { column in
            column.settings.map { "ALTER MATERIALIZED VIEW \(name) ALTER COLUMN \(quoted(column.name)) \($0)" }
        }
        var found = FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .preData, [create] + settings, sources: [address, rule])]
        )
        found.aliases = [row.oid("reltype"), row.oid("typarray")].filter { $0 != 0 }
            .map { CatalogAddress(SystemCatalog.type, $0) }
        if row.flag("relispopulated") {
            found.stages.append(
                FoundStage(.refresh, .refresh, ["REFRESH MATERIALIZED VIEW \(name)"], needs: [(address, 0)])
            )
        }
        return found
    }
}

private func materializedViewRows(_ context: ReadingContext) throws -> Rows {
    try context.query(
        """
        SELECT c.oid, c.reltype, rt.typarray, n.nspname, c.relname, pg_get_userbyid(c.relowner) AS owner,
          c.relacl AS acl, acldefault('r', c.relowner) AS base, c.reloptions, tt.reloptions AS toast_options,
          pg_get_viewdef(c.oid) AS definition, r.oid AS rule, c.relispopulated, nullif(am.amname, 'heap') AS method,
          ts.spcname
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
        LEFT JOIN pg_type rt ON rt.oid = c.reltype
        LEFT JOIN pg_class tt ON tt.oid = c.reltoastrelid
        LEFT JOIN pg_am am ON am.oid = c.relam
        LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
        WHERE c.relkind = 'm' AND c.oid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
        """
    )
}
