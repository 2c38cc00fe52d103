import Diagnostics
import Model
import PostgresClient

/// The tables to be read as they stand under the snapshot, and what is left out.
struct Inventory: Sendable {
    var tables: [SourceTable]
    var omissions: [Omission]

    /// Reads sizes, columns and catalog keys of the tables of `snapshot`, all in a handful of queries.
    ///
    /// Tables that `objects` cover are left out altogether, other excluded ones keep their definition.
    init(
        of snapshot: ExportedSnapshot,
        leavingOut objects: [TablePattern],
        on connection: Connection,
        manySmallTables: Int = .max
    ) throws {
        var omissions = snapshot.excluded.filter { !$0.isPartitioned }.map { table in
            let isWhole = objects.contains { $0.matches(schema: table.identity.schema, table: table.identity.name) }
            return isWhole
                ? Omission(object: "table '\(table.displayName)'", reason: "excluded, with its definition")
                : Omission(object: "rows of table '\(table.displayName)'", reason: "excluded, its definition is kept")
        }
        var wanted: [ListedRelation] = []
        for relation in snapshot.relations where !relation.isPartitioned {
            if relation.isUnlogged, snapshot.isInRecovery {
                omissions.append(
                    Omission(
                        object: "rows of table '\(relation.displayName)'",
                        reason: "the table is unlogged, and a standby has no rows of it"
                    )
                )
            } else {
                wanted.append(relation)
            }
        }
        omissions += try Self.foreignTables(on: connection)
        self.omissions = omissions
        tables = try Self.describe(wanted, on: connection)
        let small = tables.indices.filter { tables[$0].isSmall }
        if small.count >= manySmallTables {
            for index in small { tables[index].isComparedByText = true }
        }
    }

    private static func describe(_ relations: [ListedRelation], on connection: Connection) throws -> [SourceTable] {
        if relations.isEmpty { return [] }
        let oids = "{\(relations.map { String($0.identity.oid) }.joined(separator: ","))}"
        let columns = try columns(of: oids, on: connection)
        let sizes = try sizes(of: oids, on: connection)
        let keys = try CatalogKeys(of: oids, on: connection)
        let unplanned = try PlanTrial(connection: connection).refused(of: relations)
        return try relations.map { relation in
            guard let size = sizes[relation.identity.oid] else {
                throw SnapshotRace(cause: "table '\(relation.displayName)' is gone")
            }
            let condition = relation.condition.flatMap { $0.isEmpty ? nil : $0 }
            return SourceTable(
                oid: relation.identity.oid,
                schema: relation.identity.schema,
                name: relation.identity.name,
                columns: columns[relation.identity.oid] ?? [],
                condition: condition,
                isHeap: size.isHeap,
                heapBlocks: size.heapBlocks,
                toastBytes: size.toastBytes,
                catalogKey: keys.key(of: relation.identity.oid),
                isReusable: keys.isReusable(relation.identity.oid) && size.isHeap && condition == nil
                    && !unplanned.contains(relation.identity.oid),
                isAskable: !unplanned.contains(relation.identity.oid)
            )
        }
    }

    private static func columns(of oids: String, on connection: Connection) throws -> [UInt32: [String]] {
        var columns: [UInt32: [String]] = [:]
        let sql = """
            SELECT attrelid, attname FROM pg_catalog.pg_attribute
            WHERE attrelid = ANY ($1::pg_catalog.oid[]) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
            ORDER BY attrelid, attnum
            """
        try connection.forEachRow(sql, [oids]) { row in
            guard let oid = row[0].flatMap(UInt32.init), let name = row[1] else { return }
            columns[oid, default: []].append(name)
        }
        return columns
    }

    private struct Size {
        var isHeap: Bool
        var heapBlocks: Int64
        var toastBytes: Int64
    }

    private static func sizes(of oids: String, on connection: Connection) throws -> [UInt32: Size] {
        let rows = try connection.query(
            """
            SELECT c.oid, coalesce(am.amhandler::pg_catalog.text = 'heap_tableam_handler', false),
              pg_catalog.pg_relation_size(c.oid)
                / pg_catalog.current_setting('block_size')::pg_catalog.int8,
              CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_catalog.pg_relation_size(c.reltoastrelid) END
            FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
            WHERE c.oid = ANY ($1::pg_catalog.oid[])
            """,
            [oids]
        )
        var sizes: [UInt32: Size] = [:]
        for row in rows {
            guard let oid = row[0].flatMap(UInt32.init) else { continue }
            sizes[oid] = Size(
                isHeap: row[1] == "t",
                heapBlocks: row[2].flatMap(Int64.init) ?? 0,
                toastBytes: row[3].flatMap(Int64.init) ?? 0
            )
        }
        return sizes
    }

    private static func foreignTables(on connection: Connection) throws -> [Omission] {
        let rows = try connection.query(
            """
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
            WHERE c.relkind = 'f' ORDER BY 1, 2
            """
        )
        return rows.map { row in
            Omission(
                object: "rows of foreign table '\(row[0] ?? "").\(row[1] ?? "")'",
                reason: "they belong to another server"
            )
        }
    }
}
