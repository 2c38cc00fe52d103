/// Makes each materialized view's refresh wait for the refresh of those it reads, directly or through views and functions.
enum RefreshOrder {
    static func linked(_ objects: [CatalogObject]) -> [CatalogObject] {
        let refreshes = objects.indices.filter { refreshStage(objects[$0]) != nil }
        if refreshes.count < 2 { return objects }
        let places = Dictionary(
            objects.enumerated().map { ($1.identity, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        var results = objects
        for index in refreshes {
            guard let stage = refreshStage(objects[index]) else { continue }
            var seen: Set<Int> = [index]
            var waiting = [index]
            while let place = waiting.popLast() {
                for need in objects[place].stages.filter({ $0.purpose != .refresh }).flatMap(\.dependencies) {
                    guard let target = places[need.object], seen.insert(target).inserted else { continue }
                    waiting.append(target)
                    guard let other = refreshStage(objects[target]) else { continue }
                    results[index].stages[stage].dependencies.append(Dependency(object: need.object, stage: other))
                }
            }
            results[index].stages[stage].dependencies.sort { $0.object < $1.object }
        }
        return results
    }

    private static func refreshStage(_ object: CatalogObject) -> Int? {
        object.identity.kind == .materializedView ? object.stages.firstIndex { $0.purpose == .refresh } : nil
    }
}
