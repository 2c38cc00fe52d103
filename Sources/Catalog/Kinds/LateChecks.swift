import PostgresClient

/// Reads check constraints of tables that are made after the data: those that are not validated, for it may violate them,
/// and those that call functions of the database, which may look at other tables, whose rows would not be there yet.
///
/// From 18 on also NOT NULL constraints that are not validated. What a table has from its parent only, a partition above
/// all, is made with the parent's: the server takes a second one of the same name for a mistake.
func readLateChecks(_ context: ReadingContext) throws -> [FoundObject] {
    let earlier = try readEarlierChecks(context)
    return try context.query(
        """
        SELECT k.oid, k.conname, k.conrelid, n.nspname, c.relname, pg_get_constraintdef(k.oid) AS definition
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.contype IN ('c', 'n') AND \(isLateCheck("k")) AND k.conislocal
          AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let table = quoted(row.text("nspname"), row.text("relname"))
        let name = row.text("conname")
        let address = CatalogAddress(SystemCatalog.constraint, row.oid("oid"))
        let own = CatalogAddress(SystemCatalog.relation, row.oid("conrelid"))
        let identity = ObjectIdentity(.constraint, schema: row.text("nspname"), name: name, parent: row.text("relname"))
        let statement = "ALTER TABLE \(table)\n    ADD CONSTRAINT \(quoted(name)) \(row.text("definition"))"
        let needs =
            [(own, 0)] + (earlier[row.oid("oid")] ?? []).map { (CatalogAddress(SystemCatalog.constraint, $0), 0) }
        var found = FoundObject(
            CatalogObject(identity, reference: quoted(name) + " ON " + table),
            at: address,
            stages: [FoundStage(.create, .postData, [statement], sources: [address], needs: needs)]
        )
        found.belongsTo = own
        return found
    }
}

/// The condition under which the constraint `alias` is made after the data.
///
/// Functions in C are the server's or an extension's, and look at their arguments.
func isLateCheck(_ alias: String) -> String {
    """
    (NOT \(alias).convalidated OR \(alias).contype = 'c' AND \(alias).oid IN (
      SELECT d.objid FROM pg_depend d
      LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
      JOIN pg_proc p ON p.oid = coalesce(o.oprcode, d.refobjid)
      JOIN pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('c', 'internal')
      WHERE d.classid = 'pg_constraint'::regclass AND p.oid >= \(ReadingContext.firstUserOID)
        AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)))
    """
}

/// The constraints of heirs that each constraint waits for: one that an heir has of its own as well can be merged with
/// the one that comes from above, but not be added to it.
private func readEarlierChecks(_ context: ReadingContext) throws -> [UInt32: [UInt32]] {
    let rows = try context.query(
        """
        WITH RECURSIVE up AS (
          SELECT k.oid, k.contype, k.conname, a.attname, h.inhparent
          FROM pg_constraint k
          JOIN pg_inherits h ON h.inhrelid = k.conrelid
          LEFT JOIN pg_attribute a ON k.contype = 'n' AND a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
          WHERE k.contype IN ('c', 'n') AND \(isLateCheck("k")) AND k.conislocal AND k.coninhcount > 0
          UNION
          SELECT u.oid, u.contype, u.conname, u.attname, h.inhparent
          FROM up u JOIN pg_inherits h ON h.inhrelid = u.inhparent)
        SELECT p.oid AS later, u.oid AS earlier
        FROM up u
        JOIN pg_constraint p ON p.conrelid = u.inhparent AND p.contype = u.contype
        LEFT JOIN pg_attribute a ON p.contype = 'n' AND a.attrelid = p.conrelid AND a.attnum = p.conkey[1]
        WHERE \(isLateCheck("p")) AND p.conislocal
          AND CASE p.contype WHEN 'n' THEN a.attname = u.attname ELSE p.conname = u.conname END
        """
    )
    return Dictionary(grouping: rows) { $0.oid("later") }.mapValues { $0.map { $0.oid("earlier") } }
}
