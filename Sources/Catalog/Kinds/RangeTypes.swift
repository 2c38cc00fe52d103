import PostgresClient

/// Reads range types, each with the multirange and the functions that come with it.
///
/// One with a canonical function is made in two stages, because that function names the type.
func readRangeTypes(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, t.typarray, t.typname AS name, n.nspname, pg_get_userbyid(t.typowner) AS owner, t.typacl AS acl,
          acldefault('T', t.typowner) AS base, format_type(r.rngsubtype, NULL) AS subtype, r.rngmultitypid,
          m.typarray AS multirange_array, m.typname AS multirange, mn.nspname AS multirange_schema,
          CASE WHEN NOT c.opcdefault THEN c.opcname END AS class, cn.nspname AS class_schema,
          co.collname AS collation_name, con.nspname AS collation_schema, r.rngcanonical, r.rngsubdiff,
          ARRAY(SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'i'
            AND d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, r.rngmultitypid) ORDER BY 1) AS functions
        FROM pg_range r
        JOIN pg_type t ON t.oid = r.rngtypid
        JOIN pg_type m ON m.oid = r.rngmultitypid
        JOIN pg_type s ON s.oid = r.rngsubtype
        JOIN pg_namespace n ON n.oid = t.typnamespace
        JOIN pg_namespace mn ON mn.oid = m.typnamespace
        JOIN pg_opclass c ON c.oid = r.rngsubopc
        JOIN pg_namespace cn ON cn.oid = c.opcnamespace
        LEFT JOIN pg_collation co ON co.oid = r.rngcollation AND r.rngcollation <> s.typcollation
        LEFT JOIN pg_namespace con ON con.oid = co.collnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let name = quoted(row.text("nspname"), row.text("name"))
        let lines = options(row).map { "    " + $0 }.joined(separator: ",\n")
        let statement = "CREATE TYPE \(name) AS RANGE (\n\(lines)\n)"
        let hasCanonical = row.text("rngcanonical") != "-"
        var found = typeObject(.rangeType, row, statements: [hasCanonical ? "CREATE TYPE \(name)" : statement])
        if hasCanonical {
            found.stages[0].sources = []
            found.stages.append(FoundStage(.complete, .preData, [statement], sources: [found.address]))
            found.usableStage = 1
        }
        let types = [row.oid("rngmultitypid"), row.oid("multirange_array")]
        found.aliases += types.map { CatalogAddress(SystemCatalog.type, $0) }
        let functions = arrayElements(row.text("functions")).compactMap { $0.flatMap { UInt32($0) } }
        found.aliases += functions.map { CatalogAddress(SystemCatalog.procedure, $0) }
        return found
    }
}

private func options(_ row: Row) -> [String] {
    var lines = [
        "SUBTYPE = \(row.text("subtype"))",
        "MULTIRANGE_TYPE_NAME = " + quoted(row.text("multirange_schema"), row.text("multirange")),
    ]
    if let name = row["class"] { lines.append("SUBTYPE_OPCLASS = " + quoted(row.text("class_schema"), name)) }
    if let name = row["collation_name"] { lines.append("COLLATION = " + quoted(row.text("collation_schema"), name)) }
    if row.text("rngcanonical") != "-" { lines.append("CANONICAL = \(row.text("rngcanonical"))") }
    if row.text("rngsubdiff") != "-" { lines.append("SUBTYPE_DIFF = \(row.text("rngsubdiff"))") }
    return lines
}
