import PostgresClient

/// What depends on what according to `pg_depend`, by address.
///
/// Tens of thousands of tables have ten times as many of these: they lie side by side, in order, and take 16 bytes each.
struct DependencyEdges {
    private struct Edge {
        var from: UInt64
        var to: UInt64
    }

    private let edges: [Edge]

    /// Reads every dependency on something that users made; members of an extension count as the extension.
    init(_ context: ReadingContext) throws {
        let rows = try context.numbers(Self.sql)
        var edges: [Edge] = []
        edges.reserveCapacity(rows.count)
        for row in 0..<rows.count {
            let from = CatalogAddress(rows[row, 0], rows[row, 1])
            var to = CatalogAddress(rows[row, 2], rows[row, 3])
            // A partition belongs to its parent, a sequence to its table: that is said in a later stage of theirs.
            if rows[row, 4] == 1, from.catalog == SystemCatalog.relation, to.catalog == SystemCatalog.relation {
                if context.isOwnedLater(from) { continue }
            }
            if let owner = context.members[to] { to = CatalogAddress(SystemCatalog.extension, owner) }
            edges.append(Edge(from: from.number, to: to.number))
        }
        edges.sort { ($0.from, $0.to) < ($1.from, $1.to) }
        self.edges = edges
    }

    /// Calls `body` with everything that `source` depends on.
    func forEachTarget(of source: CatalogAddress, _ body: (CatalogAddress) -> Void) {
        let wanted = source.number
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle].from < wanted { low = middle + 1 } else { high = middle }
        }
        while low < edges.count, edges[low].from == wanted {
            body(CatalogAddress(number: edges[low].to))
            low += 1
        }
    }

    /// A table that depends on several columns of another is there several times.
    static let sql = """
        SELECT classid, objid, refclassid, refobjid, CASE deptype WHEN 'a' THEN 1 ELSE 0 END
        FROM pg_depend
        WHERE deptype IN ('n', 'a', 'i') AND refobjid >= \(ReadingContext.firstUserOID)
          AND (classid <> 'pg_type'::regclass OR deptype <> 'i') AND NOT (classid = refclassid AND objid = refobjid)
        """
}
