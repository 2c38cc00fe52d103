import PostgresClient

/// A column of a table, foreign table, composite type or view.
struct Column {
    var relation: UInt32
    var name: String
    var typeText: String
    var collate: String
    var isNotNull: Bool
    /// NOT NULL that only a parent says, or a constraint that is not validated.
    var isNotNullElsewhere: Bool
    /// From 18 on: the name of the not-null constraint, when it is not the usual one, and what else it says.
    var notNullClause: String
    var isLocal: Bool
    var defaultOID: UInt32
    var defaultText: String?
    /// `s` stored, `v` virtual, empty for an ordinary column.
    var generated: String
    /// Settings that only ALTER TABLE can make, each the rest of `ALTER COLUMN name …`.
    var settings: [String]
    var foreignOptions: String
    var grants: [Grant]

    /// The column as a line of CREATE TABLE, without its default.
    var line: String {
        quoted(name) + " " + typeText + foreignOptions + collate + generatedClause + (isNotNull ? notNullClause : "")
    }

    /// For a typed table, whose columns have their type already; nil when there is nothing to say.
    var typedLine: String? {
        isNotNull || defaultText != nil
            ? quoted(name) + " WITH OPTIONS" + generatedClause + (isNotNull ? notNullClause : "") : nil
    }

    private var generatedClause: String {
        guard let defaultText, !generated.isEmpty else { return "" }
        return " GENERATED ALWAYS AS (\(defaultText))" + (generated == "s" ? " STORED" : "")
    }
}

/// The names of the types that columns have, by type and modifier: thousands of columns share a few.
private func readTypeNames(_ context: ReadingContext) throws -> [String: String] {
    let rows = try context.query(
        """
        SELECT k.atttypid || ' ' || k.atttypmod AS type_key, format_type(k.atttypid, k.atttypmod) AS type_text
        FROM (SELECT DISTINCT a.atttypid, a.atttypmod FROM pg_attribute a
          WHERE a.attrelid >= \(ReadingContext.firstUserOID) AND a.attnum > 0 AND NOT a.attisdropped) k
        """
    )
    return Dictionary(
        rows.map { ($0.text("type_key"), $0.text("type_text")) },
        uniquingKeysWith: { first, _ in first }
    )
}

/// Reads the columns of every relation that users made, by relation.
func readColumns(_ context: ReadingContext) throws -> [UInt32: [Column]] {
    let hasNotNullRows = context.major >= 18
    let usualTarget = context.major >= 17 ? "a.attstattarget" : "nullif(a.attstattarget, -1)"
    let notNull =
        hasNotNullRows
        ? "nn.conname, nn.connoinherit, nn.conislocal AS notnull_local, nn.convalidated AS notnull_valid"
        : "NULL AS conname, false AS connoinherit, true AS notnull_local, true AS notnull_valid"
    let notNullJoin =
        hasNotNullRows
        ? "LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid AND nn.contype = 'n' AND nn.conkey[1] = a.attnum"
        : ""
    let types = try readTypeNames(context)
    let rows = try context.query(
        """
        SELECT a.attrelid, a.attname, a.atttypid || ' ' || a.atttypmod AS type_key, a.attnotnull, a.attislocal,
          d.oid AS default_oid, pg_get_expr(d.adbin, d.adrelid) AS default_text, a.attgenerated,
          cn.nspname AS collation_schema, co.collname AS collation_name,
          CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage, a.attcompression,
          \(usualTarget) AS statistics, a.attoptions, a.attfdwoptions, a.attacl, c.relname, c.relispartition,
          \(notNull)
        FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        LEFT JOIN pg_collation co ON co.oid = a.attcollation AND a.attcollation <> t.typcollation
        LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
        \(notNullJoin)
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
          AND c.oid >= \(ReadingContext.firstUserOID) AND \(ReadingContext.userSchema)
        ORDER BY a.attrelid, a.attnum
        """
    )
    var columns: [UInt32: [Column]] = [:]
    for row in rows {
        // In order of the query's columns: this is the one query whose answer is long.
        let isNotNull = row[3] == "t"
        let isHere = !hasNotNullRows || isNotNull && isNotNullHere(row)
        let column = Column(
            relation: UInt32(row[0] ?? "") ?? 0,
            name: row[1] ?? "",
            typeText: types[row[2] ?? ""] ?? "",
            collate: collateClause(row[8], row[9]),
            isNotNull: isNotNull && isHere,
            isNotNullElsewhere: isNotNull && !isHere,
            notNullClause: isNotNull && hasNotNullRows ? notNullClause(row) : " NOT NULL",
            isLocal: row[4] == "t",
            defaultOID: row[5].flatMap { UInt32($0) } ?? 0,
            defaultText: row[6],
            generated: row[7] ?? "",
            settings: columnSettings(storage: row[10], compression: row[11], statistics: row[12], options: row[13]),
            foreignOptions: foreignOptions(row[14], inOneLine: true),
            grants: row[15].map(Grant.list) ?? []
        )
        columns[column.relation, default: []].append(column)
    }
    return columns
}

private func collateClause(_ schema: String?, _ name: String?) -> String {
    guard let schema, let name else { return "" }
    return " COLLATE " + quoted(schema, name)
}

private func columnSettings(storage: String?, compression: String?, statistics: String?, options: String?) -> [String] {
    var settings: [String] = []
    if let statistics { settings.append("SET STATISTICS \(statistics)") }
    // `pg_attver` is the server's own bookkeeping, new with every table; pg_dump leaves it out too.
    let chosen = optionList(options).filter { !$0.hasPrefix("\"pg_attver\"=") }
    if !chosen.isEmpty { settings.append("SET (" + chosen.joined(separator: ", ") + ")") }
    switch storage {
    case "p": settings.append("SET STORAGE PLAIN")
    case "e": settings.append("SET STORAGE EXTERNAL")
    case "m": settings.append("SET STORAGE MAIN")
    case "x": settings.append("SET STORAGE EXTENDED")
    default: break
    }
    switch compression {
    case "p": settings.append("SET COMPRESSION pglz")
    case "l": settings.append("SET COMPRESSION lz4")
    default: break
    }
    return settings
}
