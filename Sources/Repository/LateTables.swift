/// Tables that are loaded after all others, because loading a row calls functions of the database.
///
/// Such a function may look into other tables, whatever it promises: what a stored generated column is worked out by, what a
/// domain's or a cast's condition asks, what a partition key is made of. In a backup's order these tables would be loaded
/// while the others are empty.
package enum LateTables {
    /// Asks a database whose tables were made for schema and name of each such table, a row for each generated column
    /// (name, expression and type) that calls functions, and one without for any other reason.
    ///
    /// The same for a restore and for the guide. It asks the target, which knows what calls what in points of every age.
    /// Functions in C are the server's or an extension's, and look at their arguments. Domains count wherever a column holds
    /// them: in a composite, an array, a range. The session's search path leads nowhere.
    package static let sql = """
        WITH RECURSIVE uses (class, id, used_class, used) AS (
          SELECT 'pg_operator'::regclass::oid, o.oid, 'pg_proc'::regclass::oid, o.oprcode::oid
          FROM pg_operator o WHERE o.oid >= 16384
          UNION ALL
          SELECT 'pg_type'::regclass, k.contypid, d.refclassid, d.refobjid
          FROM pg_constraint k JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
          WHERE k.contypid >= 16384
          UNION ALL
          SELECT 'pg_type'::regclass, t.holder, 'pg_type'::regclass, t.held
          FROM (
            SELECT oid, typbasetype FROM pg_type WHERE typtype = 'd'
            UNION ALL SELECT oid, typelem FROM pg_type WHERE typelem <> 0
            UNION ALL SELECT rngtypid, rngsubtype FROM pg_range
            UNION ALL SELECT rngmultitypid, rngsubtype FROM pg_range
            UNION ALL SELECT c.reltype, a.atttypid
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.reltype >= 16384 AND NOT a.attisdropped
          ) AS t (holder, held)
          WHERE t.holder >= 16384 AND t.held >= 16384
        ), caller (class, id) AS (
          SELECT 'pg_proc'::regclass::oid, p.oid
          FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
          WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal')
          UNION
          SELECT u.class, u.id FROM uses u JOIN caller c ON c.class = u.used_class AND c.id = u.used
        ), late (relation, number) AS (
          SELECT a.attrelid, NULL::smallint
          FROM pg_attribute a JOIN caller c ON c.class = 'pg_type'::regclass AND c.id = a.atttypid
          WHERE a.attnum > 0 AND NOT a.attisdropped
          UNION
          SELECT f.adrelid, f.adnum
          FROM pg_attrdef f
          JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum AND a.attgenerated = 's'
          JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
            OR d.classid = 'pg_class'::regclass AND d.objid = f.adrelid AND d.objsubid = f.adnum
          JOIN caller c ON c.class = d.refclassid AND c.id = d.refobjid
          UNION
          SELECT k.conrelid, NULL
          FROM pg_constraint k
          JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
          JOIN caller c ON c.class = d.refclassid AND c.id = d.refobjid
          WHERE k.contype = 'c' AND k.conrelid <> 0
          UNION
          SELECT p.relid, NULL
          FROM pg_partitioned_table t
          JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = t.partrelid AND d.objsubid = 0
          JOIN caller c ON c.class = d.refclassid AND c.id = d.refobjid
          CROSS JOIN pg_partition_tree(t.partrelid) p
        )
        SELECT n.nspname, r.relname, a.attname, pg_get_expr(f.adbin, f.adrelid), format_type(a.atttypid, a.atttypmod)
        FROM late
        JOIN pg_class r ON r.oid = late.relation AND r.relkind = 'r' AND r.relpersistence <> 't'
        JOIN pg_namespace n ON n.oid = r.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = late.relation AND a.attnum = late.number
        LEFT JOIN pg_attrdef f ON f.adrelid = late.relation AND f.adnum = late.number
        ORDER BY n.nspname, r.relname, late.number
        """
}
