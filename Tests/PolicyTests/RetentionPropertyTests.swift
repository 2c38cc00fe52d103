import FoundationEssentials
import Model
import Policy
import TestSupport
import Testing

@Suite("Retention on random histories")
struct RetentionPropertyTests {
    /// 3000 histories every day; all 100 000 with LIFEBOAT_CAMPAIGN=1.
    private static let histories =
        ProcessInfo.processInfo.environment["LIFEBOAT_CAMPAIGN"] == "1" ? 100_000 : 3000

    /// Points around a change of clocks or anywhere in three years, with every kind of flaw, and a policy to match.
    private struct History {
        var points: [RetentionPoint]
        var policy: RetentionPolicy
        var now: Instant

        init(_ random: inout SeededGenerator) {
            let now = Instant(secondsSinceEpoch: 1_792_900_000 + Int64(random.int(-20_000_000...20_000_000)))
            let reach = [3, 48, 24 * 30, 24 * 1000][random.int(0...3)] * 3600
            points = (0..<random.int(0...24)).map { number in
                let recovery = now - .seconds(random.int(0...reach) / 1800 * 1800)
                return RetentionPoint(
                    id: "p\(number)",
                    recoveryInstant: random.chance(15) ? now + .seconds(random.int(1...9000)) : recovery,
                    committedAt: recovery + .seconds(random.int(-400...4000)),
                    isComplete: !random.chance(8),
                    isProven: random.chance(4),
                    isKnownBad: random.chance(15),
                    hold: random.chance(15) ? "audit" : nil
                )
            }
            func count(_ top: Int) -> Int? { random.chance(2) ? random.int(0...top) : nil }
            let within: Duration? = random.chance(3) ? .seconds(random.int(0...reach)) : nil
            let keep = RetentionPolicy.Keep(
                last: count(5),
                hourly: count(8),
                daily: count(8),
                weekly: count(5),
                monthly: count(5),
                yearly: count(3),
                within: within
            )
            policy = RetentionPolicy(keep: keep, minimumPoints: count(6))
            self.now = now
            if random.chance(4) { openGap(&random, reach: reach, now: now) }
            if random.chance(4) { repeatInstants(&random) }
        }

        /// Nothing was taken for a while: backups failed, or nobody was there.
        private mutating func openGap(_ random: inout SeededGenerator, reach: Int, now: Instant) {
            let end = now - .seconds(random.int(0...reach))
            let gap = Duration.seconds(random.int(0...reach * 3))
            for index in points.indices where points[index].recoveryInstant < end {
                points[index].recoveryInstant = points[index].recoveryInstant - gap
                points[index].committedAt = points[index].committedAt - gap
            }
        }

        /// Several points show the same instant; some were committed at the same moment too.
        private mutating func repeatInstants(_ random: inout SeededGenerator) {
            for index in points.indices.dropFirst() where random.chance(2) {
                points[index].recoveryInstant = points[index - 1].recoveryInstant
                if random.chance(2) { points[index].committedAt = points[index - 1].committedAt }
            }
        }
    }

    @Test("whatever a forger dates ahead of the store's clock, the good points stay as they would without")
    func forgeries() throws {
        var random = SeededGenerator(seed: 40)
        try eachHistory(4, Self.histories / 3) { history, zone, number in
            let kept = kept(history.points, history, zone)
            var all = history.points
            for forged in 0..<random.int(1...20) {
                // The store says when it came; the forger says what it shows, and that it was proven.
                let came = history.now - .seconds(random.int(0...90_000))
                all.append(
                    RetentionPoint(
                        id: "forged\(forged)",
                        recoveryInstant: came + .seconds(random.int(301...9_000_000)),
                        committedAt: came,
                        isProven: true
                    )
                )
            }
            let left = self.kept(all, history, zone)
            let isUnmoved = left.filter { !$0.hasPrefix("forged") } == kept
            let keepsForged = left.count { $0.hasPrefix("forged") } == all.count - history.points.count
            if !isUnmoved || !keepsForged { Issue.record("history \(number) in \(zone.name): \(history)") }
            return isUnmoved && keepsForged
        }
    }

