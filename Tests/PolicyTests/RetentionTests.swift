import Model
import Policy
import Testing

@Suite("Retention")
struct RetentionTests {
    private let now = Instant(secondsSinceEpoch: 1_795_255_200)  // 2026-11-21T10:00:00Z

    private func point(
        _ id: String,
        hoursAgo: Int,
        complete: Bool = true,
        proven: Bool = false,
        bad: Bool = false,
        hold: String? = nil
    ) -> RetentionPoint {
        let instant = now - .seconds(hoursAgo * 3600)
        return RetentionPoint(
            id: id,
            recoveryInstant: instant,
            committedAt: instant + .seconds(60),
            isComplete: complete,
            isProven: proven,
            isKnownBad: bad,
            hold: hold
        )
    }

    private func lines(_ policy: RetentionPolicy, _ points: [RetentionPoint]) -> [String] {
        policy.decide(points, now: now, zone: .utc).map { decision in
            "\(decision.point.id) \(decision.isKept ? "keep" : "remove"): "
                + decision.reasons.map(\.description).joined(separator: "; ")
        }
    }

    @Test("a policy that says nothing keeps everything")
    func empty() {
        #expect(
            lines(RetentionPolicy(), [point("a", hoursAgo: 1), point("b", hoursAgo: 9000, hold: "audit")])
                == ["a keep: no policy was specified", "b keep: held: audit; no policy was specified"]
        )
        #expect(RetentionPolicy(keep: .init(daily: 0)).isEmpty)
    }

    @Test("incomplete, misdated and bad points push nothing out and are not removed either")
    func flawed() {
        let points = [
            point("future", hoursAgo: -48), point("torn", hoursAgo: 1, complete: false),
            point("bad", hoursAgo: 2, bad: true),
            point("good", hoursAgo: 3), point("old", hoursAgo: 100),
        ]
        #expect(
            lines(RetentionPolicy(keep: .init(last: 1)), points) == [
                "future keep: dated in the future, not counted", "torn keep: incomplete or unsigned, not counted",
                "bad keep: known to be bad, not counted", "good keep: newest point; last 1 of 1",
                "old remove: no rule keeps it",
            ]
        )
    }

    @Test("a point whose snapshot is newer than its own commit is misdated; five minutes of difference are not")
    func outOfOrder() {
        var early = point("a", hoursAgo: 5)
        early.committedAt = early.recoveryInstant - .seconds(300)
        var late = point("b", hoursAgo: 5)
        late.committedAt = late.recoveryInstant - .seconds(301)
        #expect(lines(RetentionPolicy(keep: .init(last: 1)), [early]) == ["a keep: newest point; last 1 of 1"])
        #expect(lines(RetentionPolicy(keep: .init(last: 1)), [late]) == ["b keep: dated in the future, not counted"])
    }

    @Test("the newest proven point and held points stay, however old")
    func guarded() {
        let points = [
            point("new", hoursAgo: 1), point("plain", hoursAgo: 50), point("proven", hoursAgo: 500, proven: true),
            point("proven before", hoursAgo: 600, proven: true),
            point("held", hoursAgo: 900, hold: "before the migration"),
        ]
        #expect(
            lines(RetentionPolicy(keep: .init(last: 1)), points) == [
                "new keep: newest point; last 1 of 1", "plain remove: no rule keeps it",
                "proven keep: newest proven point",
                "proven before remove: no rule keeps it", "held keep: held: before the migration",
            ]
        )
    }

    @Test("the minimum is filled up with the newest points that no rule keeps")
    func minimum() {
        let points = [1, 2, 3, 4].map { point("\($0)", hoursAgo: $0) } + [point("held", hoursAgo: 5, hold: "audit")]
        #expect(
            lines(RetentionPolicy(keep: .init(last: 1), minimumPoints: 3), points) == [
                "1 keep: newest point; last 1 of 1", "2 keep: minimum of 3 points", "3 remove: no rule keeps it",
                "4 remove: no rule keeps it", "held keep: held: audit",
            ]
        )
    }

    @Test("points do not melt away while backups fail: durations count back from the newest point")
    func outage() {
        let points = [point("a", hoursAgo: 2000), point("b", hoursAgo: 2047), point("c", hoursAgo: 2049)]
        #expect(
            lines(RetentionPolicy(keep: .init(within: .seconds(48 * 3600))), points) == [
                "a keep: newest point; within 2 days", "b keep: within 2 days", "c remove: no rule keeps it",
            ]
        )
    }

    @Test("spans are those of the plan's own zone, and weeks run from Monday to Sunday")
    func zoneOfSpans() throws {
        // 23:30 UTC on a Sunday is Monday in Tokyo.
        let sunday = try instant("2026-11-15T23:30:00Z")
        let points = [0, -3600].map { offset in
            let moment = sunday + .seconds(offset * 9)
            return RetentionPoint(id: moment.description, recoveryInstant: moment, committedAt: moment)
        }
        let policy = RetentionPolicy(keep: .init(weekly: 2))
        let tokyo = policy.decide(points, now: now, zone: try systemZone("Asia/Tokyo"))
        #expect(
            tokyo.map { $0.reasons.map(\.description).last } == [
                "weekly 1 of 2 (2026-W47)", "weekly 2 of 2 (2026-W46)",
            ]
        )
        let utc = policy.decide(points, now: now, zone: .utc)
        #expect(
            utc.map { $0.reasons.map(\.description).last } == [
                "weekly 1 of 2 (2026-W46)", "weekly 2 of 2 (oldest point)",
            ]
        )
    }

    @Test(
        "a week belongs to the year of its Thursday",
        arguments: [
            ("2026-01-01", "2026-W01"), ("2027-01-01", "2026-W53"), ("2024-12-30", "2025-W01"),
            ("2021-01-03", "2020-W53"),
            ("2026-11-21", "2026-W47"), ("1969-12-29", "1970-W01"),
        ]
    )
    func weekNames(date: String, week: String) throws {
        let moment = try instant(date + "T12:00:00Z")
        let point = RetentionPoint(id: "a", recoveryInstant: moment, committedAt: moment)
        let decision = RetentionPolicy(keep: .init(weekly: 1)).decide(
            [point],
            now: now + .seconds(200_000_000),
            zone: .utc
        )
        #expect(decision[0].reasons.last?.description == "weekly 1 of 1 (\(week))")
    }

    @Test("both hours that autumn shows alike keep their point")
    func repeatedHour() throws {
        let points = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"].compactMap { Instant($0) }.map {
            RetentionPoint(id: $0.description, recoveryInstant: $0, committedAt: $0)
        }
        let decisions = RetentionPolicy(keep: .init(hourly: 1)).decide(
            points,
            now: now,
            zone: try systemZone("Europe/Lisbon")
        )
        #expect(decisions.map(\.isKept) == [true, false])
        let two = RetentionPolicy(keep: .init(hourly: 2)).decide(
            points,
            now: now,
            zone: try systemZone("Europe/Lisbon")
        )
        #expect(two[1].reasons.map(\.description) == ["hourly 2 of 2 (2026-10-25 01 h)"])
    }

    @Test("negative numbers are named")
    func problems() {
        let policy = RetentionPolicy(keep: .init(daily: -2), minimumPoints: -1)
        #expect(
            policy.problems == [
                "'daily' is -2; it counts points, 0 or more", "'minimumPoints' is -1; it counts points, 0 or more",
            ]
        )
    }
}
