import PostgresClient

/// Reads triggers with their enabled state; a partition's copy of its parent's trigger only where that state differs.
func readTriggers(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, t.tgname, t.tgrelid, n.nspname, c.relname, t.tgenabled, t.tgparentid,
          pg_get_triggerdef(t.oid) AS definition,
          ARRAY(WITH RECURSIVE above AS (
              SELECT t.tgparentid AS oid UNION SELECT a.tgparentid FROM pg_trigger a JOIN above b ON a.oid = b.oid)
            SELECT oid FROM above WHERE oid <> 0 ORDER BY oid) AS ancestors
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_trigger p ON p.oid = t.tgparentid
        WHERE NOT t.tgisinternal AND (t.tgparentid = 0 OR t.tgenabled <> p.tgenabled) AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let name = row.text("tgname")
        let address = CatalogAddress(SystemCatalog.trigger, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("tgrelid"))
        let identity = ObjectIdentity(.trigger, schema: row.text("nspname"), name: name, parent: row.text("relname"))
        let parent = row.oid("tgparentid")
        var statements = parent == 0 ? [row.text("definition")] : []
        switch row.text("tgenabled") {
        case "D": statements.append("ALTER TABLE \(table) DISABLE TRIGGER \(quoted(name))")
        case "A": statements.append("ALTER TABLE \(table) ENABLE ALWAYS TRIGGER \(quoted(name))")
        case "R": statements.append("ALTER TABLE \(table) ENABLE REPLICA TRIGGER \(quoted(name))")
        default: if parent != 0 { statements.append("ALTER TABLE \(table) ENABLE TRIGGER \(quoted(name))") }
        }
        // Changing a trigger changes its copies below: a copy's own state comes after that of every one above it, and the
        // nearest may have none of its own.
        let ancestors = arrayElements(row.text("ancestors")).compactMap { $0.flatMap { UInt32($0) } }
        let needs = [(own, 0)] + ancestors.map { (CatalogAddress(SystemCatalog.trigger, $0), 0) }
        var found = FoundObject(
            CatalogObject(identity, reference: quoted(name) + " ON " + table),
            at: address,
            stages: [FoundStage(.create, .postData, statements, sources: [address], needs: needs)]
        )
        found.belongsTo = own
        return found
    }
}
