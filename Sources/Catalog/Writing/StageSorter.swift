/// Sorts the stages of objects so that each comes after what it depends on; among those that are ready, the one of the
/// earliest section, kind and name comes first.
struct StageSorter {
    /// A stage by the object's position.
    struct Place: Hashable {
        var object: Int
        var stage: Int
    }

    private let objects: [CatalogObject]

    init(_ objects: [CatalogObject]) { self.objects = objects }

    /// All stages in order.
    ///
    /// What is caught in a cycle is put where its rank says.
    func sorted() -> [Place] {
        let ranked = self.ranked
        var ranks: [Dependency: Int] = [:]
        for (rank, place) in ranked.enumerated() {
            ranks[Dependency(object: objects[place.object].identity, stage: place.stage)] = rank
        }
        var waiting = Array(repeating: 0, count: ranked.count)
        var dependents: [[Int]] = Array(repeating: [], count: ranked.count)
        for (rank, place) in ranked.enumerated() {
            let object = objects[place.object]
            var needs = object.stages[place.stage].dependencies
            if place.stage > 0 { needs.append(Dependency(object: object.identity, stage: 0)) }
            for need in needs {
                guard let target = ranks[need], target != rank else { continue }
                waiting[rank] += 1
                dependents[target].append(rank)
            }
        }
        return Self.drain(waiting, dependents).map { ranked[$0] }
    }

    private var ranked: [Place] {
        let places = objects.indices.flatMap { object in
            objects[object].stages.indices.map { Place(object: object, stage: $0) }
        }
        return places.sorted { a, b in
            let (left, right) = (objects[a.object], objects[b.object])
            let (first, second) = (left.stages[a.stage].section, right.stages[b.stage].section)
            if first != second { return first < second }
            return a.object != b.object ? left.identity < right.identity : a.stage < b.stage
        }
    }

    private static func drain(_ waiting: [Int], _ dependents: [[Int]]) -> [Int] {
        var waiting = waiting
        var isDone = Array(repeating: false, count: waiting.count)
        var ready = RankHeap(waiting.indices.filter { waiting[$0] == 0 })
        var order: [Int] = []
        var stuck = 0
        while order.count < waiting.count {
            guard let rank = ready.pop() else {
                while isDone[stuck] { stuck += 1 }
                ready.push(stuck)
                continue
            }
            if isDone[rank] { continue }
            isDone[rank] = true
            order.append(rank)
            for dependent in dependents[rank] {
                waiting[dependent] -= 1
                if waiting[dependent] == 0 { ready.push(dependent) }
            }
        }
        return order
    }
}

/// The smallest number first.
private struct RankHeap {
    private var numbers: [Int]

    /// An ascending list is a heap already.
    init(_ ascending: [Int]) { numbers = ascending }

    mutating func push(_ number: Int) {
        numbers.append(number)
        var child = numbers.count - 1
        while child > 0, numbers[child] < numbers[(child - 1) / 2] {
            numbers.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Int? {
        guard let first = numbers.first else { return nil }
        let last = numbers.removeLast()
        if numbers.isEmpty { return first }
        numbers[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < numbers.count else { return first }
            let right = left + 1
            let child = right < numbers.count && numbers[right] < numbers[left] ? right : left
            guard numbers[child] < numbers[parent] else { return first }
            numbers.swapAt(child, parent)
            parent = child
        }
    }
}
