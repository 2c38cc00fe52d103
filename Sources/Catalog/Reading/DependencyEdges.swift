import PostgresClient

/// What depends on what according to `pg_depend`, by address.
struct DependencyEdges {
    private(set) var targets: [CatalogAddress: [CatalogAddress]] = [:]

    /// Reads every dependency on something that users made; members of an extension count as the extension.
    init(_ context: ReadingContext) throws {
        for row in try context.query(Self.sql) {
            let from = CatalogAddress(row.oid(0), row.oid(1))
            var to = CatalogAddress(row.oid(2), row.oid(3))
            // A partition belongs to its parent, a sequence to its table: that is said in a later stage of theirs.
            if row[4] == "a", from.catalog == SystemCatalog.relation, to.catalog == SystemCatalog.relation {
                if context.isOwnedLater(from) { continue }
            }
            if let owner = context.members[to] { to = CatalogAddress(SystemCatalog.extension, owner) }
            targets[from, default: []].append(to)
        }
    }

    /// A table that depends on several columns of another is there several times.
    static let sql = """
        SELECT classid, objid, refclassid, refobjid, deptype
        FROM pg_depend
        WHERE deptype IN ('n', 'a', 'i') AND refobjid >= \(ReadingContext.firstUserOID)
          AND (classid <> 'pg_type'::regclass OR deptype <> 'i') AND NOT (classid = refclassid AND objid = refobjid)
        """
}
