import Catalog

/// Materialized views whose rows come from foreign tables, directly or through other views; pure.
///
/// Filling one asks another server. A recovery does that; a rehearsal must not.
struct ForeignViews {
    let identities: Set<ObjectIdentity>

    /// Follows the dependencies of `catalog`; what a function reads in a body of text is not known.
    init(_ catalog: DatabaseCatalog) {
        var reading = Set(catalog.objects(of: .foreignTable).map(\.identity))
        // Reading a partitioned table reads its foreign partitions.
        for table in catalog.objects(of: .foreignTable) {
            for stage in table.stages where stage.purpose == .attach {
                reading.formUnion(stage.dependencies.map(\.object).filter { $0.kind == .table })
            }
        }
        guard !reading.isEmpty else {
            identities = []
            return
        }
        Self.addParents(of: catalog, to: &reading)
        let passing: Set<ObjectKind> = [.view, .materializedView, .function]
        let candidates = catalog.objects.filter { passing.contains($0.identity.kind) }
        while true {
            let more = candidates.filter { object in
                !reading.contains(object.identity)
                    && object.stages.contains { $0.dependencies.contains { reading.contains($0.object) } }
            }
            if more.isEmpty { break }
            reading.formUnion(more.map(\.identity))
        }
        identities = reading.filter { $0.kind == .materializedView }
    }

    /// A partition that has a foreign partition of its own is one itself.
    private static func addParents(of catalog: DatabaseCatalog, to reading: inout Set<ObjectIdentity>) {
        var parents: [ObjectIdentity: [ObjectIdentity]] = [:]
        for table in catalog.objects(of: .table) {
            for stage in table.stages where stage.purpose == .attach {
                parents[table.identity] = stage.dependencies.map(\.object).filter { $0.kind == .table }
            }
        }
        var fresh = Array(reading)
        while let table = fresh.popLast() {
            fresh += (parents[table] ?? []).filter { reading.insert($0).inserted }
        }
    }
}
