/// Sorts the stages of objects so that each comes after what it depends on; among those that are ready, the one of the
/// earliest section, kind and name comes first, but tables with generated columns come last in their section.
///
/// The server looks into SQL functions when such a table is made, and wants to find the tables that they name.
struct StageSorter {
    /// A stage by the object's position.
    struct Place: Hashable {
        var object: Int
        var stage: Int
    }

    private let objects: [CatalogObject]
    private let numbers: StageNumbers

    init(_ objects: [CatalogObject], _ numbers: StageNumbers) {
        self.objects = objects
        self.numbers = numbers
    }

    /// All stages in order.
    ///
    /// What is caught in a cycle is put where its rank says.
    func sorted() -> [Place] {
        let ranked = self.ranked
        var ranks = Array(repeating: 0, count: ranked.count)
        for (rank, place) in ranked.enumerated() { ranks[numbers.number(place.object, place.stage)] = rank }
        var waiting = Array(repeating: 0, count: ranked.count)
        var dependents: [[Int]] = Array(repeating: [], count: ranked.count)
        for (rank, place) in ranked.enumerated() {
            var needs = objects[place.object].stages[place.stage].dependencies.compactMap(numbers.number)
            if place.stage > 0 { needs.append(numbers.number(place.object, 0)) }
            for need in needs where ranks[need] != rank {
                waiting[rank] += 1
                dependents[ranks[need]].append(rank)
            }
        }
        return Self.drain(waiting, dependents).map { ranked[$0] }
    }

    private struct RankedPlace {
        var section: Int
        var generates: Bool
        var object: Int
        var place: Place
    }

    private var ranked: [Place] {
        let objectRanks = self.objectRanks
        var places: [RankedPlace] = []
        places.reserveCapacity(numbers.count)
        for object in objects.indices {
            for stage in objects[object].stages.indices {
                places.append(
                    RankedPlace(
                        section: objects[object].stages[stage].section.position,
                        generates: stage == 0 && objects[object].hasGeneratedColumns,
                        object: objectRanks[object],
                        place: Place(object: object, stage: stage)
                    )
                )
            }
        }
        places.sort { a, b in
            guard (a.section, a.generates) == (b.section, b.generates) else {
                return a.section == b.section ? b.generates : a.section < b.section
            }
            return (a.object, a.place.stage) < (b.object, b.place.stage)
        }
        return places.map(\.place)
    }

    /// Where each object stands in the order of identities, which nearly always is the order of the list.
    private var objectRanks: [Int] {
        let places = objects.indices
        let isInOrder = places.dropFirst().allSatisfy { objects[$0 - 1].identity < objects[$0].identity }
        if isInOrder { return Array(places) }
        var ranks = Array(repeating: 0, count: objects.count)
        let order = places.sorted { objects[$0].identity < objects[$1].identity }
        for (rank, place) in order.enumerated() { ranks[place] = rank }
        return ranks
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

extension CatalogObject {
    /// Whether it is a table with generated columns; a name may look like one, which only moves the table.
    fileprivate var hasGeneratedColumns: Bool {
        identity.kind == .table && stages[0].statements.contains { $0.contains(" GENERATED ALWAYS AS (") }
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
