import Catalog
import Model

/// The part of a catalog that a selection needs: what was selected, what lives on it, and what those need to exist.
struct SelectionClosure {
    let catalog: DatabaseCatalog
    /// What was left out although it belongs to something selected, with the reason.
    let omissions: [Omission]

    init(_ full: DatabaseCatalog, _ selection: RestoreSelection) {
        guard case .everything = selection else {
            (catalog, omissions) = Self.close(full, selection)
            return
        }
        catalog = full
        omissions = []
    }

    private static func close(_ full: DatabaseCatalog, _ selection: RestoreSelection) -> (DatabaseCatalog, [Omission]) {
        let byIdentity = Dictionary(full.objects.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        var kept = Set(full.objects.map(\.identity).filter { isSelected($0, selection) })
        kept.formUnion(full.objects(of: .sequence).filter { belongs($0, to: kept) }.map(\.identity))
        var queue = Array(kept)
        while let identity = queue.popLast() {
            guard let object = byIdentity[identity] else { continue }
            for stage in object.stages where stage.section <= .preData && stage.purpose != .attach {
                for dependency in stage.dependencies where !kept.contains(dependency.object) {
                    kept.insert(dependency.object)
                    queue.append(dependency.object)
                }
            }
        }
        var omissions: [Omission] = []
        let dropped = Set(
            kept.filter { identity in
                let missing = missingTables(byIdentity[identity], kept)
                for table in missing {
                    omissions.append(Omission(object: identity.description, reason: "\(table) is not in the selection"))
                }
                return !missing.isEmpty
            }
        )
        return (full.filtered { kept.contains($0.identity) && !dropped.contains($0.identity) }, omissions)
    }

    /// Tables that a later stage of an object needs and that are not restored: a foreign key into the rest.
    private static func missingTables(_ object: CatalogObject?, _ kept: Set<ObjectIdentity>) -> [ObjectIdentity] {
        guard let object else { return [] }
        return object.stages.filter { $0.section == .postData }.flatMap(\.dependencies).map(\.object)
            .filter { $0.kind == .table && !kept.contains($0) }
    }

    /// Whether a sequence is that of an identity or serial column of a table that is kept.
    private static func belongs(_ sequence: CatalogObject, to kept: Set<ObjectIdentity>) -> Bool {
        sequence.stages.flatMap(\.dependencies).contains { $0.object.kind == .table && kept.contains($0.object) }
    }

    private static func isSelected(_ identity: ObjectIdentity, _ selection: RestoreSelection) -> Bool {
        switch selection {
        case .everything: true
        case .schemas(let names):
            if identity.kind == .schema {
                names.contains(Spelling(identity.name))
            } else {
                identity.schema.map { names.contains(Spelling($0)) } ?? false
            }
        case .tables(let names):
            identity.schema.map { schema in
                switch identity.kind {
                case .table, .materializedView, .view: names.contains(TableName(schema: schema, name: identity.name))
                case .index, .constraint, .foreignKey, .trigger, .policy, .rule, .statistics:
                    identity.parent.map { names.contains(TableName(schema: schema, name: $0)) } ?? false
                default: false
                }
            } ?? false
        }
    }
}
