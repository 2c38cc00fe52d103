import Catalog

/// Definitions in order, cut into parts by who runs them; pure.
///
/// Each part is one session's work, and there are as few as the steps' dependencies allow: a comment on a partition waits
/// until it is attached, but one hundred partitions are attached together.
struct DefinitionParts {
    struct Part {
        var steps: [RestoreStep]
        /// Whether the loader runs them (see `LoaderRole`).
        var isLoaders: Bool
    }

    private(set) var parts: [Part] = []

    /// `steps` are in an order that works, and their `after` are positions in it.
    init(_ steps: [RestoreStep]) {
        // Even ranks are ours, odd ones the loader's; a step comes no earlier than what it waits for.
        var ranks: [Int] = []
        ranks.reserveCapacity(steps.count)
        for step in steps {
            let parity = LoaderRole.runs(step) ? 1 : 0
            let least = step.after.map { ranks[$0] }.max() ?? 0
            ranks.append(least % 2 == parity ? least : least + 1)
        }
        for rank in 0...(ranks.max() ?? 0) {
            let part = steps.indices.filter { ranks[$0] == rank }.map { steps[$0] }
            if !part.isEmpty { parts.append(Part(steps: part, isLoaders: rank % 2 == 1)) }
        }
    }
}
