import PostgresClient

/// Reads operators.
///
/// A commutator or negator that is not there yet comes into being as a shell, so their order does not matter; a shell
/// that was never filled is not an operator.
func readOperators(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT o.oid, o.oprname AS name, n.nspname, pg_get_userbyid(o.oprowner) AS owner, o.oprcode, o.oprrest, o.oprjoin,
          CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) END AS left_type,
          CASE WHEN o.oprright <> 0 THEN format_type(o.oprright, NULL) END AS right_type, o.oprcanmerge, o.oprcanhash,
          EXISTS (SELECT FROM pg_operator x WHERE o.oid IN (x.oprcom, x.oprnegate)) AS is_named,
          c.oprname AS commutator, cn.nspname AS commutator_schema, g.oprname AS negator, gn.nspname AS negator_schema
        FROM pg_operator o
        JOIN pg_namespace n ON n.oid = o.oprnamespace
        LEFT JOIN pg_operator c ON c.oid = o.oprcom
        LEFT JOIN pg_namespace cn ON cn.oid = c.oprnamespace
        LEFT JOIN pg_operator g ON g.oid = o.oprnegate
        LEFT JOIN pg_namespace gn ON gn.oid = g.oprnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).compactMap { row in
        guard row.text("oprcode") != "-" else {
            context.ignored.insert(CatalogAddress(SystemCatalog.operator, row.oid("oid")))
            // One that another operator names comes back with that one.
            if !row.flag("is_named") {
                let sides = [row["left_type"], row["right_type"]].map { $0 ?? "NONE" }.joined(separator: ", ")
                context.notices.append(
                    "operator \(row.text("nspname")).\(row.text("name")) (\(sides)) is only a shell and was left out"
                )
            }
            return nil
        }
        let name = quoted(row.text("nspname")) + "." + row.text("name")
        let arguments = (row["left_type"] ?? "NONE") + ", " + (row["right_type"] ?? "NONE")
        let lines = options(row).map { "    " + $0 }.joined(separator: ",\n")
        return namedObject(
            .operator,
            in: SystemCatalog.operator,
            row,
            [.schema, .owner],
            signature: arguments,
            reference: "\(name) (\(arguments))",
            statements: ["CREATE OPERATOR \(name) (\n\(lines)\n)"]
        )
    }
}

private func options(_ row: Row) -> [String] {
    var lines = ["FUNCTION = \(row.text("oprcode"))"]
    if let type = row["left_type"] { lines.append("LEFTARG = \(type)") }
    if let type = row["right_type"] { lines.append("RIGHTARG = \(type)") }
    if let name = row["commutator"] {
        lines.append("COMMUTATOR = OPERATOR(\(quoted(row.text("commutator_schema"))).\(name))")
    }
    if let name = row["negator"] { lines.append("NEGATOR = OPERATOR(\(quoted(row.text("negator_schema"))).\(name))") }
    if row.flag("oprcanmerge") { lines.append("MERGES") }
    if row.flag("oprcanhash") { lines.append("HASHES") }
    if row.text("oprrest") != "-" { lines.append("RESTRICT = \(row.text("oprrest"))") }
    if row.text("oprjoin") != "-" { lines.append("JOIN = \(row.text("oprjoin"))") }
    return lines
}
