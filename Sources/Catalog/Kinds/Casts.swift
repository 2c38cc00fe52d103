import PostgresClient

/// Reads casts that users made, between whatever types; those of a range to its multirange come with the range.
func readCasts(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT c.oid, format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) AS name,
          c.castcontext, c.castmethod, c.castfunc::regprocedure AS function
        FROM pg_cast c
        WHERE c.oid >= \(ReadingContext.firstUserOID) AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
        """
    ).map { row in
        let name = row.text("name")
        var statement = "CREATE CAST (\(name))"
        switch row.text("castmethod") {
        case "f": statement += " WITH FUNCTION \(row.text("function"))"
        case "i": statement += " WITH INOUT"
        default: statement += " WITHOUT FUNCTION"
        }
        switch row.text("castcontext") {
        case "a": statement += " AS ASSIGNMENT"
        case "i": statement += " AS IMPLICIT"
        default: break
        }
        return namedObject(.cast, in: SystemCatalog.cast, row, [], reference: "(\(name))", statements: [statement])
    }
}
