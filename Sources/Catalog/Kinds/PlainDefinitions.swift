import PostgresClient

/// Writes the definitions of ordinary indexes and keys as the server's own functions write them.
///
/// `pg_get_indexdef` looks up every name of every index by itself, which for thousands of tables is most of the time that
/// reading the catalog takes; the names are all here already. Only what has nothing special about it is written here:
/// whatever is in doubt is left to the server. A test holds every text against the server's.
struct PlainDefinitions {
    private static let bTree = 403
    /// The number of the support procedure without which operator classes take no options; none of the server's own has
    /// it, and whether indexes use options is asked only where one does: that takes a look at every column there is.
    private static let optionsProcedure = 5
    private static let text: UInt32 = 25
    private static let characterVarying: UInt32 = 1043

    private let columns: [UInt32: [Column]]
    /// The types for which an operator class is the default.
    private let defaultTypes: [UInt32: UInt32]
    /// Whether an operator class that users made could be the default for a type that is only like another.
    private let isDefaultOpen: Bool
    /// The words that must stand in quotes; nil when everything does.
    private let keywords: Set<String>?

    init(_ context: ReadingContext, columns: [UInt32: [Column]]) throws {
        self.columns = columns
        let classes = try context.query(
            "SELECT oid, opcintype FROM pg_opclass WHERE opcmethod = \(Self.bTree) AND opcdefault"
        )
        defaultTypes = Dictionary(classes.map { ($0.oid(0), $0.oid(1)) }, uniquingKeysWith: { first, _ in first })
        isDefaultOpen = defaultTypes.keys.contains { $0 >= ReadingContext.firstUserOID }
        let words = try context.query(
            "SELECT word, current_setting('quote_all_identifiers') FROM pg_get_keywords() WHERE catcode <> 'U'"
        )
        keywords = words.contains { $0[1] != "off" } ? nil : Set(words.compactMap { $0[0] })
    }

    /// The condition that an index may be written here, as far as the server can tell cheaply.
    static func indexCondition(_ major: Int) -> String {
        """
        c.relam = \(bTree) AND c.relkind = 'i' AND i.indexprs IS NULL AND i.indpred IS NULL AND c.reloptions IS NULL
          AND i.indnatts = i.indnkeyatts\(major >= 15 ? " AND NOT i.indnullsnotdistinct" : "")
          AND (NOT EXISTS (SELECT FROM pg_amproc f JOIN pg_opfamily o ON o.oid = f.amprocfamily
              WHERE f.amprocnum = \(optionsProcedure) AND o.opfmethod = \(bTree))
            OR i.indexrelid <> ALL (ARRAY(SELECT attrelid FROM pg_attribute WHERE attoptions IS NOT NULL)))
        """
    }

    /// The condition that a primary key or unique constraint may be written here.
    static func keyCondition(_ major: Int) -> String {
        """
        k.contype IN ('p', 'u') AND NOT k.condeferrable AND k.convalidated AND i.indnatts = i.indnkeyatts\
        \(major >= 15 ? " AND NOT i.indnullsnotdistinct" : "")\
        \(major >= 18 ? " AND NOT k.conperiod AND k.conenforced" : "")
        """
    }

    /// `CREATE INDEX …` of a row that fulfils `indexCondition`; nil when only the server can tell.
    func index(_ row: Row) -> String? {
        let keys = Self.numbers(row.text("indkey"))
        let classes = Self.numbers(row.text("indclass"))
        let collations = Self.numbers(row.text("indcollation"))
        let options = Self.numbers(row.text("indoption"))
        guard let schema = name(row.text("nspname")), let table = name(row.text("table_name")),
            let index = name(row.text("relname")), !keys.isEmpty, classes.count == keys.count,
            collations.count == keys.count, options.count == keys.count
        else { return nil }
        var parts: [String] = []
        for (place, key) in keys.enumerated() {
            guard let column = column(key, of: row.oid("indrelid")), let text = name(column.name),
                isDefault(classes[place], for: column.type), collations[place] == column.collation
            else { return nil }
            parts.append(text + Self.direction(options[place]))
        }
        let unique = row.flag("indisunique") ? "UNIQUE " : ""
        return "CREATE \(unique)INDEX \(index) ON \(schema).\(table) USING btree (\(parts.joined(separator: ", ")))"
    }

    /// `PRIMARY KEY (…)` or `UNIQUE (…)` of a row that fulfils `keyCondition`; nil when only the server can tell.
    func key(_ row: Row) -> String? {
        let keys = arrayElements(row.text("conkey")).compactMap { $0.flatMap { UInt32($0) } }
        let names = keys.compactMap { column($0, of: row.oid("indrelid")).flatMap { name($0.name) } }
        guard !names.isEmpty, names.count == keys.count else { return nil }
        return (row.text("contype") == "p" ? "PRIMARY KEY (" : "UNIQUE (") + names.joined(separator: ", ") + ")"
    }

    private static func direction(_ option: UInt32) -> String {
        switch option & 3 {
        case 0: ""
        case 1: " DESC NULLS LAST"
        case 2: " NULLS FIRST"
        default: " DESC"
        }
    }

    /// Only an exact match is certain, but for the one type that everybody has and that borrows its operators.
    private func isDefault(_ operatorClass: UInt32, for type: UInt32) -> Bool {
        guard let input = defaultTypes[operatorClass] else { return false }
        return input == type || !isDefaultOpen && type == Self.characterVarying && input == Self.text
    }

    private func column(_ number: UInt32, of relation: UInt32) -> Column? {
        guard let columns = columns[relation] else { return nil }
        let place = Int(number) - 1
        if columns.indices.contains(place), columns[place].number == number { return columns[place] }
        return columns.first { $0.number == number }
    }

    /// A name as `quote_ident` writes it.
    private func name(_ name: String) -> String? {
        guard let keywords else { return nil }
        let isPlain = name.utf8.enumerated().allSatisfy { place, byte in
            (0x61...0x7A).contains(byte) || byte == 0x5F || place > 0 && (0x30...0x39).contains(byte)
        }
        return isPlain && !name.isEmpty && !keywords.contains(name) ? name : quoted(name)
    }

    /// The elements of an `int2vector` or `oidvector`.
    private static func numbers(_ text: String) -> [UInt32] { text.split(separator: " ").compactMap { UInt32($0) } }
}
