import Model
import PostgresClient

/// Finds values that a copy would read wrongly: rows of an heir, kept in a column of another table, whose own columns come
/// in another order there.
///
/// An heir that is made anew has its parents' columns first. Where a parent got one later, it stands behind the heir's own
/// on the source, and no statement can repeat that without making the column the heir's. Reading such a heir goes by names
/// and is right; the text of a composite value goes by places, and its fields change them.
struct ColumnOrder {
    /// The heirs whose order a copy has not, each with its columns.
    private let moved: [UInt32: (name: String, columns: [String])]

    /// Looks at the rows of `tableQuery`; asks further only where there are heirs.
    init(_ context: ReadingContext, _ rows: Rows, columns: [UInt32: [Column]]) throws {
        let heirs = rows.filter { $0["parents"] != nil && !$0.flag("relispartition") }
        guard !heirs.isEmpty else {
            moved = [:]
            return
        }
        let links = try context.query("SELECT inhrelid, inhparent FROM pg_inherits ORDER BY inhrelid, inhseqno")
        let parents = Dictionary(grouping: links) { $0.oid("inhrelid") }.mapValues { $0.map { $0.oid("inhparent") } }
        var moved: [UInt32: (name: String, columns: [String])] = [:]
        // Heirs of heirs after those: one pass more than there are levels changes nothing.
        var isChanged = true
        while isChanged {
            isChanged = false
            for row in heirs where moved[row.oid("oid")] == nil {
                let number = row.oid("oid")
                let own = columns[number] ?? []
                let above = parents[number] ?? []
                let names = own.map(\.name)
                // One that has all columns itself is made on its own and becomes an heir afterwards.
                let keepsOrder = own.allSatisfy(\.isLocal)
                let isMoved =
                    above.contains { moved[$0] != nil } || Self.natural(names, above.map { columns[$0] ?? [] }) != names
                guard !keepsOrder, isMoved else { continue }
                moved[number] = (quoted(row.text("nspname"), row.text("relname")), names)
                isChanged = true
            }
        }
        self.moved = moved
    }

    /// Marks the tables that hold such rows, so that a copy is never called the same, and says so.
    func mark(_ found: inout [FoundObject], _ context: ReadingContext) throws {
        guard !moved.isEmpty else { return }
        let rows = try context.query(
            """
            SELECT d.objid, a.attname, t.typrelid
            FROM pg_type t
            JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, t.typarray)
              AND d.classid = 'pg_class'::regclass AND d.objsubid > 0
            JOIN pg_class c ON c.oid = d.objid AND c.relkind IN ('r', 'p')
            JOIN pg_attribute a ON a.attrelid = d.objid AND a.attnum = d.objsubid
            WHERE t.typrelid IN (\(moved.keys.sorted().map(String.init).joined(separator: ", ")))
            ORDER BY 1, 2
            """
        )
        let holders = Dictionary(grouping: rows) { $0.oid("objid") }
        for index in found.indices where found[index].address.catalog == SystemCatalog.relation {
            for row in holders[found[index].address.oid] ?? [] {
                guard let heir = moved[row.oid("typrelid")] else { continue }
                let column = row.text("attname")
                found[index].object.facts["order in \(column)"] = heir.columns.joined(separator: ", ")
                context.notices.append(
                    "column \(quoted(column)) of \(found[index].object.identity) holds rows of \(heir.name), whose columns come"
                        + " in another order in a copy: their fields change places"
                )
            }
        }
    }

    /// The order that the server gives a new heir: the columns of its parents, each once, then its own.
    private static func natural(_ names: [String], _ parents: [[Column]]) -> [String] {
        var order: [Spelling] = []
        var known: Set<Spelling> = []
        for name in (parents.joined().map(\.name) + names).map(Spelling.init) where known.insert(name).inserted {
            order.append(name)
        }
        let present = Set(names.map(Spelling.init))
        return order.filter(present.contains).map(\.text)
    }
}
