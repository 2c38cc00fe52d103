import PostgresClient

/// A check constraint that is part of a table's creation.
struct TableCheck {
    var table: UInt32
    var address: CatalogAddress
    var name: String
    var clause: String
    var isWritten: Bool
}

/// Reads the check constraints of tables that hold from the first row on; what only a parent has is seen but not written.
func readTableChecks(_ context: ReadingContext) throws -> [TableCheck] {
    try context.query(
        """
        SELECT k.oid, k.conrelid, k.conname, pg_get_constraintdef(k.oid) AS definition,
          k.conislocal OR c.relispartition AS is_written
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype = 'c' AND NOT \(isLateCheck("k")) AND \(ReadingContext.userSchema)
        ORDER BY k.conrelid, k.conname
        """
    ).map { row in
        let name = row.text("conname")
        return TableCheck(
            table: row.oid("conrelid"),
            address: CatalogAddress(SystemCatalog.constraint, row.oid("oid")),
            name: name,
            clause: "CONSTRAINT \(quoted(name)) \(row.text("definition"))",
            isWritten: row.flag("is_written")
        )
    }
}
