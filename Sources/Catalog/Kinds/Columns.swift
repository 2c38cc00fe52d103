import PostgresClient

/// A column of a table, foreign table, composite type or view.
struct Column {
    var relation: UInt32
    var number: UInt32
    var name: String
    var type: UInt32
    /// Zero where the type has none.
    var collation: UInt32
    var typeText: String
    var collate: String
    var isNotNull: Bool
    /// NOT NULL that only a parent says, or a constraint that is not validated.
    var isNotNullElsewhere: Bool
    /// From 18 on: the name of the not-null constraint, when it is not the usual one, and what else it says.
    var notNull: NotNullClause
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
        quoted(name) + " " + typeText + foreignOptions + collate + generatedClause + (isNotNull ? notNull.text : "")
    }

    /// For a typed table, whose columns have their type already; nil when there is nothing to say.
    var typedLine: String? {
        isNotNull || defaultText != nil
            ? quoted(name) + " WITH OPTIONS" + generatedClause + (isNotNull ? notNull.text : "") : nil
    }

    private var generatedClause: String {
        guard let defaultText, !generated.isEmpty else { return "" }
        return " GENERATED ALWAYS AS (\(defaultText))" + (generated == "s" ? " STORED" : "")
    }
}

/// Reads the columns of every relation that users made, by relation and in their order.
///
/// This is the catalog's longest answer: it holds the bare rows, and what many of them share is asked for once.
func readColumns(_ context: ReadingContext) throws -> [UInt32: [Column]] {
    let rows = try context.query(columnQuery(context.major))
    let types = try ColumnTypes(context, rows)
    let defaults = try ColumnDefaults(context, generatedIn: Set(rows.filter { $0[7] != "" }.map { $0.oid(0) }))
    let notNulls = try NotNulls(context)
    var columns: [UInt32: [Column]] = [:]
    columns.reserveCapacity(rows.count / 4)
    for row in rows {
        // By place, not by name: there are hundreds of thousands of values.
        let place = ColumnPlace(relation: row.oid(0), number: row.oid(1))
        let type = types.type(of: row)
        let found = defaults[place]
        let isNotNull = row.flag(5)
        let notNull = isNotNull ? notNulls[place] : nil
        let column = Column(
            relation: place.relation,
            number: place.number,
            name: row[2] ?? "",
            type: row.oid(3),
            collation: row.oid(9),
            typeText: type.text,
            collate: types.collateClause(row.oid(9), type),
            isNotNull: isNotNull && notNull?.isElsewhere != true,
            isNotNullElsewhere: notNull?.isElsewhere == true,
            notNull: notNull?.clause ?? NotNullClause(),
            isLocal: row.flag(6),
            defaultOID: found?.oid ?? 0,
            defaultText: found?.text,
            generated: row[7] ?? "",
            settings: columnSettings(
                storage: row[8] == type.storage ? nil : row[8],
                compression: row[10],
                statistics: row[11],
                options: row[12]
            ),
            foreignOptions: foreignOptions(row[13], inOneLine: true),
            grants: row[14].map(Grant.list) ?? []
        )
        columns[place.relation, default: []].append(column)
    }
    for (relation, list) in columns where !zip(list, list.dropFirst()).allSatisfy({ $0.number < $1.number }) {
        columns[relation] = list.sorted { $0.number < $1.number }
    }
    return columns
}

private func columnQuery(_ major: Int) -> String {
    """
    SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attislocal, a.attgenerated,
      a.attstorage, a.attcollation, a.attcompression,
      \(major >= 17 ? "a.attstattarget" : "nullif(a.attstattarget, -1)") AS statistics,
      a.attoptions, a.attfdwoptions, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
      AND c.oid >= \(ReadingContext.firstUserOID)
    """
}

/// A column by the numbers that the catalogs use.
struct ColumnPlace: Hashable {
    var relation: UInt32
    var number: UInt32

    func hash(into hasher: inout Hasher) { hasher.combine(UInt64(relation) << 32 | UInt64(number)) }
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
