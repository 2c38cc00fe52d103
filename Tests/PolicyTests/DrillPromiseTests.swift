import Model
import Policy
import Testing

@Suite("Drills against what was promised of them")
struct DrillPromiseTests {
    private let now = Instant(secondsSinceEpoch: 1_800_000_000)

    private func daysAgo(_ days: Int) -> Instant { now - .seconds(days * 86_400) }

    private func cadence(_ proven: [Int], since: Int? = 90, every days: Int = 3, from: Int = 30) -> DrillCadence {
        DrillCadence(
            every: .seconds(days * 86_400),
            provenAt: proven.map(daysAgo),
            protectedSince: since.map(daysAgo),
            from: daysAgo(from),
            now: now
        )
    }

    @Test("a drill is late one interval after the last proven one, or after the first point")
    func late() {
        let onTime = cadence([10, 40], every: 31)
        #expect(onTime.verdict == .met && onTime.lateBy == nil && onTime.dueAt == daysAgo(-21))
        #expect(cadence([33], every: 31).verdict == .missed("a drill is 2 days late"))
        #expect(cadence([], since: 1, every: 31).verdict.name == "unknown")
        let never = cadence([], since: 32, every: 31)
        #expect(never.verdict == .missed("a drill is 24 h late; none has proven a point yet"))
        #expect(cadence([], since: nil).verdict.name == "unknown")
    }

    @Test("the longest time without a proven drill is missed, long after it was over")
    func gap() {
        let gap = cadence([1, 3, 5, 14, 16, 19, 22, 25, 28, 31])
        #expect(gap.longestGap == .init(from: daysAgo(14), to: daysAgo(5)) && gap.lateBy == nil)
        #expect(
            gap.verdict
                == .missed(
                    "no drill proved a point for 9 days, from \(daysAgo(14)) to \(daysAgo(5)); 3 days are allowed; the last one"
                        + " is recent enough again"
                )
        )
        #expect(cadence([1, 3, 5, 14], from: 5).verdict == .met, "it ended before the period")
    }

    @Test("a gap at the beginning of the period counts from the drill before it, or from the first point")
    func beginning() {
        #expect(cadence([1, 3, 6, 9], from: 8).verdict == .met)
        #expect(cadence([1, 3, 6, 20], from: 8).longestGap == .init(from: daysAgo(20), to: daysAgo(6)))
        #expect(cadence([1, 3, 6], since: 9, from: 30).verdict == .met)
        #expect(cadence([1, 3, 6], since: 10, from: 30).verdict.name == "missed")
    }

    @Test("what a drill takes and a clock that changes make no miss")
    func grace() {
        let week: Duration = .seconds(7 * 86_400)
        let times = [daysAgo(15) - .seconds(3500), daysAgo(8), daysAgo(1)]
        let weekly = DrillCadence(every: week, provenAt: times, protectedSince: times[0], from: daysAgo(30), now: now)
        #expect(weekly.verdict == .met)
    }

    @Test("drills are due in the protected part of the period")
    func due() {
        #expect(cadence([], since: 90, every: 1).due == 30)
        #expect(cadence([], since: 4, every: 1).due == 4)
        #expect(cadence([], since: 0, every: 1).due == 0 && cadence([], since: nil).due == 0)
    }

    private func point(_ days: Int, gone: Int? = nil, bytes: Int64? = nil) -> DrillRelevance.Point {
        .init(
            recoveryInstant: daysAgo(days),
            committedAt: daysAgo(days),
            goneSince: gone.map(daysAgo),
            textBytes: bytes
        )
    }

    @Test("a drill of an old or a small point does not speak for what a recovery takes now")
    func relevance() {
        let points = [
            point(9, bytes: 10), point(8, bytes: 10), point(3, gone: 2, bytes: 900), point(2, bytes: 1000), point(1),
        ]
        func drill(_ days: Int, bytes: Int64? = nil, rpo: Int? = nil, declared: Int = 0) -> DrillRelevance {
            DrillRelevance(
                of: daysAgo(days),
                textBytes: bytes,
                declaredAt: daysAgo(declared),
                among: points,
                rpo: rpo.map { .seconds($0 * 86_400) }
            )
        }
        #expect(drill(1).objection == nil && drill(1).newerPoints == 0)
        #expect(drill(2, bytes: 1000).objection == nil, "a backup may end while the drill begins")
        #expect(drill(8).objection == "2 newer points existed then, the newest 7 days newer")
        #expect(drill(8, rpo: 4).objection == nil && drill(9, rpo: 3).objection != nil)
        #expect(drill(8, declared: 7).objection == nil, "it was the newest then")
        #expect(drill(8, declared: 3).objection == nil && drill(8, declared: 2).newerPoints == 1)
        let small = drill(8, bytes: 10, rpo: 90, declared: 2)
        #expect(small.objection == "the newest point had 1 kB of text then, and this one 10 B")
    }
}
