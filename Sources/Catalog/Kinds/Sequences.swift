import PostgresClient

/// Reads sequences: free ones, those that a column owns, and those behind identity columns.
///
/// A sequence's position is data; the export reads it.
func readSequences(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT c.oid, n.nspname, c.relname, c.relpersistence, pg_get_userbyid(c.relowner) AS owner, c.relacl AS acl,
          acldefault('s', c.relowner) AS base, format_type(s.seqtypid, NULL) AS type_text, s.seqstart, s.seqincrement,
          s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.deptype, d.refobjid AS owning_table, tn.nspname AS table_schema,
          t.relname AS table_name, t.relpersistence AS table_persistence, t.relkind AS table_kind, a.attname, a.attidentity
        FROM pg_sequence s
        JOIN pg_class c ON c.oid = s.seqrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
          AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
        LEFT JOIN pg_class t ON t.oid = d.refobjid
        LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE c.relpersistence <> 't' AND c.oid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
        """
    ).map { row in
        let name = quoted(row.text("nspname"), row.text("relname"))
        let address = CatalogAddress(SystemCatalog.relation, row.oid("oid"))
        var object = CatalogObject(
            ObjectIdentity(.sequence, schema: row.text("nspname"), name: row.text("relname")),
            reference: name,
            owner: row.text("owner")
        )
        object.privileges = row.privileges("acl", initial: "base")
        let isIdentity = row.text("deptype") == "i"
        var create = FoundStage(
            .create,
            .preData,
            isIdentity
                ? [identityStatement(row, name)] + persistenceStatements(row, name) : [sequenceStatement(row, name)],
            sources: [address]
        )
        let table = CatalogAddress(SystemCatalog.relation, row.oid("owning_table"))
        if isIdentity {
            // Owner and table go together.
            object.owner = nil
            create.needs.append((table, 0))
        }
        var found = FoundObject(object, at: address, stages: [create])
        guard row["deptype"] != nil else { return found }
        found.belongsTo = table
        if !isIdentity {
            let column = quoted(row.text("table_schema"), row.text("table_name")) + "." + quoted(row.text("attname"))
            found.stages.append(
                FoundStage(.ownedBy, .preData, ["ALTER SEQUENCE \(name) OWNED BY \(column)"], needs: [(table, 0)])
            )
        }
        return found
    }
}

private func sequenceStatement(_ row: Row, _ name: String) -> String {
    let unlogged = row.text("relpersistence") == "u" ? "UNLOGGED " : ""
    return "CREATE \(unlogged)SEQUENCE \(name)\n    AS \(row.text("type_text"))\n    " + sequenceOptions(row)
}

private func identityStatement(_ row: Row, _ name: String) -> String {
    let table = quoted(row.text("table_schema"), row.text("table_name"))
    let keyword = row.text("table_kind") == "f" ? "FOREIGN TABLE" : "TABLE"
    let always = row.text("attidentity") == "a" ? "ALWAYS" : "BY DEFAULT"
    return "ALTER \(keyword) \(table) ALTER COLUMN \(quoted(row.text("attname")))\n"
        + "    ADD GENERATED \(always) AS IDENTITY (\n    SEQUENCE NAME \(name)\n    \(sequenceOptions(row))\n)"
}

private func sequenceOptions(_ row: Row) -> String {
    [
        "START WITH \(row.text("seqstart"))", "INCREMENT BY \(row.text("seqincrement"))",
        "MINVALUE \(row.text("seqmin"))", "MAXVALUE \(row.text("seqmax"))", "CACHE \(row.text("seqcache"))",
        row.flag("seqcycle") ? "CYCLE" : "NO CYCLE",
    ].joined(separator: "\n    ")
}

/// From 15 on a sequence can be logged when its table is not, and the other way round.
private func persistenceStatements(_ row: Row, _ name: String) -> [String] {
    let own = row.text("relpersistence")
    if own == row.text("table_persistence") { return [] }
    return ["ALTER SEQUENCE \(name) SET " + (own == "u" ? "UNLOGGED" : "LOGGED")]
}
