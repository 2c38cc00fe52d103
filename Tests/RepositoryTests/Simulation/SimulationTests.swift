import AgeEncryption
import FoundationEssentials
import Model
import Repository
import Synchronization
import TestSupport
import Testing

@Suite("Simulated histories of backups, prunes, holds and restores")
struct SimulationTests {
    private static let isCampaign = ProcessInfo.processInfo.environment["LIFEBOAT_CAMPAIGN"] == "1"
    /// Some every day; many with LIFEBOAT_CAMPAIGN=1, and any number from any seed on by hand.
    private static let first = number("LIFEBOAT_SEED") ?? 1
    private static let count = number("LIFEBOAT_HISTORIES") ?? (isCampaign ? 10_000 : 60)

    private static func number(_ variable: String) -> Int? {
        ProcessInfo.processInfo.environment[variable].flatMap { Int($0) }
    }

    private let scene: Scene
    private let content: [ObjectKey: [UInt8]]

    init() throws {
        let store = MemoryStore()
        scene = try Scene(store)
        content = store.objects
    }

    private func play(_ seed: Int, _ mutant: Mutant? = nil) -> (violations: [String], tally: World.Tally) {
        var history = History(seed: UInt64(seed), content: content, keyring: scene.keyring, mutant: mutant)
        let violations = history.play()
        return (violations, history.world.tally)
    }

    @Test("whatever was committed or held stays, whoever sleeps, dies or is wrong about the time")
    func promises() {
        var tally = World.Tally()
        for seed in Self.first..<Self.first + Self.count {
            let (violations, played) = play(seed)
            tally = tally + played
            if !violations.isEmpty { Issue.record("seed \(seed): \(violations.joined(separator: "\n"))") }
        }
        print("\(Self.count) histories from seed \(Self.first): \(tally)")
        #expect(tally.commits > Self.count && tally.removedPoints > 0 && tally.removedArchives > 0)
        #expect(tally.holds > 0 && tally.restores > 0 && tally.failures > 0)
    }

    /// What broke, and how.
    ///
    /// 958: a release beside a hold. 6416: a hold that slept while its point was released and pruned, and was told held.
    @Test("histories in which a promise was broken once", arguments: [958, 6416])
    func mended(_ seed: Int) { #expect(play(seed).violations.isEmpty) }

    @Test("the same seed gives the same history")
    func reproducible() {
        for seed in 1...5 { #expect(play(seed).tally == play(seed).tally, "seed \(seed)") }
    }

    @Test(
        "without one of the guards a history breaks a promise",
        .enabled(if: isCampaign, "thousands of histories: part of make campaign"),
        arguments: Mutant.allCases
    )
    func mutants(_ mutant: Mutant) {
        let limit = 20_000
        let found = (1...limit).first { !play($0, mutant).violations.isEmpty }
        print("mutant \(mutant): \(found.map { "found by seed \($0)" } ?? "not found in \(limit)")")
        #expect(found != nil)
    }
}
