import Diagnostics
import Model
import PostgresClient
import Streams

/// Loads large objects with SQL: libpq's own functions for them trust the server too much (CVE-2026-6477).
struct LargeObjectLoader {
    let connection: Connection
    let reader: RangeReader
    let progress: RestoreProgress
    let options: RestoreOptions

    /// Pages of a large object are a quarter of a block; every server we know was built with blocks of 8 KiB.
    private static let pageBytes = 2048
    /// What opens one for writing, `INV_WRITE`: an empty page, the end of one that was made longer without a byte, cannot be put.
    private static let writing = 0x20000

    /// Creates every object, fills it page by page, then gives it its owner, privileges and comment.
    func load(_ data: LargeObjectData) throws {
        do {
            try connection.withTransaction("BEGIN") {
                for batch in stride(from: 0, to: data.objects.count, by: 1000) {
                    let oids = data.objects[batch..<min(batch + 1000, data.objects.count)].map { "(\($0.oid))" }
                    try connection.execute(
                        "SELECT pg_catalog.lo_create(v.o) FROM (VALUES \(oids.joined(separator: ", "))) AS v(o)"
                    )
                }
            }
            // Pages that were put before are put again where they were.
            try reader.retrying(data, elsewhere: { $0.counterpart(of: data) }) { data in
                for range in data.ranges { try load(range) }
            }
            for object in data.objects { try describe(object) }
        } catch let error as PostgresError {
            throw error.diagnostic(while: "cannot load the large objects")
        }
    }

    private func load(_ range: TableRange) throws {
        guard range.proof.rows > 0 else { return }
        try reader.retrying { try loadOnce(range) }
    }

    private func loadOnce(_ range: TableRange) throws {
        try connection.withTransaction("BEGIN") {
            try connection.execute(
                "CREATE TEMPORARY TABLE page (loid oid, pageno integer, data bytea) ON COMMIT DROP"
            )
            _ = try connection.copyIn("COPY pg_temp.page FROM STDIN") { input in
                try reader.read(range, of: "large objects") { bytes in
                    try input.write(bytes)
                    progress.addLoaded(bytes.byteCount)
                }
            }
            try connection.execute(
                """
                SELECT CASE WHEN pg_catalog.octet_length(data) > 0
                  THEN pg_catalog.lo_put(loid, pageno::bigint * \(Self.pageBytes), data) IS NULL
                  ELSE pg_catalog.lo_truncate64(pg_catalog.lo_open(loid, \(Self.writing)), pageno::bigint * \(Self.pageBytes))
                    IS NULL END
                FROM (SELECT * FROM pg_temp.page ORDER BY loid, pageno) AS p
                """
            )
        }
    }

    private func describe(_ object: LargeObjectFacts) throws {
        let name = "LARGE OBJECT \(object.oid)"
        if let comment = object.comment {
            try connection.execute("COMMENT ON \(name) IS \(try connection.quoteLiteral(comment))")
        }
        try LargeObjectBequest(connection: connection, options: options).make(object)
    }
}
