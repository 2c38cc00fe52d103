import Diagnostics
import Model
import PostgresClient

/// The large objects of a database, read with plain SQL: libpq's own functions for them open each one by one.
struct LargeObjectListing: Sendable {
    var objects: [LargeObjectFacts]
    /// Ranges of object numbers, together all of them.
    var ranges: [BlockRange]
    /// Bytes of `pg_largeobject`.
    var bytes: Int64

    /// Lists them under the snapshot; nil when there are none.
    init?(on connection: Connection, rangeBytes: Int64) throws {
        let objects = try Self.objects(on: connection)
        guard !objects.isEmpty else { return nil }
        try Self.requireReadable(on: connection, count: objects.count)
        let sizes = try connection.query("SELECT pg_catalog.pg_relation_size('pg_catalog.pg_largeobject')")
        bytes = sizes[0, 0].flatMap(Int64.init) ?? 0
        let wanted = ChunkPlan.rangeBytes(of: bytes, atLeast: rangeBytes)
        ranges = Self.cut(objects.map(\.oid), into: Int(max(1, bytes / wanted)))
        self.objects = objects
    }

    /// The COPY for one range.
    static func copy(_ range: BlockRange, encoding: String) -> String {
        let end = range.end.map { " AND loid < \($0)::pg_catalog.oid" } ?? ""
        return """
            COPY (SELECT loid, pageno, data FROM pg_catalog.pg_largeobject \
            WHERE loid >= \(range.first)::pg_catalog.oid\(end) ORDER BY loid, pageno) \
            TO STDOUT WITH (ENCODING \(quotedLiteral(encoding)))
            """
    }

    /// Ranges with about the same number of objects each.
    static func cut(_ oids: [UInt32], into count: Int) -> [BlockRange] {
        let starts = (0..<count).compactMap { part -> Int64? in
            part == 0 ? 0 : Int64(oids[part * oids.count / count])
        }
        let distinct = starts.enumerated().filter { $0.offset == 0 || $0.element > starts[$0.offset - 1] }.map(
            \.element
        )
        return distinct.indices.map { index in
            BlockRange(first: distinct[index], end: index + 1 < distinct.count ? distinct[index + 1] : nil)
        }
    }

    private static func objects(on connection: Connection) throws -> [LargeObjectFacts] {
        var objects: [LargeObjectFacts] = []
        let sql = """
            SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner), m.lomacl::pg_catalog.text,
              pg_catalog.obj_description(m.oid, 'pg_largeobject')
            FROM pg_catalog.pg_largeobject_metadata AS m ORDER BY m.oid
            """
        try connection.forEachRow(sql) { row in
            guard let oid = row[0].flatMap(UInt32.init), let owner = row[1] else { return }
            objects.append(LargeObjectFacts(oid: oid, owner: owner, privileges: row[2], comment: row[3]))
        }
        return objects
    }

    private static func requireReadable(on connection: Connection, count: Int) throws {
        let rows = try connection.query(
            "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT'), current_user"
        )
        guard rows[0, 0] != "t" else { return }
        let role = rows[0, 1] ?? ""
        throw Diagnostic(
            .databasePermission,
            "role '\(role)' may not read the database's \(count) large objects",
            cause: "it lacks SELECT on pg_largeobject",
            hint: "Run GRANT pg_read_all_data TO \(quotedIdentifier(role))."
        )
    }
}
