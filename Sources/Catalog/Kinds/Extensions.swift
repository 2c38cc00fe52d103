import PostgresClient

/// Reads extensions; their members come with them.
///
/// The version is a fact, not part of the statement: the target creates the version it has, and the difference shows it.
func readExtensions(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT e.oid, e.extname, n.nspname, e.extversion, obj_description(e.oid, 'pg_extension') AS description
        FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        """
    ).map { row in
        let name = row.text("extname")
        let address = CatalogAddress(SystemCatalog.extension, row.oid("oid"))
        var object = CatalogObject(ObjectIdentity(.extension, name: name), reference: quoted(name))
        object.facts = ["version": row.text("extversion")]
        // Its creation brings a comment, which somebody took away.
        if row["description"] == nil { object.remarks = [Remark(target: "EXTENSION \(quoted(name))", text: "")] }
        let statement = "CREATE EXTENSION IF NOT EXISTS \(quoted(name)) WITH SCHEMA \(quoted(row.text("nspname")))"
        return FoundObject(
            object,
            at: address,
            stages: [FoundStage(.create, .preData, [statement], sources: [address])]
        )
    }
}
