import PostgresClient

/// Reads base types, in two stages: a shell that the functions of the type can name, then the type itself.
///
/// A type that was never finished stays a shell.
func readBaseTypes(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, t.typarray, t.typname AS name, n.nspname, pg_get_userbyid(t.typowner) AS owner, t.typacl AS acl,
          acldefault('T', t.typowner) AS base, t.typisdefined, t.typlen, t.typbyval, t.typalign, t.typstorage,
          t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze, t.typsubscript,
          t.typcollation <> 0 AS is_collatable, t.typcategory, t.typispreferred, t.typdelim,
          CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END AS element,
          pg_get_expr(t.typdefaultbin, 0) AS default_expression, t.typdefault
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE (t.typtype = 'b' OR NOT t.typisdefined) AND \(ReadingContext.userSchema)
          AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
        """
    ).map { row in
        let name = quoted(row.text("nspname"), row.text("name"))
        var found = typeObject(.type, row, statements: ["CREATE TYPE \(name)"])
        guard row.flag("typisdefined") else {
            found.object.owner = nil
            return found
        }
        let lines = options(row).map { "    " + $0 }.joined(separator: ",\n")
        let statement = "CREATE TYPE \(name) (\n\(lines)\n)"
        found.stages[0].sources = []
        found.stages.append(FoundStage(.complete, .preData, [statement], sources: [found.address]))
        found.usableStage = 1
        return found
    }
}

private func options(_ row: Row) -> [String] {
    var lines = ["INTERNALLENGTH = " + (row.number("typlen") < 0 ? "VARIABLE" : row.text("typlen"))]
    let functions = [
        ("INPUT", "typinput"), ("OUTPUT", "typoutput"), ("RECEIVE", "typreceive"), ("SEND", "typsend"),
        ("TYPMOD_IN", "typmodin"), ("TYPMOD_OUT", "typmodout"), ("ANALYZE", "typanalyze"),
        ("SUBSCRIPT", "typsubscript"),
    ]
    for (word, column) in functions {
        if let name = row[column], name != "-" { lines.append("\(word) = \(name)") }
    }
    if row.flag("is_collatable") { lines.append("COLLATABLE = true") }
    if let text = row["default_expression"] {
        lines.append("DEFAULT = \(text)")
    } else if let text = row["typdefault"] {
        lines.append("DEFAULT = \(literal(text))")
    }
    if let element = row["element"] { lines.append("ELEMENT = \(element)") }
    if row.text("typcategory") != "U" { lines.append("CATEGORY = \(literal(row.text("typcategory")))") }
    if row.flag("typispreferred") { lines.append("PREFERRED = true") }
    if row.text("typdelim") != "," { lines.append("DELIMITER = \(literal(row.text("typdelim")))") }
    let alignments = ["c": "char", "s": "int2", "i": "int4", "d": "double"]
    if let word = alignments[row.text("typalign")] { lines.append("ALIGNMENT = \(word)") }
    let storages = ["p": "plain", "e": "external", "x": "extended", "m": "main"]
    if let word = storages[row.text("typstorage")] { lines.append("STORAGE = \(word)") }
    if row.flag("typbyval") { lines.append("PASSEDBYVALUE") }
    return lines
}
