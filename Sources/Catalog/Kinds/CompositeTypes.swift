import PostgresClient

/// Reads composite types made with CREATE TYPE (a table's row type comes with the table).
func readCompositeTypes(_ context: ReadingContext, columns: [UInt32: [Column]]) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, t.typarray, t.typrelid, n.nspname, t.typname AS name, pg_get_userbyid(t.typowner) AS owner, t.typacl AS acl,
          acldefault('T', t.typowner) AS base
        FROM pg_type t
        JOIN pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typtype = 'c' AND c.relkind = 'c' AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let lines = (columns[row.oid("typrelid")] ?? []).map { "    \(quoted($0.name)) \($0.typeText)\($0.collate)" }
        let name = quoted(row.text("nspname"), row.text("name"))
        let body = lines.isEmpty ? "()" : "(\n" + lines.joined(separator: ",\n") + "\n)"
        var found = typeObject(.compositeType, row, statements: ["CREATE TYPE \(name) AS \(body)"])
        let relation = CatalogAddress(SystemCatalog.relation, row.oid("typrelid"))
        found.aliases.append(relation)
        // The columns' types are recorded with the relation.
        found.stages[0].sources.append(relation)
        return found
    }
}
