import PostgresClient

/// Says what somebody made or changed and what nothing carries, because it belongs to what an extension or the server
/// creates.
func noticeLeftBehind(_ context: ReadingContext) throws {
    for row in try context.query(membersWithRows) {
        context.notices.append(
            "\(row.text("described")) comes back only as the extension \(row.text("extname")) creates it, and its rows"
                + " were left out"
        )
    }
    for row in try context.query(addedToMembers) {
        context.notices.append(
            "\(row.text("described")) lies on a table of the extension \(row.text("extname")) and comes back only if"
                + " the extension creates it"
        )
    }
    for row in try context.query(privilegesOfImpliedTypes) {
        context.notices.append("the privileges on \(row.text("described")) were left out")
    }
}

/// Tables whose rows the extension does not name as its configuration; most extensions leave theirs empty.
private let membersWithRows = """
    SELECT pg_describe_object(d.classid, d.objid, 0) AS described, e.extname
    FROM pg_extension e
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
      AND d.classid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = d.objid
    WHERE c.relkind = 'r' AND c.oid <> ALL (coalesce(e.extconfig, '{}')) AND pg_relation_size(c.oid) > 0
    ORDER BY 1
    """

/// What was made on tables of an extension in another transaction than anything that belongs to it.
private let addedToMembers = """
    SELECT pg_describe_object(x.catalog, x.oid, 0) AS described, e.extname
    FROM (
      SELECT 'pg_trigger'::regclass::oid AS catalog, oid, tgrelid AS relation FROM pg_trigger
        WHERE NOT tgisinternal AND tgparentid = 0
      UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy
      UNION ALL SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite WHERE ev_type <> '1'
      UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxrelid FROM pg_statistic_ext
      UNION ALL SELECT 'pg_class'::regclass, indexrelid, indrelid FROM pg_index
      UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint WHERE contype IN ('c', 'f')
    ) x
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = x.relation AND d.objsubid = 0
      AND d.deptype = 'e'
    JOIN pg_extension e ON e.oid = d.refobjid
    WHERE NOT EXISTS (
        SELECT FROM pg_depend m WHERE m.classid = x.catalog AND m.objid = x.oid AND m.deptype IN ('e', 'x'))
      AND NOT EXISTS (
        SELECT FROM pg_depend own JOIN pg_depend m ON m.xmin = own.xmin
        WHERE own.classid = x.catalog AND own.objid = x.oid AND m.refclassid = 'pg_extension'::regclass
          AND m.refobjid = e.oid AND m.deptype = 'e')
      AND NOT EXISTS (
        SELECT FROM pg_depend own WHERE own.classid = x.catalog AND own.objid = x.oid AND own.xmin = e.xmin)
    ORDER BY 1
    """

/// Types that come with a table or a range.
private let privilegesOfImpliedTypes = """
    SELECT pg_describe_object('pg_type'::regclass, t.oid, 0) AS described
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE t.typacl IS NOT NULL AND t.oid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
      AND (t.typtype = 'm' OR c.relkind <> 'c')
      AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid AND m.deptype = 'e')
    ORDER BY 1
    """
