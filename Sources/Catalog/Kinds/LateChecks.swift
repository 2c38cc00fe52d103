import PostgresClient

/// Reads check constraints of tables that are not validated: made after the data, which may violate them.
///
/// What only a parent has comes with it, for a partition too: made twice it would be refused.
/// From 18 on also NOT NULL constraints of that sort.
func readLateChecks(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT k.oid, k.conname, k.conrelid, n.nspname, c.relname, pg_get_constraintdef(k.oid) AS definition
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype IN ('c', 'n') AND NOT k.convalidated AND k.conislocal AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let name = row.text("conname")
        let address = CatalogAddress(SystemCatalog.constraint, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("conrelid"))
        let identity = ObjectIdentity(.constraint, schema: row.text("nspname"), name: name, parent: row.text("relname"))
        let statement = "ALTER TABLE \(table)\n    ADD CONSTRAINT \(quoted(name)) \(row.text("definition"))"
        var found = FoundObject(
            CatalogObject(identity, reference: quoted(name) + " ON " + table),
            at: address,
            stages: [FoundStage(.create, .postData, [statement], sources: [address], needs: [(own, 0)])]
        )
        found.belongsTo = own
        return found
    }
}
