import PostgresClient

/// Reads enum types with their labels in order.
func readEnumTypes(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, t.typarray, n.nspname, t.typname AS name, pg_get_userbyid(t.typowner) AS owner, t.typacl AS acl,
          acldefault('T', t.typowner) AS base,
          ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE t.typtype = 'e' AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let labels = arrayElements(row.text("labels")).compactMap { $0.map { "    " + literal($0) } }
        let name = quoted(row.text("nspname"), row.text("name"))
        return typeObject(
            .enumType,
            row,
            statements: ["CREATE TYPE \(name) AS ENUM (\n" + labels.joined(separator: ",\n") + "\n)"]
        )
    }
}
