import PostgresClient

/// Reads indexes that stand for themselves; one behind a constraint comes with the constraint.
///
/// An invalid index is what a failed CREATE INDEX CONCURRENTLY left: it is named in the notices and not carried.
func readIndexes(_ context: ReadingContext, _ plain: PlainDefinitions, into objects: inout [FoundObject]) throws {
    let rows = try context.query(indexQuery(context.major))
    let written = rows.map { $0["definition"] ?? plain.index($0) }
    let left = zip(rows, written).filter { $1 == nil }.map { $0.0.oid("indexrelid") }
    let asked = try context.texts("pg_get_indexdef", of: left)
    for (row, written) in zip(rows, written) {
        let address = CatalogAddress(SystemCatalog.relation, row.oid("indexrelid"))
        let name = quoted(row.text("nspname"), row.text("relname"))
        let identity = ObjectIdentity(
            .index,
            schema: row.text("nspname"),
            name: row.text("relname"),
            parent: row.text("table_name")
        )
        guard row.flag("indisvalid") || row.text("relkind") == "I" else {
            context.ignored.insert(address)
            context.notices.append("\(identity) is invalid and was left out")
            continue
        }
        let table = CatalogAddress(SystemCatalog.relation, row.oid("indrelid"))
        var object = CatalogObject(identity, reference: name)
        object.tablespace = row["spcname"]
        var found = FoundObject(
            object,
            at: address,
            stages: [
                FoundStage(
                    .create,
                    .postData,
                    [written ?? asked[row.oid("indexrelid")] ?? ""] + indexSettings(row, index: name),
                    sources: [address],
                    needs: [(table, 0)]
                )
            ]
        )
        found.belongsTo = table
        found.stages += attachStage(row, index: name, at: address)
        objects.append(found)
    }
}

/// The expression for statistics targets of an index's columns, as `number=target`; only expressions have one.
func indexStatistics(_ major: Int) -> String {
    let isSet = major >= 17 ? "a.attstattarget IS NOT NULL" : "a.attstattarget >= 0"
    return """
        CASE WHEN i.indexprs IS NOT NULL THEN ARRAY(SELECT a.attnum || '=' || a.attstattarget FROM pg_attribute a
          WHERE a.attrelid = i.indexrelid AND \(isSet) ORDER BY a.attnum) END
        """
}

/// What ALTER says about an index, or about its table because of it.
func indexSettings(_ row: Row, index: String) -> [String] {
    let table = quoted(row.text("nspname"), row.text("table_name"))
    var statements = arrayElements(row["statistics"] ?? "{}").compactMap { element -> String? in
        guard let parts = element?.split(separator: "="), parts.count == 2 else { return nil }
        return "ALTER INDEX \(index) ALTER COLUMN \(parts[0]) SET STATISTICS \(parts[1])"
    }
    if row.flag("indisclustered") {
        statements.append("ALTER TABLE \(table) CLUSTER ON \(quoted(row.text("relname")))")
    }
    if row.flag("indisreplident") {
        statements.append("ALTER TABLE ONLY \(table) REPLICA IDENTITY USING INDEX \(quoted(row.text("relname")))")
    }
    return statements
}

/// The stage that makes a partition's index part of the partitioned index.
func attachStage(_ row: Row, index: String, at address: CatalogAddress) -> [FoundStage] {
    guard row.oid("inhparent") != 0 else { return [] }
    let parent = quoted(row.text("parent_schema"), row.text("parent_name"))
    let needs = [(address, 0), (CatalogAddress(SystemCatalog.relation, row.oid("inhparent")), 0)]
    return [FoundStage(.attach, .postData, ["ALTER INDEX \(parent) ATTACH PARTITION \(index)"], needs: needs)]
}

/// The query for them.
func indexQuery(_ major: Int) -> String {
    """
    SELECT i.indexrelid, i.indrelid, n.nspname, c.relname, t.relname AS table_name, i.indisvalid, c.relkind,
      i.indisclustered, i.indisreplident, i.indisunique, i.indkey, i.indclass, i.indcollation, i.indoption,
      CASE WHEN NOT (\(PlainDefinitions.indexCondition(major))) THEN pg_get_indexdef(i.indexrelid) END AS definition,
      ts.spcname, h.inhparent, pn.nspname AS parent_schema, p.relname AS parent_name,
      \(indexStatistics(major)) AS statistics
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
    LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
    LEFT JOIN pg_class p ON p.oid = h.inhparent
    LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE c.relpersistence <> 't' AND i.indexrelid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
      AND NOT EXISTS (SELECT FROM pg_constraint k
        WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))
    """
}
