import Diagnostics
import Export
import PostgresClient

/// Whether the role may read all that a backup reads.
struct SourcePrivileges {
    let connection: Connection
    let excludedRows: [TablePattern]
    let workers: Int

    private static let shownNames = 5

    /// Tables and sequences that no extension brings, each with what the role may do.
    private static let relations = """
        SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind,
          pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable,
          pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
          pg_catalog.row_security_active(c.oid) AS filtered
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
          AND pg_catalog."left"(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema'
          AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1, 2
        """

    func check(_ list: inout CheckList) throws {
        var closedSchemas: Set<String> = []
        var unreadable: [String] = []
        var filtered: [String] = []
        var tables = 0
        var sequences = 0
        for row in try connection.query(Self.relations) {
            let (schema, name) = (row["schema"] ?? "", row["name"] ?? "")
            let isTable = row["kind"] != "S"
            if isTable { tables += 1 } else { sequences += 1 }
            if isTable, excludedRows.contains(where: { $0.matches(schema: schema, table: name) }) { continue }
            if row["usable"] != "t" {
                closedSchemas.insert(schema)
            } else if row["readable"] != "t" {
                unreadable.append("\(schema).\(name)")
            } else if row["filtered"] == "t" {
                filtered.append("\(schema).\(name)")
            }
        }
        report(closedSchemas.sorted(), unreadable, filtered, &list)
        let largeObjects = try unreadableLargeObjects()
        if let largeObjects { list.fail("privileges", largeObjects) }
        if closedSchemas.isEmpty, unreadable.isEmpty, filtered.isEmpty, largeObjects == nil {
            list.ok(
                "privileges",
                "may read all that a backup reads: \(Self.count(tables, "table")), \(Self.count(sequences, "sequence"))"
            )
        }
        try checkLockTable(tables, &list)
    }

    /// Why a backup would fail over large objects; nil when there are none, or the role may read them.
    private func unreadableLargeObjects() throws -> Diagnostic? {
        let row = try connection.query(
            """
            SELECT pg_catalog.count(*), pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT'), current_user
            FROM pg_catalog.pg_largeobject_metadata
            """
        )[0]
        guard let count = row[0].flatMap({ Int($0) }), count > 0, row[1] != "t" else { return nil }
        return Diagnostic(
            .databasePermission,
            "the role may not read the database's \(Self.count(count, "large object"))",
            cause: "it lacks SELECT on pg_largeobject",
            hint: "Run GRANT pg_read_all_data TO \(quotedIdentifier(row[2] ?? ""))."
        )
    }

    private func report(
        _ closedSchemas: [String],
        _ unreadable: [String],
        _ filtered: [String],
        _ list: inout CheckList
    ) {
        if !closedSchemas.isEmpty {
            let schemas = Self.quoted(closedSchemas)
            list.fail(
                "privileges",
                Diagnostic(
                    .databasePermission,
                    "the role may not look into \(schemas)",
                    hint: "Run GRANT USAGE ON SCHEMA for each of them, or exclude them from the plan."
                )
            )
        }
        if !unreadable.isEmpty {
            list.fail(
                "privileges",
                Diagnostic(
                    .databasePermission,
                    "the role may not read \(Self.quoted(unreadable))",
                    hint: "Grant SELECT on them, or pg_read_all_data to the role, or exclude them from the plan."
                )
            )
        }
        if !filtered.isEmpty {
            list.fail(
                "row security",
                Diagnostic(
                    .databaseRowSecurity,
                    "row security would hide rows of \(Self.quoted(filtered))",
                    hint:
                        "Connect as the tables' owner, or grant the role BYPASSRLS: a backup that skips rows is no backup."
                )
            )
        }
    }

    /// Every connection of a backup locks every table; the server's lock table has a fixed size.
    private func checkLockTable(_ tables: Int, _ list: inout CheckList) throws {
        let row = try connection.query(
            """
            SELECT pg_catalog.current_setting('max_locks_per_transaction')::int8 AS each,
              pg_catalog.current_setting('max_connections')::int8
                + pg_catalog.current_setting('max_prepared_transactions')::int8 AS holders
            """
        )[0]
        let each = row["each"].flatMap { Int($0) } ?? 64
        let capacity = each * (row["holders"].flatMap { Int($0) } ?? 100)
        let wanted = tables * (workers + 1)
        guard wanted > capacity / 2 else { return }
        let summary = "\(tables) tables locked by \(workers + 1) connections need \(wanted) of \(capacity) locks"
        let hint = "Raise max_locks_per_transaction (now \(each)), or lower the plan's workers."
        guard wanted > capacity else { return list.warn("locks", summary, hint: hint) }
        list.fail("locks", Diagnostic(.resourceExhausted, summary, hint: hint))
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func quoted(_ names: [String]) -> String {
        let shown = names.prefix(shownNames).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > shownNames ? "\(shown) and \(names.count - shownNames) more" : shown
    }
}
