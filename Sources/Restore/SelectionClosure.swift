import Catalog
import Model

/// The part of a catalog that a selection needs: what was selected, what lives on it, and what those need to exist.
struct SelectionClosure {
    private(set) var catalog: DatabaseCatalog
    /// What was left out although it belongs to something selected, with the reason.
    private(set) var omissions: [Omission]

    init(_ full: DatabaseCatalog, _ selection: RestoreSelection) {
        catalog = full
        omissions = []
        guard !selection.isEverything else { return }
        let byIdentity = Dictionary(full.objects.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        let kept = Self.close(full, byIdentity, selection)
        var dropped: Set<ObjectIdentity> = []
        for identity in kept.sorted() {
            guard let missing = Self.missingRelation(byIdentity[identity], kept) else { continue }
            dropped.insert(identity)
            omissions.append(Omission(object: identity.description, reason: "\(missing) is not in the selection"))
        }
        let final = kept.subtracting(dropped)
        var cut = full
        cut.objects = full.objects.filter { final.contains($0.identity) }.map { object in
            var object = object
            omissions += object.cutLoose(from: final)
            if let missing = Self.unreadTable(object, byIdentity, selection) {
                omissions += object.leaveEmpty(for: missing)
            }
            return object
        }
        catalog = cut.filtered { _ in true }
    }

    private static func close(
        _ full: DatabaseCatalog,
        _ byIdentity: [ObjectIdentity: CatalogObject],
        _ selection: RestoreSelection
    ) -> Set<ObjectIdentity> {
        var kept = Set(full.objects.map(\.identity).filter { isSelected($0, selection) })
        // Neither is named after its table.
        let companions = full.objects(of: .sequence) + full.objects(of: .statistics)
        kept.formUnion(companions.filter { belongs($0, to: kept) }.map(\.identity))
        var queue = Array(kept)
        while let identity = queue.popLast() {
            guard let object = byIdentity[identity] else { continue }
            for stage in object.stages where stage.purpose != .attach && stage.purpose != .ownedBy {
                for dependency in stage.dependencies where !kept.contains(dependency.object) {
                    guard stage.section <= .preData || !dependency.object.isOfRelation else { continue }
                    kept.insert(dependency.object)
                    queue.append(dependency.object)
                }
            }
        }
        return kept
    }

    /// Something that a later stage of an object needs and that is not restored: a foreign key into the rest.
    private static func missingRelation(_ object: CatalogObject?, _ kept: Set<ObjectIdentity>) -> ObjectIdentity? {
        guard let object else { return nil }
        return object.stages.filter { $0.section == .postData && $0.purpose != .attach }.flatMap(\.dependencies)
            .map(\.object).first { $0.isOfRelation && !kept.contains($0) }
    }

    /// A table that a materialized view with rows reads, directly or through others, and whose rows are not restored.
    private static func unreadTable(
        _ object: CatalogObject,
        _ byIdentity: [ObjectIdentity: CatalogObject],
        _ selection: RestoreSelection
    ) -> ObjectIdentity? {
        guard object.identity.kind == .materializedView, object.stages.contains(where: { $0.purpose == .refresh })
        else { return nil }
        var seen: Set<ObjectIdentity> = []
        var queue = [object]
        var missing: [ObjectIdentity] = []
        while let next = queue.popLast() {
            for need in next.stages.flatMap(\.dependencies).map(\.object) where seen.insert(need).inserted {
                if need.kind == .table {
                    if !isSelected(need, selection) { missing.append(need) }
                } else if [.view, .materializedView, .function].contains(need.kind), let object = byIdentity[need] {
                    queue.append(object)
                }
            }
        }
        return missing.min()
    }

    /// Whether a sequence is that of an identity or serial column of a table that is kept, or statistics are about one.
    static func belongs(_ companion: CatalogObject, to kept: Set<ObjectIdentity>) -> Bool {
        companion.stages.flatMap(\.dependencies).contains { $0.object.kind == .table && kept.contains($0.object) }
    }

    /// Whether something was asked for, and did not only come along.
    static func isSelected(_ identity: ObjectIdentity, _ selection: RestoreSelection) -> Bool {
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
                if RestoreSelection.isTableLike(identity) {
                    names.contains(TableName(schema: schema, name: identity.name))
                } else if identity.isOfRelation {
                    identity.parent.map { names.contains(TableName(schema: schema, name: $0)) } ?? false
                } else {
                    false
                }
            } ?? false
        }
    }
}

extension ObjectIdentity {
    /// Whether it is something with rows or columns, or lives on such a thing.
    fileprivate var isOfRelation: Bool { RestoreSelection.isTableLike(self) || kind.belongsToRelation }
}

extension CatalogObject {
    /// Leaves out the stages that tie the object to a parent or an owner that is not there: a partition becomes a table
    /// of its own.
    ///
    /// The stages stay in their places, because others know them by their number.
    fileprivate mutating func cutLoose(from kept: Set<ObjectIdentity>) -> [Omission] {
        var omissions: [Omission] = []
        for index in stages.indices where [.attach, .ownedBy].contains(stages[index].purpose) {
            let missing = stages[index].dependencies.map(\.object).first { !kept.contains($0) }
            guard let missing else { continue }
            stages[index].statements = []
            // An index says nothing new: its table was cut loose as well.
            guard !identity.kind.belongsToRelation else { continue }
            let place = partitionedParentNoun
            omissions.append(
                Omission(
                    object: identity.description,
                    reason: "without its \(place): \(missing) is not in the selection"
                )
            )
        }
        return omissions
    }

    /// Leaves a materialized view without rows.
    fileprivate mutating func leaveEmpty(for missing: ObjectIdentity) -> [Omission] {
        for index in stages.indices where stages[index].purpose == .refresh { stages[index].statements = [] }
        return [Omission(object: "contents of \(identity)", reason: "\(missing) is not in the selection")]
    }

    private var partitionedParentNoun: String {
        identity.kind == .sequence ? "column" : "parent table and what comes with that"
    }
}
