/// The steps that make a database from its catalog, in an order that works.
///
/// Deterministic: the same catalog gives the same steps. Sections follow each other as `RestoreSection` lists them;
/// within one, `RestoreStep.after` says what may run in parallel.
package struct RestoreOrder: Sendable {
    package private(set) var steps: [RestoreStep] = []
    private let trees: PartitionTrees

    /// Orders the stages of every object; `dropsMissingPublic` removes the `public` schema of a new database when the
    /// catalog has none (leave it off for a part of a catalog).
    package init(_ catalog: DatabaseCatalog, dropsMissingPublic: Bool = false) {
        trees = PartitionTrees(catalog)
        if dropsMissingPublic, !catalog.objects.contains(where: { $0.identity == Self.publicSchema }) {
            steps.append(
                RestoreStep(
                    object: Self.publicSchema,
                    action: .create,
                    section: .preData,
                    statements: ["DROP SCHEMA IF EXISTS \"public\""],
                    after: [],
                    locks: []
                )
            )
        }
        let numbers = StageNumbers(catalog.objects)
        var positions: [Int?] = Array(repeating: nil, count: numbers.count)
        for place in StageSorter(catalog.objects, numbers).sorted() {
            append(catalog.objects[place.object], place, numbers, &positions)
        }
        // Sections are a partition of the order; a stable sort keeps the order inside each.
        sortBySection()
    }

    /// The steps of one section with their positions in `steps`.
    package func steps(in section: RestoreSection) -> Range<Int> {
        let start = steps.firstIndex { $0.section >= section } ?? steps.count
        let end = steps.firstIndex { $0.section > section } ?? steps.count
        return start..<end
    }

    private static let publicSchema = ObjectIdentity(.schema, name: "public")

    private mutating func append(
        _ object: CatalogObject,
        _ place: StageSorter.Place,
        _ numbers: StageNumbers,
        _ positions: inout [Int?]
    ) {
        let number = place.stage
        let stage = object.stages[number]
        let position = steps.count
        let isLast = number == object.stages.count - 1
        positions[numbers.number(place.object, number)] = position
        var after = stage.dependencies.compactMap { numbers.number(of: $0).flatMap { positions[$0] } }
        after += (0..<number).compactMap { positions[numbers.number(place.object, $0)] }
        let isRefresh = stage.purpose == .refresh
        // A refresh runs as the view's owner, for whom policies hold, as they did on the source.
        var statements = isRefresh ? ["SET row_security = on"] + stage.statements : stage.statements
        if stage.purpose == .create { statements = object.inTablespace(statements) }
        steps.append(
            RestoreStep(
                object: object.identity,
                action: isRefresh ? .refresh : stage.purpose == .attach ? .attach : .create,
                section: stage.section,
                statements: statements,
                after: after,
                locks: locks(object, stage)
            )
        )
        if number == object.stageOfOwner, let owner = object.ownerStatement {
            append(object, .own, max(stage.section, .preData), [owner], after: position)
        }
        // A role's later stages belong to other sections; its comment belongs to it.
        if !object.remarks.isEmpty, object.identity.kind == .role ? number == 0 : isLast {
            let (comments, labels) = object.remarkStatements
            append(object, .comment, stage.section, comments, after: position)
            // Labels come last: a server without their module refuses them, and nothing needs them.
            append(object, .label, object.identity.kind == .role ? .roles : .last, labels, after: position)
        }
        if isLast { append(object, .grant, .privileges, object.privilegeStatements, after: position) }
    }

    private mutating func append(
        _ object: CatalogObject,
        _ action: RestoreStep.Action,
        _ section: RestoreSection,
        _ statements: [String],
        after position: Int
    ) {
        guard !statements.isEmpty else { return }
        steps.append(
            RestoreStep(
                object: object.identity,
                action: action,
                section: section,
                statements: statements,
                after: [position],
                locks: object.identity.tableItLivesOn.map { [.init(table: $0, isExclusive: true)] } ?? []
            )
        )
    }

    private mutating func sortBySection() {
        let sections = steps.map(\.section)
        let order = RestoreSection.allCases.flatMap { section in steps.indices.filter { sections[$0] == section } }
        var newPlace = Array(repeating: 0, count: steps.count)
        for (place, old) in order.enumerated() { newPlace[old] = place }
        steps = order.map { old in
            var step = steps[old]
            step.after = step.after.filter { sections[$0] == step.section }.map { newPlace[$0] }.sorted()
            return step
        }
    }

    /// An index may be built beside another on the same table; a constraint, trigger or rule may not, and of what concerns
    /// a whole partition tree (attached indexes, triggers, foreign keys) only one thing is done at a time.
    private func locks(_ object: CatalogObject, _ stage: Stage) -> [RestoreStep.RelationLock] {
        guard stage.section == .postData else { return [] }
        let isShared = object.identity.kind == .index && stage.purpose == .create && stage.statements.count == 1
        var tables = stage.dependencies.map(\.object).filter { $0.kind == .table }
        if object.identity.kind == .table { tables.append(object.identity) }
        if let own = object.identity.tableItLivesOn { tables.append(own) }
        if stage.purpose == .attach || object.identity.kind == .foreignKey || object.identity.kind == .trigger {
            tables += tables.map(trees.root)
        }
        // Most have one or two, with repetitions.
        var distinct: [ObjectIdentity] = []
        for table in tables where !distinct.contains(table) { distinct.append(table) }
        return distinct.sorted().map { .init(table: $0, isExclusive: !isShared) }
    }
}

extension ObjectIdentity {
    /// The table under an index, constraint, trigger, rule or policy.
    package var tableItLivesOn: ObjectIdentity? {
        guard kind.belongsToRelation, let parent else { return nil }
        return ObjectIdentity(.table, schema: schema, name: parent)
    }
}
