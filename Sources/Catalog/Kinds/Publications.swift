import PostgresClient

/// Reads publications with their tables, column lists, row filters and schemas.
func readPublications(_ context: ReadingContext) throws -> [FoundObject] {
    let members = Dictionary(grouping: try readMembers(context), by: \.publication)
    let generated = context.major >= 18 ? "p.pubgencols" : "'n'"
    return try context.query(
        """
        SELECT p.oid, p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner, p.puballtables, p.pubinsert, p.pubupdate,
          p.pubdelete, p.pubtruncate, p.pubviaroot, \(generated) AS generated
        FROM pg_publication p
        """
    ).map { row in
        let name = quoted(row.text("name"))
        let actions = ["insert", "update", "delete", "truncate"].filter { row.flag("pub" + $0) }
        var options = ["publish = \(literal(actions.joined(separator: ", ")))"]
        if row.flag("pubviaroot") { options.append("publish_via_partition_root = true") }
        if row.text("generated") == "s" { options.append("publish_generated_columns = stored") }
        let statement =
            "CREATE PUBLICATION \(name)" + (row.flag("puballtables") ? " FOR ALL TABLES" : "")
            + " WITH (" + options.joined(separator: ", ") + ")"
        var found = namedObject(
            .publication,
            in: SystemCatalog.publication,
            row,
            [.owner],
            section: .postData,
            statements: [statement]
        )
        let own = members[row.oid("oid")] ?? []
        if !own.isEmpty {
            let statements = own.map { "ALTER PUBLICATION \(name) ADD \($0.clause)" }
            found.stages.append(FoundStage(.attach, .postData, statements, sources: own.map(\.address)))
        }
        return found
    }
}

private struct Member {
    var publication: UInt32
    var address: CatalogAddress
    var clause: String
}

private func readMembers(_ context: ReadingContext) throws -> [Member] {
    let isRich = context.major >= 15
    let columns =
        isRich
        ? """
        (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM unnest(r.prattrs) k
          JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = k) AS columns,
        pg_get_expr(r.prqual, r.prrelid) AS filter
        """ : "NULL AS columns, NULL AS filter"
    var members = try context.query(
        """
        SELECT r.oid, r.prpubid, n.nspname, c.relname, \(columns)
        FROM pg_publication_rel r
        JOIN pg_class c ON c.oid = r.prrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
        """
    ).map { row in
        var clause = "TABLE ONLY " + quoted(row.text("nspname"), row.text("relname"))
        if let columns = row["columns"] { clause += " (\(columns))" }
        if let filter = row["filter"] { clause += " WHERE (\(filter))" }
        return Member(
            publication: row.oid("prpubid"),
            address: CatalogAddress(SystemCatalog.publicationTable, row.oid("oid")),
            clause: clause
        )
    }
    guard isRich else { return members }
    members += try context.query(
        """
        SELECT r.oid, r.pnpubid, n.nspname FROM pg_publication_namespace r JOIN pg_namespace n ON n.oid = r.pnnspid
        ORDER BY n.nspname COLLATE "C"
        """
    ).map { row in
        Member(
            publication: row.oid("pnpubid"),
            address: CatalogAddress(SystemCatalog.publicationNamespace, row.oid("oid")),
            clause: "TABLES IN SCHEMA " + quoted(row.text("nspname"))
        )
    }
    return members
}
