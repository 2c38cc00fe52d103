import Model
import PostgresClient

/// Holds the copy's sequences against the manifest, and looks for values that they would hand out twice.
struct SequenceCheck {
    let connection: Connection

    /// One check over all sequences; nil when there is none.
    ///
    /// A sequence behind its column is a fact about the source when it stands where it stood there: reported, and not a
    /// failure of the restore.
    func run(_ expected: [SequenceState]) throws -> DrillRun.Check? {
        guard !expected.isEmpty else { return nil }
        let moved = try moved(expected)
        if !moved.isEmpty {
            return DrillRun.Check(name: "sequences", passed: false, detail: "not where they stood: \(list(moved))")
        }
        let behind = try behindTheirColumns()
        return DrillRun.Check(
            name: "sequences",
            passed: true,
            detail: behind.isEmpty ? nil : "as on the source, these would repeat values: \(list(behind))"
        )
    }

    private func list(_ names: [String]) -> String {
        names.prefix(Self.shown).joined(separator: ", ")
            + (names.count > Self.shown ? " and \(names.count - Self.shown) more" : "")
    }

    private static let shown = 8

    /// Asks the sequences themselves: the server's list does not say where one stands that was never called.
    private func moved(_ expected: [SequenceState]) throws -> [String] {
        let known = Set(
            try connection.query("SELECT schemaname, sequencename FROM pg_catalog.pg_sequences").map {
                TableName(schema: $0[0] ?? "", name: $0[1] ?? "")
            }
        )
        let names = expected.map { TableName(schema: $0.schema, name: $0.name) }
        var found: [Int: (value: Int64?, isCalled: Bool)] = [:]
        let there = expected.indices.filter { known.contains(names[$0]) }
        for start in stride(from: 0, to: there.count, by: 200) {
            let questions = try there[start..<min(start + 200, there.count)].map { index in
                let schema = try connection.quoteIdentifier(names[index].schema)
                let name = try connection.quoteIdentifier(names[index].name)
                return "SELECT \(index), last_value, is_called FROM \(schema).\(name)"
            }
            for row in try connection.query(questions.joined(separator: " UNION ALL ")) {
                guard let index = row[0].flatMap({ Int($0) }) else { continue }
                found[index] = (row[1].flatMap { Int64($0) }, row[2] == "t")
            }
        }
        return expected.indices.compactMap { index in
            let isSame =
                found[index].map { $0 == (expected[index].lastValue, expected[index].isCalled) } ?? false
            return isSame ? nil : names[index].description
        }
    }

    private func behindTheirColumns() throws -> [String] {
        try connection.query(Self.ownedQuery).compactMap { row -> String? in
            guard let sequence = row["sequence"], let table = row["relation"], let column = row["column"] else {
                return nil
            }
            let ascending = row["ascending"] == "t"
            let state = try connection.query(
                """
                SELECT CASE WHEN s.is_called THEN s.last_value \(ascending ? "<" : ">") m.edge
                            ELSE s.last_value \(ascending ? "<=" : ">=") m.edge END
                FROM \(sequence) AS s, (SELECT \(ascending ? "max" : "min")(\(column)) AS edge FROM \(table)) AS m
                """
            )
            return state[0, 0] == "t" ? sequence : nil
        }
    }

    private static let ownedQuery = """
        SELECT quote_ident(sn.nspname) || '.' || quote_ident(s.relname) AS sequence,
               quote_ident(tn.nspname) || '.' || quote_ident(t.relname) AS relation,
               quote_ident(a.attname) AS "column", q.seqincrement > 0 AS ascending
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
        JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
        JOIN pg_catalog.pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p')
        JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
        JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
          AND d.deptype IN ('a', 'i') AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
        ORDER BY 1
        """
}
