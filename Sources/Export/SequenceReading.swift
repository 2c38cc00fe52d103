import Diagnostics
import Model
import PostgresClient

/// Reads where the sequences stand.
///
/// Sequences do not obey snapshots, so they are read after the rows: a number that a row already uses must not be given
/// out again. They are touched once before, which keeps them from being dropped until then.
struct SequenceReading {
    private static let batchSize = 200

    private struct Sequence {
        var schema: String
        var name: String
        var sqlName: String { quotedIdentifier(schema, name) }
    }

    private let connection: Connection
    private let sequences: [Sequence]

    /// Lists the sequences under the snapshot and holds them; throws when the role may not read one.
    init(on connection: Connection, excluding patterns: [TablePattern]) throws {
        self.connection = connection
        let rows = try connection.query(Self.listing).filter { row in
            !patterns.contains { $0.matches(schema: row[0] ?? "", table: row[1] ?? "", kind: "sequence") }
        }
        sequences = rows.map { Sequence(schema: $0[0] ?? "", name: $0[1] ?? "") }
        if let row = rows.first(where: { $0[2] != "t" }) {
            let role = row[3] ?? ""
            let name = quotedIdentifier(row[0] ?? "", row[1] ?? "")
            throw Diagnostic(
                .databasePermission,
                "role '\(role)' may not read sequence '\(row[0] ?? "").\(row[1] ?? "")'",
                cause: "it lacks SELECT on the sequence or USAGE on its schema",
                hint: "Run GRANT SELECT ON SEQUENCE \(name) TO \(quotedIdentifier(role))."
            )
        }
        _ = try read()
    }

    /// The states of all sequences at this moment.
    func read() throws -> [SequenceState] {
        var states: [SequenceState] = []
        var rest = sequences[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batchSize))
            rest = rest.dropFirst(Self.batchSize)
            let parts = batch.enumerated().map { index, sequence in
                "SELECT \(index), last_value, is_called FROM \(sequence.sqlName)"
            }
            for row in try connection.query(parts.joined(separator: " UNION ALL ") + " ORDER BY 1") {
                guard let index = row[0].flatMap(Int.init), batch.indices.contains(index),
                    let last = row[1].flatMap(Int64.init)
                else { throw PostgresError(message: "a sequence cannot be read") }
                states.append(
                    SequenceState(
                        schema: batch[index].schema,
                        name: batch[index].name,
                        lastValue: last,
                        isCalled: row[2] == "t"
                    )
                )
            }
        }
        return states
    }

    /// A standby has no unlogged sequences, as it has no unlogged tables.
    ///
    /// An extension's sequences are its own, except those it has declared as configuration.
    private static let listing = """
        SELECT n.nspname, c.relname,
          pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
          current_user
        FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.relkind = 'S' AND c.relpersistence <> 't'
          AND (c.relpersistence <> 'u' OR NOT pg_catalog.pg_is_in_recovery())
          AND (EXISTS (SELECT FROM pg_catalog.pg_extension AS e WHERE c.oid = ANY (e.extconfig))
            OR n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
              AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend AS d
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
                  AND d.objsubid = 0 AND d.deptype = 'e'))
        ORDER BY 1, 2
        """
}
