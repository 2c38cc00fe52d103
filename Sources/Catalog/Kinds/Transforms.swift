import PostgresClient

/// Reads transforms between types and languages.
func readTransforms(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, format_type(t.trftype, NULL) AS type_text, l.lanname,
          CASE WHEN t.trffromsql <> 0 THEN t.trffromsql::regprocedure END AS from_sql,
          CASE WHEN t.trftosql <> 0 THEN t.trftosql::regprocedure END AS to_sql,
          format_type(t.trftype, NULL) AS name
        FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
        WHERE t.oid >= \(ReadingContext.firstUserOID)
        """
    ).map { row in
        let reference = "FOR \(row.text("type_text")) LANGUAGE \(quoted(row.text("lanname")))"
        let items =
            [("FROM SQL WITH FUNCTION ", row["from_sql"]), ("TO SQL WITH FUNCTION ", row["to_sql"])]
            .compactMap { word, function in function.map { "    " + word + $0 } }
        return namedObject(
            .transform,
            in: SystemCatalog.transform,
            row,
            [],
            signature: row.text("lanname"),
            reference: reference,
            statements: ["CREATE TRANSFORM \(reference) (\n" + items.joined(separator: ",\n") + "\n)"]
        )
    }
}
