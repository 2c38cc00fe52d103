import PostgresClient

/// Checks that what is locked now is what the snapshot shows; the second line of defence behind locking first.
struct SnapshotCheck {
    private let connection: Connection

    /// Creates a check over a session whose snapshot is taken.
    init(_ connection: Connection) { self.connection = connection }

    /// Throws `SnapshotRace` unless each table still has the file that the snapshot knows.
    ///
    /// `pg_class` is read under the snapshot, `pg_relation_filenode()` is not: after a TRUNCATE or a rewrite in between
    /// they differ, and the table would look empty or show rows of the future.
    func requireOriginalFiles(of relations: [ListedRelation]) throws {
        let oids = relations.filter { !$0.isPartitioned }.map { String($0.identity.oid) }.joined(separator: ",")
        let rows = try connection.query(
            """
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.oid = ANY ($1::pg_catalog.oid[])
              AND c.relfilenode IS DISTINCT FROM pg_catalog.pg_relation_filenode(c.oid)
            LIMIT 1
            """,
            ["{\(oids)}"]
        )
        if let row = rows.first {
            throw SnapshotRace(cause: "table '\(row[0] ?? "").\(row[1] ?? "")' was truncated or rewritten")
        }
    }
}
