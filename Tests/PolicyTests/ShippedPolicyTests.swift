import FoundationEssentials
import Model
import Policy
import Testing

@Suite("The retention policies that are shipped")
struct ShippedPolicyTests {
    private let now = Instant(secondsSinceEpoch: 1_795_255_200)  // 2026-11-21T10:00:00Z, a Saturday

    private func shipped() throws -> [String: RetentionPolicy] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        return try decoder.decode(
            [String: RetentionPolicy].self,
            from: Data(contentsOf: root.appending(path: "retention.json"))
        )
    }

    @Test("there are five, and none has a problem")
    func names() throws {
        let policies = try shipped()
        #expect(policies.keys.sorted() == ["daily-30d-weekly", "daily-7d", "gfs", "hourly-48h", "nightly-30d"])
        for policy in policies.values {
            #expect(policy.problems.isEmpty && !policy.isEmpty)
            #expect(try JSONDecoder().decode(RetentionPolicy.self, from: JSONEncoder().encode(policy)) == policy)
        }
    }

    /// Takes a point every `hours` hours over `days` days and prunes after each, as a machine would; the instants that are
    /// left, newest first.
    private func live(_ name: String, every hours: Int, days: Int) throws -> [RetentionDecision] {
        let policy = try #require(try shipped()[name])
        var points: [RetentionPoint] = []
        var decisions: [RetentionDecision] = []
        let start = now - .seconds(days * 86_400)
        for run in 0...(days * 24 / hours) {
            let moment = start + .seconds(run * hours * 3600)
            points.append(RetentionPoint(id: "\(run)", recoveryInstant: moment, committedAt: moment))
            decisions = policy.decide(points, now: moment, zone: .utc).filter(\.isKept)
            points = decisions.map(\.point)
        }
        return decisions
    }

    private func summary(_ decisions: [RetentionDecision], hourly: Bool = false) -> String {
        decisions.map { String($0.point.recoveryInstant.description.prefix(hourly ? 13 : 10)) }.joined(separator: " ")
    }

    @Test("nightly-30d leaves the last point of each of 30 days")
    func nightly() throws {
        let left = try live("nightly-30d", every: 12, days: 60)
        #expect(left.count == 30)
        #expect(left.first?.reasons.map(\.description) == ["newest point", "daily 1 of 30 (2026-11-21)"])
        #expect(left.last?.point.recoveryInstant.description == "2026-10-23T22:00:00Z")
        #expect(left.last?.reasons.map(\.description) == ["daily 30 of 30 (2026-10-23)"])
    }

    @Test("daily-7d leaves the last point of each of 7 days")
    func daily() throws {
        #expect(
            summary(try live("daily-7d", every: 24, days: 20))
                == "2026-11-21 2026-11-20 2026-11-19 2026-11-18 2026-11-17 2026-11-16 2026-11-15"
        )
    }

    @Test("daily-30d-weekly goes on with Sundays, 13 weeks in all")
    func dailyThenWeekly() throws {
        let left = try live("daily-30d-weekly", every: 24, days: 200)
        #expect(
            summary(Array(left.dropFirst(30)))
                == "2026-10-18 2026-10-11 2026-10-04 2026-09-27 2026-09-20 2026-09-13 2026-09-06 2026-08-30"
        )
        #expect(left.last?.reasons.map(\.description) == ["weekly 13 of 13 (2026-W35)"])
    }

    @Test("gfs leaves 7 days, 5 weeks, 12 months and 7 years, and reaches the years by itself")
    func grandfather() throws {
        let left = try live("gfs", every: 24, days: 3300)
        #expect(
            summary(left)
                == "2026-11-21 2026-11-20 2026-11-19 2026-11-18 2026-11-17 2026-11-16 2026-11-15 2026-11-08 2026-11-01 2026-10-31 "
                + "2026-10-25 2026-09-30 2026-08-31 2026-07-31 2026-06-30 2026-05-31 2026-04-30 2026-03-31 2026-02-28 2026-01-31 "
                + "2025-12-31 2024-12-31 2023-12-31 2022-12-31 2021-12-31 2020-12-31"
        )
        #expect(left.last?.reasons.map(\.description) == ["yearly 7 of 7 (2020)"])
    }

    @Test("gfs keeps the very first point while there are fewer years than it asks for")
    func firstPoint() throws {
        let left = try live("gfs", every: 24, days: 800)
        #expect(left.last?.point.id == "0")
        #expect(left.last?.reasons.map(\.description) == ["yearly 4 of 7 (oldest point)"])
    }

    @Test("hourly-48h leaves every point of two days, then days")
    func hourly() throws {
        let left = try live("hourly-48h", every: 1, days: 10)
        #expect(left.prefix(49).allSatisfy { $0.reasons.contains(.within(.seconds(48 * 3600))) })
        #expect(
            summary(Array(left.dropFirst(49)), hourly: true)
                == "2026-11-18T23 2026-11-17T23 2026-11-16T23 2026-11-15T23 2026-11-14T23 2026-11-13T23 2026-11-12T23 2026-11-11T23 2026-11-11T10"
        )
    }
}
