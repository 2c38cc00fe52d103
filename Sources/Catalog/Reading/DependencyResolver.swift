import Streams

/// Turns what was found into values whose stages can be put in order: breaks the known cycles and moves what waits for
/// table data.
struct DependencyResolver {
    private var objects: [FoundObject]
    private let edges: DependencyEdges
    private var detached: Set<DependencyGraph.Pair> = []
    private(set) var notices: [String] = []

    init(_ objects: [FoundObject], _ edges: DependencyEdges) {
        self.objects = objects
        self.edges = edges
    }

    /// The finished objects, in order of identity.
    mutating func resolve() -> [CatalogObject] {
        let identities = objects.map(\.object.identity)
        // Names are compared half a million times; the graph needs none.
        let order = Eventual { identities.indices.sorted { identities[$0] < identities[$1] } }
        var graph = DependencyGraph(objects, edges, detached: detached)
        var components = graph.components()
        while repair(graph, components) {
            graph = DependencyGraph(objects, edges, detached: detached)
            components = graph.components()
        }
        return RefreshOrder.linked(finish(graph, inOrder: order.value))
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
                isChanged = detached.insert(.init(node.object, part)).inserted || isChanged
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
                isChanged = detached.insert(.init(node.object, part)).inserted || isChanged
            } else if node.stage == 0, objects[node.object].placeholder != nil {
                usePlaceholder(node.object)
                isChanged = true
            } else {
                objects[node.object].stages[node.stage].section = needed
            }
        }
        return isChanged
    }

    /// The values in order of identity, with their dependencies by name.
    private func finish(_ graph: DependencyGraph, inOrder order: [Int]) -> [CatalogObject] {
        var results = objects.map(\.object)
        for index in objects.indices {
            results[index].stages = objects[index].stages.map { Stage($0.purpose, $0.section, $0.statements) }
            if let compose = objects[index].compose {
                results[index].stages[0].statements = compose(
                    objects[index].parts.indices.map { !detached.contains(.init(index, $0)) }
                )
            }
        }
        let places = appendDetached(graph, to: &results)
        var ranks = Array(repeating: 0, count: order.count)
        for (rank, index) in order.enumerated() { ranks[index] = rank }
        var needs = results.map { Array(repeating: [Need](), count: $0.stages.count) }
        for (number, node) in graph.nodes.enumerated() {
            for target in graph.needs[number] where graph.nodes[target].object != node.object {
                let need = Need(rank: ranks[graph.nodes[target].object], stage: places[target])
                needs[node.object][places[number]].append(need)
            }
        }
        for index in results.indices {
            for stage in results[index].stages.indices where !needs[index][stage].isEmpty {
                results[index].stages[stage].dependencies = Need.distinct(needs[index][stage]).map {
                    Dependency(object: results[order[$0.rank]].identity, stage: $0.stage)
                }
            }
        }
        return order.map { results[$0] }
    }

    /// A dependency while objects still are numbers, in the order in which it is written.
    private struct Need {
        var rank: Int
        var stage: Int

        static func distinct(_ needs: [Need]) -> [Need] {
            var kept: [Need] = []
            for need in needs.sorted(by: { ($0.rank, $0.stage) < ($1.rank, $1.stage) }) {
                if let last = kept.last, last.rank == need.rank, last.stage == need.stage { continue }
                kept.append(need)
            }
            return kept
        }
    }

    /// Gives parts that are no longer inline a stage of their own; returns the stage of each node.
    private func appendDetached(_ graph: DependencyGraph, to results: inout [CatalogObject]) -> [Int] {
        graph.nodes.enumerated().map { number, node in
            guard let part = node.part else { return node.stage }
            guard detached.contains(.init(node.object, part)) else { return 0 }
            let value = objects[node.object].parts[part]
            let section = graph.needs[number].map { self.section(graph.nodes[$0]) }.max() ?? .preData
            results[node.object].stages.append(Stage(value.purpose, max(section, .preData), value.separately))
            return results[node.object].stages.count - 1
        }
    }

    private func section(_ node: DependencyGraph.Node) -> RestoreSection {
        node.part == nil ? objects[node.object].stages[node.stage].section : .preData
    }
}