    @Test("the machine's clock may be days off and no good point is lost that a right clock would keep")
    func skew() throws {
        var random = SeededGenerator(seed: 50)
        try eachHistory(5, Self.histories / 3) { history, zone, number in
            // A clock that is behind takes good points for misdated: they are not counted, and none is removed for them.
            let behind = history.now - .seconds(random.int(0...900_000))
            let decisions = history.policy.decide(history.points, now: behind, zone: zone)
            let misdated = decisions.filter { $0.reasons.contains(.datedInFuture) }
            let isSafe = misdated.allSatisfy(\.isKept)
            let known = history.points.filter { $0.committedAt <= behind + .seconds(300) }
            let alone = history.policy.decide(known, now: behind, zone: zone)
            let isSame =
                Set(alone.filter { !$0.isKept }.map(\.point.id)) == Set(decisions.filter { !$0.isKept }.map(\.point.id))
            if !isSafe || !isSame { Issue.record("history \(number) in \(zone.name): \(history)") }
            return isSafe && isSame
        }
    }

    private static let zoneNames = ["UTC", "Europe/Lisbon", "Australia/Lord_Howe", "America/New_York"]

    private func eachHistory(_ seed: UInt64, _ count: Int, _ body: (History, TimeZoneRules, Int) -> Bool) throws {
        let zones = try Self.zoneNames.map(systemZone)
        var random = SeededGenerator(seed: seed)
        for number in 0..<count {
            let history = History(&random)
            guard body(history, zones[number % zones.count], number) else { return }
        }
    }

    private func kept(_ points: [RetentionPoint], _ history: History, _ zone: TimeZoneRules) -> Set<String> {
        let decisions = history.policy.decide(points, now: history.now, zone: zone)
        return Set(decisions.filter(\.isKept).map(\.point.id))
    }

    @Test("what is kept is what the definition keeps")
    func reference() throws {
        try eachHistory(1, Self.histories) { history, zone, number in
            let reference = RetentionReference(policy: history.policy, now: history.now, zone: zone)
            let kept = kept(history.points, history, zone)
            let isSame = kept == reference.keptIDs(history.points)
            if !isSame { Issue.record("history \(number) in \(zone.name): \(history)") }
            return isSame
        }
    }

    @Test("points that do not count change nothing for the others, and pruning twice removes nothing more")
    func stability() throws {
        try eachHistory(2, Self.histories / 3) { history, zone, number in
            let kept = kept(history.points, history, zone)
            let left = history.points.filter { kept.contains($0.id) }
            let isStable = self.kept(left, history, zone) == kept
            var flawed = history.points
            for kind in 0..<3 {
                let ahead = history.now + .seconds(kind == 0 ? 86_400 : -60)
                flawed.append(
                    RetentionPoint(
                        id: "flawed\(kind)",
                        recoveryInstant: ahead,
                        committedAt: ahead,
                        isComplete: kind != 1,
                        isProven: true,
                        isKnownBad: kind == 2
                    )
                )
            }
            let isUnmoved = self.kept(flawed, history, zone).subtracting(["flawed0", "flawed1", "flawed2"]) == kept
            if !isStable || !isUnmoved { Issue.record("history \(number) in \(zone.name): \(history)") }
            return isStable && isUnmoved
        }
    }

    @Test("every decision has a reason, and only a point without any is removed")
    func reasons() throws {
        try eachHistory(3, 500) { history, zone, _ in
            let decisions = history.policy.decide(history.points, now: history.now, zone: zone)
            #expect(decisions.count == history.points.count)
            for decision in decisions {
                #expect(!decision.reasons.isEmpty)
                #expect(decision.isKept == !decision.reasons.contains(.noRule))
            }
            return true
        }
    }
}
