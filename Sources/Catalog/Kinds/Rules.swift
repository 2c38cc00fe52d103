import PostgresClient

/// Reads rewrite rules other than those that make a view a view.
func readRules(_ context: ReadingContext) throws -> [FoundObject] {
    let rows = try context.query(
        """
        SELECT r.oid, r.rulename, r.ev_class, r.ev_enabled, n.nspname, c.relname, pg_get_ruledef(r.oid) AS definition
        FROM pg_rewrite r
        JOIN pg_class c ON c.oid = r.ev_class
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE NOT (r.ev_type = '1' AND c.relkind IN ('v', 'm')) AND \(ReadingContext.userSchema)
        """
    )
    let names = Dictionary(grouping: rows) { $0.oid("ev_class") }.mapValues { Set($0.map { $0.text("rulename") }) }
    return rows.map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let name = row.text("rulename")
        let address = CatalogAddress(SystemCatalog.rewrite, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("ev_class"))
        var statements = creation(row, table: table, taken: names[row.oid("ev_class")] ?? [])
        switch row.text("ev_enabled") {
        case "D": statements.append("ALTER TABLE \(table) DISABLE RULE \(quoted(name))")
        case "A": statements.append("ALTER TABLE \(table) ENABLE ALWAYS RULE \(quoted(name))")
        case "R": statements.append("ALTER TABLE \(table) ENABLE REPLICA RULE \(quoted(name))")
        default: break
        }
        let identity = ObjectIdentity(.rule, schema: row.text("nspname"), name: name, parent: row.text("relname"))
        var found = FoundObject(
            CatalogObject(identity, reference: quoted(name) + " ON " + table),
            at: address,
            stages: [FoundStage(.create, .postData, statements, sources: [address], needs: [(own, 0)])]
        )
        found.belongsTo = own
        return found
    }
}

/// A rule of a view's own name is not made by the server, but can be renamed to it.
private func creation(_ row: Row, table: String, taken: Set<String>) -> [String] {
    let definition = viewQuery(row.text("definition"))
    let name = quoted(row.text("rulename"))
    let head = "CREATE RULE \(name) "
    guard row.text("rulename") == "_RETURN", definition.hasPrefix(head) else { return [definition] }
    var other = "_RETURN_"
    while taken.contains(other) { other += "_" }
    return [
        "CREATE RULE \(quoted(other)) " + definition.dropFirst(head.count),
        "ALTER RULE \(quoted(other)) ON \(table) RENAME TO \(name)",
    ]
}
