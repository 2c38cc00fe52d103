import PostgresClient

/// Reads aggregates: ordinary, ordered-set and hypothetical-set, with their moving variants.
func readAggregates(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT p.oid, p.proname AS name, n.nspname, pg_get_userbyid(p.proowner) AS owner, p.proacl AS acl,
          acldefault('f', p.proowner) AS base, coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*') AS args,
          a.aggkind, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,
          a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify,
          format_type(a.aggtranstype, NULL) AS state_type, a.aggtransspace, a.agginitval,
          CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END AS moving_type, a.aggmtransspace,
          a.aggminitval, p.proparallel, o.oprname, onsp.nspname AS operator_schema
        FROM pg_aggregate a
        JOIN pg_proc p ON p.oid = a.aggfnoid
        JOIN pg_namespace n ON n.oid = p.pronamespace
        LEFT JOIN pg_operator o ON o.oid = a.aggsortop
        LEFT JOIN pg_namespace onsp ON onsp.oid = o.oprnamespace
        WHERE p.oid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let arguments = row.text("args")
        let reference = quoted(row.text("nspname"), row.text("name")) + "(\(arguments))"
        let lines = options(row).map { "    " + $0 }.joined(separator: ",\n")
        return namedObject(
            .aggregate,
            in: SystemCatalog.procedure,
            row,
            signature: arguments,
            reference: reference,
            statements: ["CREATE AGGREGATE \(reference) (\n\(lines)\n)"]
        )
    }
}

private func options(_ row: Row) -> [String] {
    let kind = row.text("aggkind")
    var lines = ["SFUNC = \(row.text("aggtransfn"))", "STYPE = \(row.text("state_type"))"]
    func function(_ word: String, _ column: String) {
        if let name = row[column], name != "-" { lines.append("\(word) = \(name)") }
    }
    if row.number("aggtransspace") != 0 { lines.append("SSPACE = \(row.text("aggtransspace"))") }
    if let value = row["agginitval"] { lines.append("INITCOND = \(literal(value))") }
    function("FINALFUNC", "aggfinalfn")
    if row.flag("aggfinalextra") { lines.append("FINALFUNC_EXTRA") }
    if row.text("aggfinalfn") != "-" { lines += modifies("FINALFUNC_MODIFY", row.text("aggfinalmodify"), kind) }
    function("COMBINEFUNC", "aggcombinefn")
    function("SERIALFUNC", "aggserialfn")
    function("DESERIALFUNC", "aggdeserialfn")
    if row.text("aggmtransfn") != "-" {
        function("MSFUNC", "aggmtransfn")
        function("MINVFUNC", "aggminvtransfn")
        lines.append("MSTYPE = \(row.text("moving_type"))")
        if row.number("aggmtransspace") != 0 { lines.append("MSSPACE = \(row.text("aggmtransspace"))") }
        if let value = row["aggminitval"] { lines.append("MINITCOND = \(literal(value))") }
        function("MFINALFUNC", "aggmfinalfn")
        if row.flag("aggmfinalextra") { lines.append("MFINALFUNC_EXTRA") }
        if row.text("aggmfinalfn") != "-" { lines += modifies("MFINALFUNC_MODIFY", row.text("aggmfinalmodify"), kind) }
    }
    if let name = row["oprname"] {
        lines.append("SORTOP = OPERATOR(\(quoted(row.text("operator_schema"))).\(name))")
    }
    if kind == "h" { lines.append("HYPOTHETICAL") }
    switch row.text("proparallel") {
    case "s": lines.append("PARALLEL = SAFE")
    case "r": lines.append("PARALLEL = RESTRICTED")
    default: break
    }
    return lines
}

/// How a final function treats the state, unless it is what the aggregate's sort has anyway.
private func modifies(_ word: String, _ letter: String, _ kind: String) -> [String] {
    let usual = kind == "n" ? "r" : "w"
    let words = ["r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"]
    guard letter != usual, let value = words[letter] else { return [] }
    return ["\(word) = \(value)"]
}
