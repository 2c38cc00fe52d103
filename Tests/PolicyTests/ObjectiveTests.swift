import FoundationEssentials
import Model
import Policy
import Testing

@Suite("Objectives against facts")
struct ObjectiveTests {
    private let now = Instant(secondsSinceEpoch: 1_800_000_000)

    private func daysAgo(_ days: Int) -> Instant { now - .seconds(days * 86_400) }

    private func drill(_ days: Int, _ verdict: DrillRun.Verdict, minutes: Int?) -> RecoveryTime.Drill {
        .init(declaredAt: daysAgo(days), verdict: verdict, duration: minutes.map { .seconds($0 * 60) })
    }

    @Test("recovery time is what proven drills of the period measured")
    func recoveryTime() {
        let drills = [
            drill(40, .proven, minutes: 500), drill(20, .proven, minutes: 30), drill(1, .proven, minutes: 50),
            drill(10, .proven, minutes: 90), drill(5, .failed, minutes: 1), drill(4, .unverified, minutes: 2),
        ]
        let time = RecoveryTime.measure(drills, from: daysAgo(30), to: now)
        #expect(time.latest == .seconds(3000) && time.worst == .seconds(5400) && time.median == .seconds(3000))
        #expect(time.proven == 3 && time.drills == 5)
        #expect(time.judgeRTO(Objectives(rto: .seconds(3600))) == .met)
        #expect(
            time.judgeRTO(Objectives(rto: .seconds(3600), decisionAllowance: .seconds(900)))
                == .missed("recovery took 50 min plus 15 min of allowance for the decision; the RTO is 1 h")
        )
        #expect(time.judgeMTD(Objectives(mtd: .seconds(7200), workRecovery: .seconds(4200))) == .met)
        #expect(time.judgeMTD(Objectives(mtd: .seconds(7200), workRecovery: .seconds(4201)))?.isMet == false)
        #expect(time.judgeRTO(Objectives()) == nil)
    }

    @Test("a drill that failed, could not check, or never ran is never a pass")
    func neverAPass() {
        let objectives = Objectives(rto: .seconds(3600))
        func verdict(_ drills: [RecoveryTime.Drill]) -> String? {
            RecoveryTime.measure(drills, from: daysAgo(30), to: now).judgeRTO(objectives)?.name
        }
        #expect(verdict([]) == "unknown")
        #expect(verdict([drill(2, .proven, minutes: 1), drill(1, .failed, minutes: 1)]) == "missed")
        #expect(verdict([drill(2, .proven, minutes: 1), drill(1, .unverified, minutes: 1)]) == "unknown")
        #expect(verdict([drill(31, .proven, minutes: 1)]) == "unknown")
        let server = RecoveryTime.measure([drill(1, .proven, minutes: 1)], from: daysAgo(30), to: now, target: .server)
        #expect(server.judgeRTO(objectives)?.name == "unknown")
    }

    @Test("proof coverage counts complete points only")
    func coverage() {
        func point(_ days: Int, complete: Bool = true, proven: Bool = false) -> RetentionPoint {
            .init(
                id: "\(days)",
                recoveryInstant: daysAgo(days),
                committedAt: daysAgo(days),
                isComplete: complete,
                isProven: proven
            )
        }
        let coverage = ProofCoverage(
            [
                point(1), point(2, proven: true), point(3, complete: false, proven: true), point(9, proven: true),
                point(5),
            ],
            now: now
        )
        #expect(coverage.points == 4 && coverage.proven == 2 && coverage.share == 0.5)
        #expect(coverage.ageOfNewestProven == .seconds(2 * 86_400))
        #expect(ProofCoverage([], now: now).share == nil)
    }

    @Test("a nightly schedule never meets 24 h, and one that fits is named")
    func feasibility() throws {
        let lisbon = try systemZone("Europe/Lisbon")
        let nightly = ScheduleFeasibility(
            try CronSchedule("0 3 * * *"),
            zone: lisbon,
            durations: [.seconds(600), .seconds(900)],
            jitter: .seconds(60),
            rpo: .seconds(86_400),
            now: now
        )
        #expect(nightly.worstExposure == .seconds(25 * 3600 + 960))
        #expect(
            nightly.verdict
                == .missed(
                    "runs lie up to 25 h apart, take 15 min, start up to 1 min late: exposure reaches 25 h 16 min, 24 h is allowed; '0 2,14 * * *' fits"
                )
        )
        let twice = try CronSchedule("0 */12 * * *")
        #expect(
            ScheduleFeasibility(twice, zone: lisbon, durations: [.seconds(900)], rpo: .seconds(86_400), now: now)
                .verdict == .met
        )
        #expect(
            ScheduleFeasibility(twice, zone: lisbon, durations: [], rpo: .seconds(86_400), now: now).verdict.name
                == "unknown"
        )
        let hopeless = ScheduleFeasibility(
            twice,
            zone: lisbon,
            durations: [.seconds(7200)],
            rpo: .seconds(3600),
            now: now
        )
        #expect(hopeless.suggestion == nil && hopeless.verdict.reason?.hasSuffix("no schedule fits") == true)
    }

    @Test("a suggested schedule always fits", arguments: [20, 60, 61, 90, 240, 1439, 1500, 1501, 3000])
    func suggestionFits(minutes: Int) throws {
        let zone = try systemZone("America/New_York")
        let rpo: Duration = .seconds(minutes * 60)
        let durations: [Duration] = [.seconds(300)]
        let yearly = ScheduleFeasibility(
            try CronSchedule("@yearly"),
            zone: zone,
            durations: durations,
            rpo: rpo,
            now: now
        )
        let suggestion = try #require(yearly.suggestion)
        #expect(ScheduleFeasibility(suggestion, zone: zone, durations: durations, rpo: rpo, now: now).verdict == .met)
    }

    @Test("the 95th percentile is a value that was measured")
    func percentiles() {
        #expect(percentile(95, of: (1...100).map { .seconds($0) }) == .seconds(95))
        #expect(percentile(95, of: [.seconds(3), .seconds(1)]) == .seconds(3))
        #expect(percentile(50, of: [.seconds(3), .seconds(1), .seconds(2)]) == .seconds(2))
        #expect(percentile(95, of: []) == nil)
    }

    @Test("a growing recovery time is extended to the day on which it crosses the objective")
    func forecast() throws {
        let growing = [
            (at: daysAgo(60), duration: Duration.seconds(600)), (daysAgo(30), .seconds(1200)),
            (daysAgo(0), .seconds(1800)),
        ]
        let forecast = try #require(Forecast(growing, objective: .seconds(3600), now: now))
        #expect(forecast.growthPerDay == .seconds(20))
        #expect(forecast.crossesAt == now + .seconds(90 * 86_400))
        #expect(Forecast(Array(growing.prefix(2)), objective: .seconds(3600), now: now) == nil)
        #expect(Forecast(growing.map { ($0.at, .seconds(600)) }, objective: .seconds(3600), now: now) == nil)
        #expect(
            Forecast(growing.map { ($0.at, .seconds(3600) - $0.duration) }, objective: .seconds(3600), now: now) == nil
        )
        for span in [0, 600, 86_400, 3 * 86_400] {
            let close = growing.enumerated().map { (now - .seconds(span * (2 - $0.offset) / 2), $0.element.duration) }
            #expect(Forecast(close, objective: .seconds(3600), now: now) == nil, "\(span) s")
        }
        let twoDays = growing.enumerated().map { (daysAgo($0.offset < 2 ? 30 : 0), $0.element.duration) }
        #expect(Forecast(twoDays, objective: .seconds(3600), now: now) == nil)
        #expect(try #require(Forecast(growing, objective: .seconds(900), now: now)).crossesAt < now)
    }

    @Test("objectives are read as people write them and written back the same")
    func coding() throws {
        let text = #"{"rto":"2h","rpo":"24h","drillEvery":"31d","copies":2}"#
        let objectives = try JSONDecoder().decode(Objectives.self, from: Data(text.utf8))
        #expect(
            objectives
                == Objectives(
                    rto: .seconds(7200),
                    rpo: .seconds(86_400),
                    drillEvery: .seconds(31 * 86_400),
                    copies: 2
                )
        )
        #expect(try JSONDecoder().decode(Objectives.self, from: JSONEncoder().encode(objectives)) == objectives)
        #expect(Objectives(rto: .seconds(7200), mtd: .seconds(3600), copies: 0).problems.count == 2)
        #expect(objectives.problems.isEmpty)
    }

    @Test("of two verdicts the worse one holds")
    func combination() {
        #expect(ObjectiveVerdict.met.and(.unknown("a")) == .unknown("a"))
        #expect(ObjectiveVerdict.unknown("a").and(.missed("b")) == .missed("b"))
        #expect(ObjectiveVerdict.met.and(.met) == .met)
    }
}
