import PostgresClient

/// What depends on what according to `pg_depend`, by address.
struct DependencyEdges {
    private(set) var targets: [CatalogAddress: [CatalogAddress]] = [:]

    /// Reads every dependency on something that users made; members of an extension count as the extension.
    init(_ context: ReadingContext) throws {
        let rows = try context.query(
            """
            SELECT DISTINCT classid, objid, refclassid, refobjid, deptype
            FROM pg_depend
            WHERE deptype IN ('n', 'a', 'i') AND refobjid >= \(ReadingContext.firstUserOID)
              AND (classid <> 'pg_type'::regclass OR deptype <> 'i') AND NOT (classid = refclassid AND objid = refobjid)
            """
        )
        for row in rows {
            let from = CatalogAddress(UInt32(row[0] ?? "") ?? 0, UInt32(row[1] ?? "") ?? 0)
            var to = CatalogAddress(UInt32(row[2] ?? "") ?? 0, UInt32(row[3] ?? "") ?? 0)
            // A partition belongs to its parent, a sequence to its table: that is said in a later stage of theirs.
            if row[4] == "a", from.catalog == SystemCatalog.relation, to.catalog == SystemCatalog.relation {
                if context.isOwnedLater(from) { continue }
            }
            if let owner = context.members[to] { to = CatalogAddress(SystemCatalog.extension, owner) }
            targets[from, default: []].append(to)
        }
    }
}
