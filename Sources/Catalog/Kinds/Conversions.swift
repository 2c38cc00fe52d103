import PostgresClient

/// Reads conversions between encodings.
func readConversions(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT c.oid, c.conname AS name, n.nspname, pg_get_userbyid(c.conowner) AS owner, c.condefault, c.conproc,
          pg_encoding_to_char(c.conforencoding) AS source, pg_encoding_to_char(c.contoencoding) AS target
        FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let statement =
            "CREATE \(row.flag("condefault") ? "DEFAULT " : "")CONVERSION "
            + quoted(row.text("nspname"), row.text("name"))
            + "\n    FOR \(literal(row.text("source"))) TO \(literal(row.text("target"))) FROM \(row.text("conproc"))"
        return namedObject(
            .conversion,
            in: SystemCatalog.conversion,
            row,
            [.schema, .owner],
            statements: [statement]
        )
    }
}
