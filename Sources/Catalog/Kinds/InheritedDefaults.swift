import PostgresClient

/// How the defaults of inherited columns relate to those of the parents.
struct InheritedDefaults {
    /// Rows of `pg_attrdef` that say what a parent says.
    private(set) var same: Set<UInt32> = []
    /// Columns without the default that a parent has.
    private(set) var missing: Set<RelationColumn> = []
    /// Rows of `pg_attrdef` of parents with a common heir that contradict each other: the heir can be made only while they
    /// are not there, and so they come with the end of the restore, which names the columns of rows.
    private(set) var late: Set<UInt32> = []

    struct RelationColumn: Hashable {
        var relation: UInt32
        var name: String
    }

    init(_ context: ReadingContext) throws {
        for row in try context.query(Self.contradictions) { late.insert(row.oid(0)) }
        for row in try context.query(Self.sql) {
            if row["oid"] == nil {
                missing.insert(RelationColumn(relation: row.oid("attrelid"), name: row.text("attname")))
            } else if !late.contains(row.oid("parents")) {
                same.insert(row.oid("oid"))
            }
        }
    }

    private static let sql = """
        SELECT DISTINCT a.attrelid, a.attname, d.oid, pd.oid AS parents
        FROM pg_inherits h
        JOIN pg_class c ON c.oid = h.inhrelid AND c.relkind IN ('r', 'f') AND NOT c.relispartition
        JOIN pg_attribute a ON a.attrelid = h.inhrelid AND a.attinhcount > 0 AND NOT a.attisdropped
        JOIN pg_attribute pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
        JOIN pg_attrdef pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE pa.attgenerated = '' AND a.attgenerated = ''
          AND (d.oid IS NULL OR pg_get_expr(pd.adbin, pd.adrelid) = pg_get_expr(d.adbin, d.adrelid))
        """

    /// With the defaults of the parents' own parents, which would bring them back.
    private static let contradictions = """
        WITH RECURSIVE shared AS (
          SELECT h.inhrelid, a.attname FROM pg_inherits h
          JOIN pg_class c ON c.oid = h.inhrelid AND c.relkind IN ('r', 'f') AND NOT c.relispartition
          JOIN pg_attribute a ON a.attrelid = h.inhrelid AND a.attinhcount > 1 AND NOT a.attislocal
            AND NOT a.attisdropped AND a.attgenerated = ''
          JOIN pg_attribute pa ON pa.attrelid = h.inhparent AND pa.attname = a.attname AND NOT pa.attisdropped
          JOIN pg_attrdef pd ON pd.adrelid = pa.attrelid AND pd.adnum = pa.attnum
          GROUP BY h.inhrelid, a.attname HAVING count(DISTINCT pg_get_expr(pd.adbin, pd.adrelid)) > 1
        ), up AS (
          SELECT h.inhparent, s.attname FROM shared s JOIN pg_inherits h ON h.inhrelid = s.inhrelid
          UNION
          SELECT h.inhparent, u.attname FROM up u JOIN pg_inherits h ON h.inhrelid = u.inhparent)
        SELECT d.oid FROM up u
        JOIN pg_attribute a ON a.attrelid = u.inhparent AND a.attname = u.attname AND NOT a.attisdropped
        JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        """
}
