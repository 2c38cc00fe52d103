import PostgresClient

/// Reads text search parsers, templates, dictionaries and configurations.
func readTextSearch(_ context: ReadingContext) throws -> [FoundObject] {
    try readParsers(context) + readTemplates(context) + readDictionaries(context) + readConfigurations(context)
}

private func readParsers(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT p.oid, p.prsname AS name, n.nspname, p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype
        FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let functions = [
            ("START", "prsstart"), ("GETTOKEN", "prstoken"), ("END", "prsend"), ("HEADLINE", "prsheadline"),
            ("LEXTYPES", "prslextype"),
        ]
        let statement = create("PARSER", row, functionItems(row, functions))
        return namedObject(
            .textSearchParser,
            in: SystemCatalog.textSearchParser,
            row,
            [.schema],
            statements: [statement]
        )
    }
}

private func readTemplates(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT t.oid, t.tmplname AS name, n.nspname, t.tmplinit, t.tmpllexize
        FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let statement = create("TEMPLATE", row, functionItems(row, [("INIT", "tmplinit"), ("LEXIZE", "tmpllexize")]))
        return namedObject(
            .textSearchTemplate,
            in: SystemCatalog.textSearchTemplate,
            row,
            [.schema],
            statements: [statement]
        )
    }
}

private func readDictionaries(_ context: ReadingContext) throws -> [FoundObject] {
    try context.query(
        """
        SELECT d.oid, d.dictname AS name, n.nspname, pg_get_userbyid(d.dictowner) AS owner, t.tmplname,
          tn.nspname AS template_schema, d.dictinitoption
        FROM pg_ts_dict d
        JOIN pg_namespace n ON n.oid = d.dictnamespace
        JOIN pg_ts_template t ON t.oid = d.dicttemplate
        JOIN pg_namespace tn ON tn.oid = t.tmplnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        var items = ["TEMPLATE = " + quoted(row.text("template_schema"), row.text("tmplname"))]
        // The server keeps the options as text that it wrote itself, quoted.
        if let options = row["dictinitoption"] { items.append(options) }
        return namedObject(
            .textSearchDictionary,
            in: SystemCatalog.textSearchDictionary,
            row,
            [.schema, .owner],
            statements: [create("DICTIONARY", row, items)]
        )
    }
}

private func readConfigurations(_ context: ReadingContext) throws -> [FoundObject] {
    let mappings = Dictionary(
        grouping: try context.query(
            """
            SELECT m.mapcfg, t.alias, string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno) AS dictionaries
            FROM pg_ts_config c
            JOIN pg_ts_config_map m ON m.mapcfg = c.oid
            CROSS JOIN LATERAL ts_token_type(c.cfgparser) t
            WHERE t.tokid = m.maptokentype AND c.oid >= \(ReadingContext.firstUserOID)
            GROUP BY m.mapcfg, m.maptokentype, t.alias
            ORDER BY m.mapcfg, m.maptokentype
            """
        ),
        by: { $0.oid("mapcfg") }
    )
    return try context.query(
        """
        SELECT c.oid, c.cfgname AS name, n.nspname, pg_get_userbyid(c.cfgowner) AS owner, p.prsname,
          pn.nspname AS parser_schema
        FROM pg_ts_config c
        JOIN pg_namespace n ON n.oid = c.cfgnamespace
        JOIN pg_ts_parser p ON p.oid = c.cfgparser
        JOIN pg_namespace pn ON pn.oid = p.prsnamespace
        WHERE \(ReadingContext.userSchema)
        """
    ).map { row in
        let name = quoted(row.text("nspname"), row.text("name"))
        let items = ["PARSER = " + quoted(row.text("parser_schema"), row.text("prsname"))]
        let additions = (mappings[row.oid("oid")] ?? []).map { mapping in
            "ALTER TEXT SEARCH CONFIGURATION \(name)\n    ADD MAPPING FOR \(quoted(mapping.text("alias")))"
                + " WITH \(mapping.text("dictionaries"))"
        }
        return namedObject(
            .textSearchConfiguration,
            in: SystemCatalog.textSearchConfiguration,
            row,
            [.schema, .owner],
            statements: [create("CONFIGURATION", row, items)] + additions
        )
    }
}

private func create(_ word: String, _ row: Row, _ items: [String]) -> String {
    let lines = items.map { "    " + $0 }.joined(separator: ",\n")
    return "CREATE TEXT SEARCH \(word) \(quoted(row.text("nspname"), row.text("name"))) (\n\(lines)\n)"
}

private func functionItems(_ row: Row, _ functions: [(String, String)]) -> [String] {
    functions.compactMap { word, column in
        row[column].flatMap { $0 == "-" ? nil : "\(word) = \($0)" }
    }
}
