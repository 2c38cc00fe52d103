import PostgresClient

/// For each table, everything in the catalogs that the text of its rows depends on, hashed; and whether the rows' text
/// depends on nothing else.
///
/// Renaming an enum label, adding an attribute to a composite type or giving a column a fast default changes what COPY
/// writes without touching a single tuple; so the key follows the columns' types through arrays, domains, composites
/// and ranges. Types that print names of other objects (`regclass`, `aclitem`, …) and base types that no extension
/// answers for cannot be followed: their tables are read every time. Each type is followed and hashed once, however many
/// columns have it.
struct CatalogKeys {
    private var keys: [UInt32: String] = [:]
    private var reusable: Set<UInt32> = []

    /// Reads the keys of the tables in `oids` (an array literal); empty where the server refuses.
    ///
    /// Tests pass a query that leaves something out, to see what then goes unnoticed.
    init(of oids: String, on connection: Connection, asking sql: String = Self.sql) throws {
        for row in try connection.queryIfAllowed(sql, [oids]) ?? connection.query("SELECT WHERE false") {
            guard let oid = row[0].flatMap(UInt32.init) else { continue }
            keys[oid] = row[1]
            if row[2] == "t" { reusable.insert(oid) }
        }
    }

    func key(of oid: UInt32) -> String? { keys[oid] }

    func isReusable(_ oid: UInt32) -> Bool { reusable.contains(oid) && keys[oid] != nil }

    static let sql = """
        WITH RECURSIVE cols AS (
          SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attgenerated, a.atthasmissing,
            a.attmissingval::pg_catalog.text AS missing
          FROM pg_catalog.pg_attribute AS a
          WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped),
        reached(root, oid) AS (
          SELECT atttypid, atttypid FROM cols
          UNION
          SELECT reached.root, next.oid
          FROM reached JOIN pg_catalog.pg_type AS p ON p.oid = reached.oid
          CROSS JOIN LATERAL (
            SELECT p.typelem WHERE p.typelem <> 0
            UNION ALL SELECT p.typbasetype WHERE p.typbasetype <> 0
            UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
              WHERE p.typrelid <> 0 AND a.attrelid = p.typrelid AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range AS g WHERE g.rngtypid = p.oid
            UNION ALL SELECT g.rngtypid FROM pg_catalog.pg_range AS g WHERE g.rngmultitypid = p.oid
          ) AS next(oid)),
        types AS (
          SELECT p.oid, p.typtype, p.typelem,
            (SELECT e.extname || ':' || e.extversion
             FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
             WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = p.oid
               AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e') AS extension,
            concat_ws(':', p.oid, p.typtype, p.typoutput::pg_catalog.oid, p.typlen, p.typelem, p.typbasetype,
              p.typtypmod, p.typrelid, p.typdelim,
              (SELECT string_agg(e.oid || '=' || quote_literal(e.enumlabel), ',' ORDER BY e.oid)
               FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = p.oid),
              (SELECT string_agg(concat_ws(':', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped), ','
                 ORDER BY a.attnum)
               FROM pg_catalog.pg_attribute AS a
               WHERE p.typrelid <> 0 AND a.attrelid = p.typrelid AND a.attnum > 0),
              (SELECT concat_ws(':', f.prolang, f.prosrc, f.probin, f.xmin)
               FROM pg_catalog.pg_proc AS f WHERE f.oid = p.typoutput AND f.oid >= 16384)) AS facts
          FROM pg_catalog.pg_type AS p WHERE p.oid IN (SELECT oid FROM reached)),
        closure AS (
          SELECT reached.root,
            encode(sha256(convert_to(string_agg(concat_ws(':', types.facts, types.extension), E'\\n' ORDER BY types.oid),
              pg_catalog.getdatabaseencoding())), 'hex') AS digest,
            bool_and(types.oid <> ALL (ARRAY[
                'regclass', 'regproc', 'regprocedure', 'regoper', 'regoperator', 'regtype', 'regrole',
                'regnamespace', 'regcollation', 'regconfig', 'regdictionary', 'aclitem']::pg_catalog.regtype[]
                ::pg_catalog.oid[])
              AND NOT (types.typtype = 'b' AND types.typelem = 0 AND types.oid >= 16384
                AND types.extension IS NULL)) AS followed
          FROM reached JOIN types ON types.oid = reached.oid
          GROUP BY reached.root),
        lists AS (
          SELECT cols.attrelid, bool_and(coalesce(closure.followed, false)) AS followed,
            string_agg(concat_ws(':', cols.attnum, cols.attname, cols.atttypid, cols.atttypmod, cols.attgenerated,
              cols.atthasmissing, closure.digest, cols.missing), E'\\n' ORDER BY cols.attnum) AS columns
          FROM cols LEFT JOIN closure ON closure.root = cols.atttypid
          GROUP BY cols.attrelid)
        SELECT c.oid,
          encode(sha256(convert_to(concat_ws('|',
            c.oid, pg_catalog.pg_relation_filenode(c.oid), c.relam, c.relkind, c.relpersistence, c.reloftype,
            lists.columns), pg_catalog.getdatabaseencoding())), 'hex'),
          c.relkind = 'r' AND c.relpersistence = 'p' AND coalesce(lists.followed, true)
            AND coalesce((SELECT am.amhandler::pg_catalog.text = 'heap_tableam_handler'
                          FROM pg_catalog.pg_am AS am WHERE am.oid = c.relam), false)
        FROM pg_catalog.pg_class AS c
        LEFT JOIN lists ON lists.attrelid = c.oid
        WHERE c.oid = ANY ($1::pg_catalog.oid[])
        """
}
