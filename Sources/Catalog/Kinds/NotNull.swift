import PostgresClient

/// Whether the relation itself says NOT NULL, rather than a parent alone (told apart from 18 on) or a later constraint.
///
/// The row is one of `readColumns`.
func isNotNullHere(_ row: Row) -> Bool {
    row.flag("notnull_valid") && (row.flag("notnull_local") || row.flag("relispartition"))
}

/// ` NOT NULL`, with the constraint's name from 18 on where it is not the one the server would choose.
func notNullClause(_ row: Row) -> String {
    let suffix = row.flag("connoinherit") ? " NO INHERIT" : ""
    guard let name = row["conname"], name != "\(row.text("relname"))_\(row.text("attname"))_not_null" else {
        return " NOT NULL" + suffix
    }
    return " CONSTRAINT \(quoted(name)) NOT NULL" + suffix
}
