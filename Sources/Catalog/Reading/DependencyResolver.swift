/// Turns what was found into values whose stages can be put in order: breaks the known cycles and moves what waits for
/// table data.
struct DependencyResolver {
    private var objects: [FoundObject]
    private let edges: DependencyEdges
    private var detached: Set<[Int]> = []
    private(set) var notices: [String] = []

    init(_ objects: [FoundObject], _ edges: DependencyEdges) {
        self.objects = objects
        self.edges = edges
    }

    /// The finished objects, in order of identity.
    mutating func resolve() -> [CatalogObject] {
        var graph = DependencyGraph(objects, edges, detached: detached)
        var components = graph.components()
        while repair(graph, components) {
            graph = DependencyGraph(objects, edges, detached: detached)
            components = graph.components()
        }
        return RefreshOrder.linked(finish(graph)).sorted { $0.identity < $1.identity }
    }

    /// Makes one round of repairs; false when there was nothing left to repair.
    private mutating func repair(_ graph: DependencyGraph, _ components: [[Int]]) -> Bool {
        let cycles = components.filter { $0.count > 1 }
        if !cycles.isEmpty {
            var isChanged = false
            for cycle in cycles where breakCycle(cycle.map { graph.nodes[$0] }) { isChanged = true }
            return isChanged
        }
        return moveLate(graph, components.map { $0[0] })
    }

    /// Breaks one cycle: defaults first, then checks, then views; what is left is left to the restore, with a notice.
    private mutating func breakCycle(_ nodes: [DependencyGraph.Node]) -> Bool {
        for purpose in [Stage.Purpose.columnDefault, .constraint] {
            var isChanged = false
            for node in nodes {
                guard let part = node.part, objects[node.object].parts[part].purpose == purpose,
                    !objects[node.object].parts[part].separately.isEmpty
                else { continue }
                isChanged = detached.insert([node.object, part]).inserted || isChanged
            }
            if isChanged { return true }
        }
        let views = Set(nodes.map(\.object)).filter { objects[$0].placeholder != nil }
        for view in views { usePlaceholder(view) }
        if views.isEmpty {
            let names = Set(nodes.map { objects[$0.object].object.identity }).sorted().map(\.description)
            let notice = "these depend on each other and may not restore in one pass: " + names.joined(separator: ", ")
            if !notices.contains(notice) { notices.append(notice) }
        }
        return !views.isEmpty
    }

    /// Splits a view into its columns, made first, and its query, made when what it uses is there.
    private mutating func usePlaceholder(_ index: Int) {
        guard let placeholder = objects[index].placeholder else { return }
        let real = objects[index].stages[0]
        objects[index].placeholder = nil
        objects[index].stages[0].statements = [placeholder]
        objects[index].stages[0].sources = [objects[index].address]
        objects[index].stages.append(
            FoundStage(.complete, real.section, real.statements, sources: Array(real.sources.dropFirst()))
        )
    }

    /// Moves stages behind the section of what they need; true when that changed the graph's shape.
    private mutating func moveLate(_ graph: DependencyGraph, _ order: [Int]) -> Bool {
        var sections = Array(repeating: RestoreSection.roles, count: graph.nodes.count)
        var isChanged = false
        for number in order {
            let node = graph.nodes[number]
            let own = node.part == nil ? objects[node.object].stages[node.stage].section : .preData
            let needed = graph.needs[number].map { sections[$0] }.max() ?? .roles
            sections[number] = max(own, needed)
            guard needed > own, needed > .preData else { continue }
            if let part = node.part {
                isChanged = detached.insert([node.object, part]).inserted || isChanged
            } else if node.stage == 0, objects[node.object].placeholder != nil {
                usePlaceholder(node.object)
                isChanged = true
            } else {
                objects[node.object].stages[node.stage].section = needed
            }
        }
        return isChanged
    }

    private func finish(_ graph: DependencyGraph) -> [CatalogObject] {
        var results = objects.map(\.object)
        for (index, found) in objects.enumerated() {
            results[index].stages = found.stages.map { Stage($0.purpose, $0.section, $0.statements) }
            if let compose = found.compose {
                results[index].stages[0].statements = compose(
                    found.parts.indices.map { !detached.contains([index, $0]) }
                )
            }
        }
        var places: [Int: Int] = [:]
        for (number, node) in graph.nodes.enumerated() {
            guard let part = node.part else {
                places[number] = node.stage
                continue
            }
            let isInline = !detached.contains([node.object, part])
            if !isInline {
                let value = objects[node.object].parts[part]
                let section = graph.needs[number].map { self.section(graph.nodes[$0]) }.max() ?? .preData
                results[node.object].stages.append(Stage(value.purpose, max(section, .preData), value.separately))
            }
            places[number] = isInline ? 0 : results[node.object].stages.count - 1
        }
        var needs: [[Int: Set<Dependency>]] = Array(repeating: [:], count: results.count)
        for (number, node) in graph.nodes.enumerated() {
            guard let place = places[number] else { continue }
            for target in graph.needs[number] where graph.nodes[target].object != node.object {
                let identity = results[graph.nodes[target].object].identity
                let dependency = Dependency(object: identity, stage: places[target] ?? 0)
                needs[node.object][place, default: []].insert(dependency)
            }
        }
        for (index, places) in needs.enumerated() {
            for (place, set) in places {
                results[index].stages[place].dependencies = set.sorted {
                    $0.object != $1.object ? $0.object < $1.object : $0.stage < $1.stage
                }
            }
        }
        return results
    }

    private func section(_ node: DependencyGraph.Node) -> RestoreSection {
        node.part == nil ? objects[node.object].stages[node.stage].section : .preData
    }
}
