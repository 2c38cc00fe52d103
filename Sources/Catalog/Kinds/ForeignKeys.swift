import PostgresClient

/// Reads foreign keys; those that a partition has from its parent come with the parent.
func readForeignKeys(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(foreignKeyQuery).map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let only = row.text("relkind") == "p" ? "" : "ONLY "
        let name = row.text("conname")
        let address = CatalogAddress(SystemCatalog.constraint, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("conrelid"))
        let identity = ObjectIdentity(.foreignKey, schema: row.text("nspname"), name: name, parent: row.text("relname"))
        let statement = "ALTER TABLE \(only)\(table)\n    ADD CONSTRAINT \(quoted(name)) \(row.text("definition"))"
        // The referenced key of a partitioned table is valid only once every partition's index is attached.
        let attached = arrayElements(row["key_indexes"] ?? "{}").compactMap { $0.flatMap { UInt32($0) } }
            .map { (CatalogAddress(SystemCatalog.relation, $0), 1) }
        var found = FoundObject(
            CatalogObject(identity, reference: quoted(name) + " ON " + table),
            at: address,
            stages: [
                FoundStage(
                    .create,
                    .postData,
                    [statement],
                    sources: [address],
                    needs: [(own, 0), (CatalogAddress(SystemCatalog.relation, row.oid("confrelid")), 0)] + attached
                )
            ]
        )
        found.belongsTo = own
        return found
    }
}

/// The query for them.
let foreignKeyQuery = """
    SELECT k.oid, k.conname, k.conrelid, k.confrelid, n.nspname, c.relname, c.relkind,
      pg_get_constraintdef(k.oid) AS definition,
      CASE WHEN k.conindid = ANY (ARRAY(SELECT inhparent FROM pg_inherits)) THEN
        ARRAY(WITH RECURSIVE below AS (
            SELECT h.inhrelid FROM pg_inherits h WHERE h.inhparent = k.conindid
            UNION SELECT h.inhrelid FROM pg_inherits h JOIN below b ON h.inhparent = b.inhrelid)
          SELECT inhrelid FROM below ORDER BY inhrelid) END AS key_indexes
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE k.contype = 'f' AND k.conparentid = 0 AND \(ReadingContext.userSchema)
    """
