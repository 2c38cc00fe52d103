import PostgresClient
import Streams
import TestSupport
import Testing

/// Everything a database holds, as text that two equal databases share: told by the server and by pg_dump, by nothing of
/// ours.
struct DatabasePicture: Equatable {
    /// A line per table: its name, its rows and a hash over them in a fixed order.
    let tables: [String]
    let sequences: [String]
    let largeObjects: [String]
    /// What `pg_dump --schema-only` prints, without the line that is random.
    let schema: [String]

    init(_ settings: ConnectionSettings) throws {
        let connection = try Connection(settings)
        try connection.execute("SET search_path = ''; SET extra_float_digits = 3; SET TimeZone = 'UTC'")
        tables = try connection.query(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text "
                + "NOT IN ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1"
        ).map { $0[0] ?? "" }.map { table in
            let rows = try connection.query(
                "SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) FROM ONLY \(table) AS t"
            )
            return "\(table): \(rows[0, 0] ?? "?") \(rows[0, 1] ?? "none")"
        }
        sequences = try connection.query("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S' ORDER BY 1").map
        {
            $0[0] ?? ""
        }.map { sequence in
            let state = try connection.query("SELECT last_value, is_called FROM \(sequence)")
            return "\(sequence): \(state[0, 0] ?? "?") \(state[0, 1] ?? "?")"
        }
        largeObjects = try connection.query(
            """
            SELECT concat_ws(' ', m.oid, m.lomowner::regrole, m.lomacl, obj_description(m.oid, 'pg_largeobject'),
              (SELECT md5(string_agg(pageno || ' ' || md5(data), ',' ORDER BY pageno)) FROM pg_largeobject
                WHERE loid = m.oid))
            FROM pg_largeobject_metadata AS m ORDER BY m.oid
            """
        ).map { $0[0] ?? "" }
        schema = try Self.dump(settings)
    }

    private static func dump(_ settings: ConnectionSettings) throws -> [String] {
        let line = [
            "--schema-only", "--host", settings.host, "--port", settings.port, "--username", settings.user,
            "--dbname", settings.database,
        ]
        let launch = ChildLaunch(try PostgresMajor.v15.binaries() + "/pg_dump", line)
        let outcome = try ChildProcess.run(launch, limit: 16 << 20)
        try #require(outcome.ending.isSuccess, "\(outcome.message)")
        return String(decoding: outcome.standardOutput, as: UTF8.self).split(separator: "\n").map(String.init).filter {
            !$0.hasPrefix("\\restrict ") && !$0.hasPrefix("\\unrestrict ")
        }
    }

    /// Where two pictures differ, for a person.
    func expectEqual(_ other: DatabasePicture) {
        #expect(tables == other.tables)
        #expect(sequences == other.sequences)
        #expect(largeObjects == other.largeObjects)
        #expect(schema.difference(from: other.schema).isEmpty, "\(schema.difference(from: other.schema))")
    }
}
