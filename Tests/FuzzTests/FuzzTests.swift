import FuzzTargets
import Glibc
import Testing

/// Bytes from nowhere, for every reader of bytes from outside; `make fuzz` runs the same targets under libFuzzer.
@Suite("Hostile bytes crash nothing and break no property")
struct FuzzTests {
    /// A few hundred inputs each in every run, a hundred times as many in a campaign; `LIFEBOAT_SEED` chooses others.
    private static let executions = getenv("LIFEBOAT_CAMPAIGN") == nil ? 300 : 30_000
    private static let seed = getenv("LIFEBOAT_SEED").flatMap { UInt64(String(cString: $0)) } ?? 20_261_127

    @Test("every target, from seeds that it accepts", arguments: try FuzzTarget.all().map(\.name))
    func everyTarget(_ name: String) throws {
        let target = try #require(try FuzzTarget.all().first { $0.name == name })
        for seed in target.seeds { try target.run(seed) }
        var mutator = Mutator(target, seed: Self.seed)
        for execution in 1...Self.executions {
            let input = mutator.next()
            do {
                try target.run(input)
            } catch {
                Issue.record(
                    "\(name), seed \(Self.seed), execution \(execution): \(error)\ninput: \(input.prefix(2000))"
                )
                return
            }
        }
    }
}
