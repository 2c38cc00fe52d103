import Model
import PostgresClient

/// Holds the copy's sequences against the manifest, and looks for values that they would hand out twice.
struct SequenceCheck {
    let connection: Connection

    /// One check over all sequences; nil when there is none.
    ///
    /// A sequence behind its column is a fact about the source when it stands where it stood there: reported, and not a
    /// failure of the restore.
    func run(_ manifest: Manifest) throws -> DrillRun.Check? {
        guard !manifest.sequences.isEmpty else { return nil }
        let moved = try moved(manifest.sequences)
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

    private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private func moved(_ expected: [SequenceState]) throws -> [String] {
        var found: [TableName: String?] = [:]
        for row in try connection.query("SELECT schemaname, sequencename, last_value FROM pg_catalog.pg_sequences") {
            found[TableName(schema: row[0] ?? "", name: row[1] ?? "")] = .some(row[2])
        }
        return expected.compactMap { state in
            let name = TableName(schema: state.schema, name: state.name)
            let value = state.isCalled ? String(state.lastValue) : nil
            return found[name] == .some(value) ? nil : name.description
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
