import Model
import PostgresClient

/// Checks that what is locked now is what the snapshot shows; the second line of defence behind locking first.
struct SnapshotCheck {
    private let connection: Connection

    /// Creates a check over a session whose snapshot is taken.
    init(_ connection: Connection) { self.connection = connection }

    /// Throws `SnapshotRace` when a schema has another name by now than under the snapshot.
    ///
    /// Locks hold a table's name, but nothing holds its schema's: after `ALTER SCHEMA … RENAME` twice a name leads to
    /// another table, whose lock is granted and whose rows look as good. `probe` sees what is committed now.
    ///
    /// The names may have been changed back by now, so the row that holds one must still be the same row, unless a grant or
    /// a new owner tells why it was written again.
    func requireOriginalSchemas(seenBy probe: Connection) throws {
        let sql = "SELECT oid, nspname, xmin, nspowner, nspacl FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'"
        var rows: [String: [String?]] = [:]
        for row in try probe.query(sql) { rows[row[0] ?? ""] = (1...4).map { row[$0] } }
        for row in try connection.query(sql) {
            guard let name = row[1], let now = rows[row[0] ?? ""] else { continue }
            let nowNamed = now[0] ?? ""
            guard Spelling(nowNamed) == Spelling(name) else {
                throw SnapshotRace(cause: "schema '\(name)' was renamed to '\(nowNamed)'")
            }
            guard now[1] == row[2] || now[2] != row[3] || now[3] != row[4] else {
                throw SnapshotRace(cause: "schema '\(name)' was altered, perhaps renamed and named back")
            }
        }
    }

    /// Throws `SnapshotRace` when a label of an enumeration was written again since the snapshot: it may have been another
    /// one while rows were copied, and is back by now.
    func requireOriginalLabels(seenBy probe: Connection) throws {
        let sql = "SELECT oid, xmin, enumlabel FROM pg_catalog.pg_enum"
        let now = Set(try probe.query(sql).map { [$0[0], $0[1]] })
        if let gone = try connection.query(sql).first(where: { !now.contains([$0[0], $0[1]]) }) {
            throw SnapshotRace(cause: "label '\(gone[2] ?? "")' of a type was altered")
        }
    }

    /// Throws `SnapshotRace` when the types of a table's columns are no longer what they were under the snapshot.
    ///
    /// `ALTER TYPE … RENAME VALUE` and its kind take no lock on the tables: from then on COPY writes words that the
    /// definitions of the snapshot do not know, and the point could not be restored. `probe` has the pinned settings.
    func requireOriginalTypes(of tables: [SourceTable], seenBy probe: Connection) throws {
        let known = tables.filter { $0.catalogKey != nil }
        if known.isEmpty { return }
        let now = try CatalogKeys(of: "{\(known.map { String($0.oid) }.joined(separator: ","))}", on: probe)
        if let changed = known.first(where: { now.key(of: $0.oid) != $0.catalogKey }) {
            throw SnapshotRace(cause: "a type of table '\(changed.displayName)' was altered")
        }
    }

    /// Throws `SnapshotRace` when a function, or a condition of a domain, was replaced or dropped since the snapshot.
    ///
    /// The server words both from what is committed at that moment: a definition of the future would be in the point.
    /// Asked right after the definitions were read, so that what happens to them later does no harm.
    func requireOriginalRoutines(seenBy probe: Connection) throws {
        let sql = """
            SELECT p.oid, p.xmin, p.proname FROM pg_catalog.pg_proc AS p
            JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace WHERE n.nspname !~ '^pg_'
            UNION ALL
            SELECT c.oid, c.xmin, c.conname FROM pg_catalog.pg_constraint AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.connamespace
            WHERE c.contypid <> 0 AND n.nspname !~ '^pg_'
            """
        let now = Set(try probe.query(sql).map { [$0[0], $0[1]] })
        if let gone = try connection.query(sql).first(where: { !now.contains([$0[0], $0[1]]) }) {
            throw SnapshotRace(cause: "'\(gone[2] ?? "")' was replaced or dropped")
        }
    }

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
