import PostgresClient

/// How NOT NULL is said: with a name where it is not the one the server would choose.
struct NotNullClause {
    var name: String?
    var isInherited = true

    /// Behind a column.
    var text: String { prefix + " NOT NULL" + suffix }

    /// As a constraint of the table, from 18 on: for a column that a parent brings.
    func line(_ column: String) -> String { String((prefix + " NOT NULL " + quoted(column) + suffix).dropFirst()) }

    private var prefix: String { name.map { " CONSTRAINT " + quoted($0) } ?? "" }
    private var suffix: String { isInherited ? "" : " NO INHERIT" }
}

/// The not-null constraints that say more than NOT NULL: from 18 on they have names and properties of their own.
struct NotNulls {
    struct Unusual {
        /// A parent says it, or it is made after the rows because it is not validated.
        var isElsewhere: Bool
        var clause: NotNullClause
    }

    private var found: [ColumnPlace: Unusual] = [:]

    init(_ context: ReadingContext) throws {
        guard context.major >= 18 else {
            for row in try context.query(Self.inherited) {
                let place = ColumnPlace(relation: row.oid("attrelid"), number: row.oid("attnum"))
                found[place] = Unusual(isElsewhere: true, clause: NotNullClause())
            }
            return
        }
        for row in try context.query(Self.sql) {
            let isHere = row.flag("convalidated") && !row.flag("is_brought")
            let clause = NotNullClause(
                name: row.flag("is_named") ? row["conname"] : nil,
                isInherited: !row.flag("connoinherit")
            )
            let place = ColumnPlace(relation: row.oid("conrelid"), number: row.oid("attnum"))
            found[place] = Unusual(isElsewhere: !isHere, clause: clause)
        }
    }

    subscript(place: ColumnPlace) -> Unusual? { found[place] }

    /// Up to 17 it is a mark on the column, which a child has from its parent without saying so.
    private static let inherited = """
        SELECT a.attrelid, a.attnum
        FROM pg_inherits h
        JOIN pg_class c ON c.oid = h.inhrelid AND NOT c.relispartition
        JOIN pg_attribute a ON a.attrelid = h.inhrelid AND a.attnotnull AND NOT a.attislocal AND NOT a.attisdropped
        JOIN pg_attribute p ON p.attrelid = h.inhparent AND p.attname = a.attname AND p.attnotnull
        """

    /// The server's own choice depends on what has the name already, and the order of a restore is another one: where two
    /// constraints of a schema share a name, as a partition's shares its parent's, it is said.
    static let sql = """
        WITH shared AS (
            SELECT connamespace, conname FROM pg_constraint GROUP BY connamespace, conname HAVING count(*) > 1)
        SELECT k.conrelid, a.attnum, k.conname, k.connoinherit, k.convalidated,
          NOT k.conislocal AND NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits h
            JOIN pg_attribute pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname
            JOIN pg_constraint p ON p.conrelid = pa.attrelid AND p.conkey[1] = pa.attnum
            WHERE h.inhrelid = k.conrelid AND p.contype = 'n' AND p.convalidated AND NOT p.connoinherit) AS is_brought,
          k.conname <> c.relname || '_' || a.attname || '_not_null' OR s.conname IS NOT NULL AS is_named
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        LEFT JOIN shared s ON s.connamespace = k.connamespace AND s.conname = k.conname
        WHERE k.contype = 'n' AND k.conrelid >= \(ReadingContext.firstUserOID)
          AND (k.connoinherit OR NOT k.conislocal OR NOT k.convalidated OR s.conname IS NOT NULL
            OR k.conname <> c.relname || '_' || a.attname || '_not_null')
        """
}
