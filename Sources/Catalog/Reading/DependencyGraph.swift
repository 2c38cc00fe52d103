/// The stages and movable parts of all objects with the dependencies between them, as numbers.
struct DependencyGraph {
    /// A stage of an object, or (`part`) one of its inline parts.
    struct Node {
        var object: Int
        var stage: Int
        var part: Int?
    }

    private(set) var nodes: [Node] = []
    /// The nodes each node needs.
    private(set) var needs: [[Int]] = []
    private var firstStage: [Int] = []

    /// Two positions that belong together: an object and one of its parts, or two objects.
    struct Pair: Hashable {
        var first: Int
        var second: Int

        init(_ first: Int, _ second: Int) {
            self.first = first
            self.second = second
        }
    }

    /// Builds the graph; `detached` holds (object, part) pairs that are no longer inline.
    init(_ objects: [FoundObject], _ edges: DependencyEdges, detached: Set<Pair>) {
        var owners: [CatalogAddress: Int] = [:]
        owners.reserveCapacity(4 * objects.count)
        firstStage.reserveCapacity(objects.count)
        nodes.reserveCapacity(2 * objects.count)
        // By index all through: a copy of each object would take longer than the rest.
        for index in objects.indices {
            firstStage.append(nodes.count)
            owners[objects[index].address] = index
            for alias in objects[index].aliases { owners[alias] = index }
            for stage in objects[index].stages.indices { nodes.append(Node(object: index, stage: stage)) }
            for part in objects[index].parts.indices { nodes.append(Node(object: index, stage: 0, part: part)) }
        }
        needs = Array(repeating: [], count: nodes.count)
        let supporters = Self.supporters(objects, edges, owners)
        for index in objects.indices {
            for number in objects[index].stages.indices {
                let node = firstStage[index] + number
                if number > 0 { needs[node].append(firstStage[index]) }
                for source in objects[index].stages[number].sources {
                    add(node, index, edges, source, owners, objects, supporters)
                }
                for need in objects[index].stages[number].needs {
                    guard let target = owners[need.address], target != index || need.stage < number else { continue }
                    let last = objects[target].stages.count - 1
                    needs[node].append(firstStage[target] + min(need.stage, last))
                }
            }
            for number in objects[index].parts.indices {
                let node = firstStage[index] + objects[index].stages.count + number
                if detached.contains(Pair(index, number)) {
                    needs[node].append(firstStage[index])
                } else {
                    needs[firstStage[index]].append(node)
                }
                add(node, index, edges, objects[index].parts[number].address, owners, objects, supporters)
            }
        }
    }

    private mutating func add(
        _ node: Int,
        _ index: Int,
        _ edges: DependencyEdges,
        _ source: CatalogAddress,
        _ owners: [CatalogAddress: Int],
        _ objects: [FoundObject],
        _ supporters: Set<Pair>
    ) {
        edges.forEachTarget(of: source) { address in
            guard let target = owners[address], target != index else { return }
            // The functions that make up a base type need its shell only.
            let isSupporter = !supporters.isEmpty && supporters.contains(Pair(index, target))
            let stage = isSupporter ? 0 : objects[target].usableStage
            needs[node].append(firstStage[target] + stage)
        }
    }

    /// Pairs (function, type) where the type is made of the function.
    private static func supporters(
        _ objects: [FoundObject],
        _ edges: DependencyEdges,
        _ owners: [CatalogAddress: Int]
    ) -> Set<Pair> {
        var pairs: Set<Pair> = []
        for index in objects.indices where objects[index].usableStage > 0 {
            for source in objects[index].stages.flatMap(\.sources) {
                edges.forEachTarget(of: source) { target in
                    if let function = owners[target] { pairs.insert(Pair(function, index)) }
                }
            }
        }
        return pairs
    }

    /// The strongly connected components, each after those it depends on (Tarjan's algorithm, without recursion).
    func components() -> [[Int]] {
        var state = TarjanState(count: nodes.count)
        for root in nodes.indices where state.order[root] == 0 { state.visit(root, needs) }
        return state.components
    }
}

/// The bookkeeping of one run of Tarjan's algorithm.
private struct TarjanState {
    var order: [Int]
    var components: [[Int]] = []
    private var low: [Int]
    private var isOnStack: [Bool]
    private var stack: [Int] = []
    private var counter = 0

    init(count: Int) {
        order = Array(repeating: 0, count: count)
        low = order
        isOnStack = Array(repeating: false, count: count)
    }

    mutating func visit(_ root: Int, _ needs: [[Int]]) {
        var path: [(node: Int, next: Int)] = [(root, 0)]
        enter(root)
        while let (node, next) = path.last {
            if next < needs[node].count {
                path[path.count - 1].next += 1
                let target = needs[node][next]
                if order[target] == 0 {
                    enter(target)
                    path.append((target, 0))
                } else if isOnStack[target] {
                    low[node] = min(low[node], order[target])
                }
                continue
            }
            path.removeLast()
            if let parent = path.last?.node { low[parent] = min(low[parent], low[node]) }
            if low[node] == order[node] { close(node) }
        }
    }

    private mutating func enter(_ node: Int) {
        counter += 1
        order[node] = counter
        low[node] = counter
        stack.append(node)
        isOnStack[node] = true
    }

    private mutating func close(_ node: Int) {
        var component: [Int] = []
        while let top = stack.popLast() {
            isOnStack[top] = false
            component.append(top)
            if top == node { break }
        }
        components.append(component)
    }
}
