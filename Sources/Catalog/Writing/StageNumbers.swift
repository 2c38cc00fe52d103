/// The stages of a list of objects, numbered through: dependencies by name become numbers once instead of at every step.
struct StageNumbers {
    /// The number of each object's first stage, and at the end the number of all stages.
    private let first: [Int]
    private let places: [ObjectIdentity: Int]

    init(_ objects: [CatalogObject]) {
        var first: [Int] = [0]
        first.reserveCapacity(objects.count + 1)
        var places: [ObjectIdentity: Int] = [:]
        places.reserveCapacity(objects.count)
        for index in objects.indices {
            first.append(first[index] + objects[index].stages.count)
            places[objects[index].identity] = index
        }
        self.first = first
        self.places = places
    }

    /// How many stages there are.
    var count: Int { first[first.count - 1] }

    /// The number of a stage of the object at a position in the list.
    func number(_ object: Int, _ stage: Int) -> Int { first[object] + stage }

    /// The number of the stage that something depends on; nil when the list does not have it.
    func number(of dependency: Dependency) -> Int? {
        guard let object = places[dependency.object] else { return nil }
        let number = first[object] + dependency.stage
        return dependency.stage >= 0 && number < first[object + 1] ? number : nil
    }
}
