import PostgresClient

/// Reads casts that users made, between whatever types; those of a range to its multirange come with the range.
///
/// A cast with a function may rely on one without: what the function gives need only be the target's bytes. Up to version
/// 15 the server keeps no record of that, so all that need no function come first.
func readCasts(_ context: ReadingContext) throws -> [FoundObject] {
    let rows = try context.query(
        """
        SELECT c.oid, format_type(c.castsource, NULL) || ' AS ' || format_type(c.casttarget, NULL) AS name,
          c.castcontext, c.castmethod, c.castfunc::regprocedure AS function
        FROM pg_cast c
        WHERE c.oid >= \(ReadingContext.firstUserOID) AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i')
        """
    )
    let plain = rows.filter { $0.text("castmethod") == "b" }.map { CatalogAddress(SystemCatalog.cast, $0.oid("oid")) }
    return rows.map { row in
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
        var found = namedObject(.cast, in: SystemCatalog.cast, row, [], reference: "(\(name))", statements: [statement])
        if row.text("castmethod") == "f" { found.stages[0].needs += plain.map { ($0, 0) } }
        return found
    }
}
