/// Which tables of a catalog are partitions of which.
///
/// A statement about one member can read or finish what another session is changing on another member: the topmost index
/// becomes valid when the last one below it is attached, and two sessions that attach on different levels at the same
/// time each miss what the other is doing. So what concerns a tree counts as a change of its root.
struct PartitionTrees {
    private var parents: [ObjectIdentity: ObjectIdentity] = [:]

    init(_ catalog: DatabaseCatalog) {
        for object in catalog.objects where object.identity.isPlainOrForeignTable {
            for stage in object.stages where stage.purpose == .attach {
                parents[object.identity] = stage.dependencies.map(\.object).first { $0.kind == .table }
            }
        }
    }

    /// The topmost table above `table`; `table` itself when it is no partition.
    func root(of table: ObjectIdentity) -> ObjectIdentity {
        var root = table
        while let parent = parents[root], parent != table { root = parent }
        return root
    }
}

extension ObjectIdentity {
    fileprivate var isPlainOrForeignTable: Bool { kind == .table || kind == .foreignTable }
}
