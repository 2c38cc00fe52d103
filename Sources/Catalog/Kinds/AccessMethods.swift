import PostgresClient

/// Reads access methods for tables and indexes.
func readAccessMethods(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT a.oid, a.amname AS name, a.amtype, a.amhandler FROM pg_am a
        WHERE a.oid >= \(ReadingContext.firstUserOID)
        """
    ).map { row in
        let sort = row.text("amtype") == "t" ? "TABLE" : "INDEX"
        let statement = "CREATE ACCESS METHOD \(quoted(row.text("name"))) TYPE \(sort) HANDLER \(row.text("amhandler"))"
        return namedObject(.accessMethod, in: SystemCatalog.accessMethod, row, [], statements: [statement])
    }
}
