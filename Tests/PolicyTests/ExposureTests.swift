import Model
import Policy
import TestSupport
import Testing

@Suite("Exposure")
struct ExposureTests {
    private let start = Instant(secondsSinceEpoch: 1_800_000_000)

    private func at(_ minutes: Int) -> Instant { start + .seconds(minutes * 60) }

    private func point(_ recovery: Int, _ commit: Int, bad: Int? = nil) -> Exposure.Point {
        Exposure.Point(recoveryInstant: at(recovery), committedAt: at(commit), knownBadSince: bad.map(at))
    }

    @Test("a long backup counts: exposure peaks just before the next point is committed")
    func longBackup() {
        let points = [point(-60, -50), point(0, 30), point(60, 70)]
        let exposure = Exposure.measure(points, from: at(0), to: at(100), rpo: .seconds(4200))
        #expect(exposure.worst == Exposure.Peak(exposure: .seconds(90 * 60), at: at(30)))
        #expect(exposure.current == .seconds(40 * 60))
        #expect(exposure.withinObjective == .seconds((10 + 40 + 30) * 60))
        #expect(exposure.shareOfPeriod == 0.8)
        #expect(exposure.firstExceededAt == at(10))
        #expect(!exposure.judge(rpo: .seconds(4200)).isMet)
        #expect(exposure.judge(rpo: .seconds(5400)).isMet)
    }

    @Test("before the first point exposure is unbounded, and counts as outside the objective")
    func beforeFirst() {
        let exposure = Exposure.measure([point(50, 60)], from: at(0), to: at(100), rpo: .seconds(3600))
        #expect(exposure.protectedSince == at(60))
        #expect(exposure.unprotectedBefore == .seconds(3600))
        #expect(exposure.shareOfPeriod == 0.4)
        #expect(exposure.shareSinceProtected == 1)
        #expect(exposure.judge(rpo: .seconds(3600)) == .met)
        let nothing = Exposure.measure([], from: at(0), to: at(100), rpo: .seconds(3600))
        #expect(nothing.current == nil && nothing.worst == nil && nothing.protectedSince == nil)
        #expect(nothing.judge(rpo: .seconds(3600)) == .missed("no recovery point exists"))
        #expect(nothing.shareOfPeriod == 0)
    }

    @Test("a point stops counting when it is known to be bad, and the one before it counts again")
    func knownBad() {
        let points = [point(0, 1), point(50, 51, bad: 60)]
        let exposure = Exposure.measure(points, from: at(1), to: at(70), rpo: .seconds(3600))
        #expect(exposure.current == .seconds(70 * 60))
        #expect(exposure.firstExceededAt == at(60))
        let lost = Exposure.measure([point(0, 1, bad: 20)], from: at(1), to: at(70), rpo: .seconds(3600))
        #expect(lost.current == nil)
        #expect(lost.unprotectedAfter == .seconds(50 * 60))
        #expect(lost.judge(rpo: .seconds(360_000)) == .missed("every recovery point is known to be bad"))
    }

    @Test("a point that is older than one already there does not shorten exposure")
    func lateCommit() {
        let points = [point(40, 45), point(10, 50)]
        #expect(Exposure.measure(points, from: at(45), to: at(60)).current == .seconds(20 * 60))
    }

    @Test("exact exposure agrees with looking at every single minute", arguments: 0..<400)
    func bruteForce(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let points = (0..<random.int(0...12)).map { _ in
            let recovery = random.int(-200...300)
            let commit = recovery + random.int(0...60)
            return point(recovery, commit, bad: random.chance(3) ? commit + random.int(-5...150) : nil)
        }
        let length = random.int(1...300)
        let rpo = random.int(5...150)
        let exposure = Exposure.measure(points, from: at(0), to: at(length), rpo: .seconds(rpo * 60))
        var sampler = MinuteSampler(start: start, points: points, rpo: rpo)
        for minute in 0..<length { sampler.look(at: minute) }
        #expect(exposure.worst?.exposure == sampler.worst(orAt: length).map { .seconds($0 * 60) })
        #expect(exposure.withinObjective == .seconds(sampler.within * 60))
        #expect(exposure.current == sampler.exposure(at: length).map { .seconds($0 * 60) })
        #expect(exposure.unprotectedBefore + exposure.unprotectedAfter == .seconds(sampler.unbounded * 60))
        #expect(exposure.firstExceededAt == sampler.firstExceeded.map(at))
        let beyond = exposure.breaches.reduce(Duration.zero) { $0 + $1.length }
        #expect(beyond + exposure.unprotectedBefore + .seconds(sampler.within * 60) == .seconds(length * 60))
        #expect(zip(exposure.breaches, exposure.breaches.dropFirst()).allSatisfy { $0.to < $1.from })
    }
}

/// Measures exposure minute by minute, straight from the definition.
///
/// All events fall on whole minutes, so each minute is
/// covered by one newest point, and the minute's end shows its peak.
private struct MinuteSampler {
    let start: Instant
    let points: [Exposure.Point]
    let rpo: Int
    private var peak: Int?
    private(set) var within = 0
    private(set) var unbounded = 0
    private(set) var firstExceeded: Int?

    init(start: Instant, points: [Exposure.Point], rpo: Int) {
        self.start = start
        self.points = points
        self.rpo = rpo
    }

    private func newest(at minute: Int) -> Int? {
        let moment = start + .seconds(minute * 60)
        let counted = points.filter { $0.committedAt <= moment && ($0.knownBadSince.map { $0 > moment } ?? true) }
        return counted.map { Int(($0.recoveryInstant - start).inSeconds) / 60 }.max()
    }

    func exposure(at minute: Int) -> Int? { newest(at: minute).map { max(0, minute - $0) } }

    func worst(orAt end: Int) -> Int? { peak ?? exposure(at: end) }

    private func wasProtected(by minute: Int) -> Bool {
        (0...minute).contains(where: { exposure(at: $0) != nil }) || protectedEarlier
    }

    /// Some point was there and good before the period began.
    private var protectedEarlier: Bool {
        points.contains { point in
            point.committedAt < start && (point.knownBadSince.map { $0 > point.committedAt } ?? true)
        }
    }

    mutating func look(at minute: Int) {
        guard let newest = newest(at: minute) else {
            unbounded += 1
            if firstExceeded == nil, wasProtected(by: minute) { firstExceeded = minute }
            return
        }
        let end = max(0, minute + 1 - newest)
        peak = max(peak ?? 0, end)
        if end <= rpo { within += 1 } else if firstExceeded == nil { firstExceeded = minute }
    }
}
