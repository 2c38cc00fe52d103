import PostgresClient

/// Reads tables of every form: ordinary, partitioned, partitions, inherited, typed, unlogged, foreign.
///
/// Appends: there may be tens of thousands, and another list of them would be copied.
func readTables(_ context: ReadingContext, columns: [UInt32: [Column]], into found: inout [FoundObject]) throws {
    let checks = Dictionary(grouping: try readTableChecks(context), by: \.table)
    let defaults = try InheritedDefaults(context)
    let rows = try context.query(tableQuery)
    found.reserveCapacity(found.count + 3 * rows.count)
    for row in rows {
        let oid = row.oid("oid")
        let table = TableShape(
            row: row,
            columns: columns[oid] ?? [],
            checks: checks[oid] ?? [],
            inheritedDefaults: defaults,
            namesNotNull: context.major >= 18
        )
        found.append(table.found)
    }
    try ColumnOrder(context, rows, columns: columns).mark(&found, context)
}

/// The query for them; what fresh tables may is asked only where somebody changed it.
let tableQuery = """
    SELECT c.oid, c.reltype, rt.typarray, n.nspname, c.relname, c.relkind, c.relpersistence,
      pg_get_userbyid(c.relowner) AS owner, c.relacl AS acl,
      CASE WHEN c.relacl IS NOT NULL THEN acldefault('r', c.relowner) END AS base, c.relispartition, c.reloptions,
      tt.reloptions AS toast_options, c.relreplident, c.relrowsecurity, c.relforcerowsecurity,
      CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
      nullif(am.amname, 'heap') AS access_method, ts.spcname,
      CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
      CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
      CASE WHEN i.inhrelid IS NOT NULL THEN ARRAY(
        SELECT quote_ident(pn.nspname) || '.' || quote_ident(p.relname)
        FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
        WHERE h.inhrelid = c.oid ORDER BY h.inhseqno) END AS parents,
      i.inhparent, s.srvname, ft.ftoptions
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_type rt ON rt.oid = c.reltype
    LEFT JOIN pg_class tt ON tt.oid = c.reltoastrelid
    LEFT JOIN pg_am am ON am.oid = c.relam
    LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
    LEFT JOIN LATERAL (SELECT h.inhrelid, h.inhparent FROM pg_inherits h
      WHERE h.inhrelid = c.oid ORDER BY h.inhseqno LIMIT 1) i ON true
    LEFT JOIN pg_foreign_table ft ON ft.ftrelid = c.oid
    LEFT JOIN pg_foreign_server s ON s.oid = ft.ftserver
    WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
      AND c.oid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
    """
