import FoundationEssentials
import PostgresClient
import TestSupport
import Testing

@Suite("Random histories of a database", .serialized)
struct ReusePropertyTests {
    private static let isCampaign = environment("LIFEBOAT_CAMPAIGN") != nil
    private static let seed = environment("LIFEBOAT_SEED").flatMap(UInt64.init) ?? 1
    /// Enough comparisons for every mutant, whatever the seed; docs/incremental.md has what it took.
    private static let limit = isCampaign ? 150_000 : 40_000

    private static func environment(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

    @Test("nothing is taken over that is not the same, and without any one guard something is")
    func oneHistory() throws {
        _ = try play(seed: Self.seed, rounds: 1, remembering: 12)
    }

    @Test(
        "a million comparisons, and nothing is taken over that is not the same",
        .enabled(if: isCampaign, "a million comparisons: part of make campaign")
    )
    func campaign() throws {
        let goal = Self.environment("LIFEBOAT_COMPARISONS").flatMap { Int($0) } ?? 1_000_000
        var (comparisons, reused, seed) = (0, 0, Self.seed)
        while comparisons < goal {
            let history = try play(seed: seed, rounds: 4, remembering: 32)
            comparisons += history.comparisons
            reused += history.reused
            seed += 1
        }
        print("seeds \(Self.seed)..<\(seed): \(comparisons) comparisons, \(reused) taken over")
    }

    private func play(seed: UInt64, rounds: Int, remembering: Int) throws -> RandomHistory {
        try withScratchFolder { folder in
            let history = try RandomHistory(seed: seed, remembering: remembering, in: folder)
            try history.play(rounds: rounds)
            print(
                "seed \(seed): \(history.comparisons) comparisons, \(history.reused) taken over, \(history.alarms) alarms,",
                "caught after \(history.caught.sorted { $0.value < $1.value }.map { "\($0.key) \($0.value)" })"
            )
            for mutant in Mutant.allCases {
                let comparisons = try #require(history.caught[mutant], "\(mutant) was not caught by seed \(seed)")
                #expect(comparisons <= Self.limit, "\(mutant), seed \(seed)")
            }
            #expect(history.faults.isEmpty, "seed \(seed): \(history.faults.prefix(5).joined(separator: "; "))")
            #expect(history.reused > history.comparisons / 20)
            return history
        }
    }
}
