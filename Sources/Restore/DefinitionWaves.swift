import Catalog

/// Definitions in order, cut so that plain tables can be made on several connections at once; pure.
///
/// The server computes little for a new table, but up to version 16 it makes sure that the index of its TOAST table is on
/// the disk: of ten thousand tables, one connection waits for most of the time.
struct DefinitionWaves {
    /// What comes before: schemas, types, functions, and whatever else no table is needed for.
    private(set) var first: [RestoreStep] = []
    /// Tables that need nothing but the first wave, each with its owner and comments; the batches know nothing of each other.
    private(set) var tables: [[RestoreStep]] = []
    /// The rest.
    private(set) var last: [RestoreStep] = []

    private enum Wave: Int, Comparable {
        case first, tables, last
        static func < (a: Wave, b: Wave) -> Bool { a.rawValue < b.rawValue }
    }

    /// `steps` are in an order that works, and their `after` are positions in it; a batch has about `batch` steps.
    ///
    /// Where there are no more tables than one connection makes in a moment, everything stays in the first wave.
    init(_ steps: [RestoreStep], batch: Int, fewest: Int) {
        var waves: [Wave] = []
        waves.reserveCapacity(steps.count)
        for step in steps { waves.append(Self.wave(of: step, after: waves, in: steps)) }
        guard waves.count(where: { $0 == .tables }) >= fewest else {
            first = steps
            return
        }
        var positions = Array(repeating: 0, count: steps.count)
        for (place, step) in steps.enumerated() where waves[place] != .tables {
            let wave = waves[place]
            positions[place] = wave == .first ? first.count : last.count
            var step = step
            step.after = step.after.filter { waves[$0] == wave }.map { positions[$0] }
            if wave == .first { first.append(step) } else { last.append(step) }
        }
        addTables(steps, waves, batch)
    }

    private static func wave(of step: RestoreStep, after waves: [Wave], in steps: [RestoreStep]) -> Wave {
        let needed = step.after.map { waves[$0] }.max() ?? .first
        guard step.object.kind == .table, !LoaderRole.runs(step) else { return needed == .first ? .first : .last }
        switch step.action {
        case .create where needed == .first: return .tables
        case .own, .comment:
            let isAlone = step.after.allSatisfy { waves[$0] == .tables && steps[$0].object == step.object }
            return isAlone && needed == .tables ? .tables : .last
        default: return .last
        }
    }

    /// What belongs to one table stays together, its definition first.
    private mutating func addTables(_ steps: [RestoreStep], _ waves: [Wave], _ batch: Int) {
        var places: [ObjectIdentity: Int] = [:]
        for (place, step) in steps.enumerated() where waves[place] == .tables {
            if let known = places[step.object] {
                tables[known].append(step)
                continue
            }
            if tables.last.map({ $0.count >= batch }) ?? true { tables.append([]) }
            places[step.object] = tables.count - 1
            tables[tables.count - 1].append(step)
        }
    }
}
