import Catalog
import Model
import PostgresClient

/// Partitions that are chosen by the hash of values with other numbers on every server, such as the labels of an enum.
///
/// A row that lay in one of them on the source may belong into another one here, so rows go in through the table above, as
/// `pg_dump` does it, and the partitions are held against the source together.
struct RootedTables: Sendable {
    private var roots: [ObjectIdentity: TableName] = [:]

    /// None.
    init() {}

    /// Asks the target, whose tables were made.
    init(_ connection: Connection) throws {
        for row in try connection.query(Self.sql) {
            let partition = ObjectIdentity(.table, schema: row[0] ?? "", name: row[1] ?? "")
            roots[partition] = TableName(schema: row[2] ?? "", name: row[3] ?? "")
        }
    }

    /// The table through which rows get into a partition of that kind; nil for any other table.
    func root(of table: TableData) -> TableName? { roots[table.identity] }

    func contains(_ table: ObjectIdentity) -> Bool { roots[table] != nil }

    /// The topmost such table counts.
    ///
    /// Arrays, rows and ranges may be of enums; for those that are not it only takes longer.
    private static let sql = """
        WITH RECURSIVE placed AS (
          SELECT p.partrelid AS relation, p.partrelid AS root, 0 AS depth FROM pg_catalog.pg_partitioned_table AS p
          WHERE p.partstrat = 'h' AND (
            EXISTS (SELECT FROM pg_catalog.pg_opclass AS o
              WHERE o.oid = ANY (p.partclass::pg_catalog.oid[]) AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace
                AND o.opcname IN ('enum_ops', 'array_ops', 'record_ops', 'range_ops', 'multirange_ops'))
            OR EXISTS (SELECT FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
              WHERE a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::pg_catalog.int2[])
                AND t.typname LIKE 'reg%' AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace))
          UNION ALL
          SELECT i.inhrelid, d.root, d.depth + 1 FROM placed AS d
          JOIN pg_catalog.pg_inherits AS i ON i.inhparent = d.relation
        )
        SELECT DISTINCT ON (c.oid) n.nspname, c.relname, m.nspname, t.relname FROM placed AS d
        JOIN pg_catalog.pg_class AS c ON c.oid = d.relation JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_class AS t ON t.oid = d.root JOIN pg_catalog.pg_namespace AS m ON m.oid = t.relnamespace
        WHERE c.relkind = 'r' ORDER BY c.oid, d.depth DESC
        """
}
