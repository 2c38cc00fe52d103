import PostgresClient

/// Reads rewrite rules other than those that make a view a view.
func readRules(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT r.oid, r.rulename, r.ev_class, r.ev_enabled, n.nspname, c.relname, pg_get_ruledef(r.oid) AS definition
        FROM pg_rewrite r
        JOIN pg_class c ON c.oid = r.ev_class
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE r.rulename <> '_RETURN' AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let name = row.text("rulename")
        let address = CatalogAddress(SystemCatalog.rewrite, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("ev_class"))
        var statements = [viewQuery(row.text("definition"))]
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
