import PostgresClient

/// The not-null constraints that say more than NOT NULL: from 18 on they have names and properties of their own.
struct NotNulls {
    struct Unusual {
        /// A parent says it, or it is made after the rows because it is not validated.
        var isElsewhere: Bool
        /// What a column's line says: ` NOT NULL`, with the name where it is not the one the server would choose.
        var clause: String
    }

    private var found: [ColumnPlace: Unusual] = [:]

    init(_ context: ReadingContext) throws {
        guard context.major >= 18 else { return }
        for row in try context.query(Self.sql) {
            let isHere = row.flag("convalidated") && (row.flag("conislocal") || row.flag("relispartition"))
            let name = row.flag("is_named") ? " CONSTRAINT \(quoted(row.text("conname")))" : ""
            let clause = name + " NOT NULL" + (row.flag("connoinherit") ? " NO INHERIT" : "")
            let place = ColumnPlace(relation: row.oid("conrelid"), number: row.oid("attnum"))
            found[place] = Unusual(isElsewhere: !isHere, clause: clause)
        }
    }

    subscript(place: ColumnPlace) -> Unusual? { found[place] }

    private static let sql = """
        SELECT k.conrelid, a.attnum, k.conname, k.connoinherit, k.conislocal, k.convalidated, c.relispartition,
          k.conname <> c.relname || '_' || a.attname || '_not_null' AS is_named
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE k.contype = 'n' AND k.conrelid >= \(ReadingContext.firstUserOID)
          AND (k.connoinherit OR NOT k.conislocal OR NOT k.convalidated
            OR k.conname <> c.relname || '_' || a.attname || '_not_null')
        """
}
