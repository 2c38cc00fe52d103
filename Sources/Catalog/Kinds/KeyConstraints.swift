import Diagnostics
import PostgresClient

/// Reads primary keys, unique and exclusion constraints, with their indexes.
func readKeyConstraints(
    _ context: ReadingContext,
    _ plain: PlainDefinitions,
    into objects: inout [FoundObject]
) throws {
    let rows = try context.query(keyConstraintQuery(context.major))
    let written = rows.map { $0["definition"] ?? plain.key($0) }
    let left = zip(rows, written).filter { $1 == nil }.map { $0.0.oid("oid") }
    let asked = try context.texts("pg_get_constraintdef", of: left)
    for (row, written) in zip(rows, written) {
        let index = quoted(row.text("nspname"), row.text("relname"))
        let tableName = quoted(row.text("nspname"), row.text("table_name"))
        let table = CatalogAddress(SystemCatalog.relation, row.oid("indrelid"))
        let address = CatalogAddress(SystemCatalog.constraint, row.oid("oid"))
        let indexAddress = CatalogAddress(SystemCatalog.relation, row.oid("indexrelid"))
        let name = row.text("conname")
        let identity = ObjectIdentity(
            .constraint,
            schema: row.text("nspname"),
            name: name,
            parent: row.text("table_name")
        )
        var definition = written ?? asked[row.oid("oid")] ?? ""
        let options = optionList(row["reloptions"])
        if !options.isEmpty, row.text("contype") != "x" {
            var suffix = ""
            if row.flag("condeferrable") { suffix += " DEFERRABLE" }
            if row.flag("condeferred") { suffix += " INITIALLY DEFERRED" }
            if definition.hasSuffix(suffix) { definition.removeLast(suffix.count) }
            definition += " WITH (" + options.joined(separator: ", ") + ")" + suffix
        }
        // The server attaches no index that excludes: what a partition has of the sort is made from above.
        let isFromAbove = row.flag("indisexclusion") && row.oid("inhparent") != 0
        let only = row.flag("indisexclusion") && row.text("table_kind") == "p" ? "" : "ONLY "
        let statement =
            isFromAbove
            ? takeName(row) : "ALTER TABLE \(only)\(tableName)\n    ADD CONSTRAINT \(quoted(name)) \(definition)"
        var object = CatalogObject(identity, reference: quoted(name) + " ON " + tableName)
        object.tablespace = row["spcname"]
        if let comment = row["index_comment"] { object.remarks.append(Remark(target: "INDEX \(index)", text: comment)) }
        var found = FoundObject(
            object,
            at: address,
            stages: [
                FoundStage(
                    .create,
                    .postData,
                    [statement] + indexSettings(row, index: index),
                    sources: [address, indexAddress],
                    needs: [(table, 0)]
                        + (isFromAbove ? [(CatalogAddress(SystemCatalog.relation, row.oid("inhparent")), 0)] : [])
                )
            ]
        )
        found.aliases = [indexAddress]
        found.belongsTo = table
        if !isFromAbove { found.stages += attachStage(row, index: index, at: address) }
        objects.append(found)
    }
}

extension CatalogObject {
    /// Whether it is a primary key, a unique or an exclusion constraint, which has an index of its name.
    ///
    /// No other constraint is written for the table alone: `CHECK` goes to its heirs, and a domain has none.
    package var isKey: Bool {
        guard identity.kind == .constraint, let statement = stages.first?.statements.first else { return false }
        return statement.hasPrefix("ALTER TABLE ONLY ") || statement.contains(" WITHOUT OVERLAPS")
            || statement.contains(" EXCLUDE ")
    }
}

/// Gives a partition's constraint, which came with the one above, the name that it has here.
private func takeName(_ row: Row) -> String {
    let table = quoted(row.text("nspname"), row.text("table_name"))
    let parent = quoted(row.text("parent_schema"), row.text("parent_name"))
    let name = literal(row.text("conname"))
    let rename = literal("ALTER TABLE \(table.replacingEach("%", with: "%%")) RENAME CONSTRAINT %I TO %I")
    return doStatement(
        """
        DECLARE
          made name;
        BEGIN
          SELECT k.conname INTO STRICT made
          FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_constraint k ON k.conindid = h.inhrelid
          WHERE h.inhparent = \(literal(parent))::pg_catalog.regclass
            AND k.conrelid = \(literal(table))::pg_catalog.regclass;
          IF made <> \(name) THEN
            EXECUTE pg_catalog.format(\(rename), made, \(name));
          END IF;
        END
        """
    )
}

/// The query for them.
func keyConstraintQuery(_ major: Int) -> String {
    """
    SELECT k.oid, k.conname, i.indexrelid, i.indrelid, n.nspname, c.relname, t.relname AS table_name,
      t.relkind AS table_kind, k.contype, k.condeferrable, k.condeferred, i.indisclustered, i.indisreplident,
      i.indisexclusion, k.conkey,
      CASE WHEN NOT (\(PlainDefinitions.keyCondition(major))) THEN pg_get_constraintdef(k.oid) END AS definition,
      c.reloptions, ts.spcname, d.description AS index_comment,
      h.inhparent, pn.nspname AS parent_schema, p.relname AS parent_name,
      \(indexStatistics(major)) AS statistics
    FROM pg_constraint k
    JOIN pg_index i ON i.indexrelid = k.conindid
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_tablespace ts ON ts.oid = c.reltablespace
    LEFT JOIN pg_inherits h ON h.inhrelid = i.indexrelid
    LEFT JOIN pg_class p ON p.oid = h.inhparent
    LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
    LEFT JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
    WHERE k.contype IN ('p', 'u', 'x') AND c.relpersistence <> 't' AND \(ReadingContext.userSchema)
    """
}
