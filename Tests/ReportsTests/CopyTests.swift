import Model
import Policy
import Testing

@testable import Reports

@Suite("Copies of a point in a report")
struct CopyTests {
    private static let plan = Scene.plan
    private let begin = Instant(secondsSinceEpoch: 1_800_000_000)

    private func at(_ hours: Int) -> Instant { begin + .seconds(hours * 3600) }

    private func point(_ hours: Int, in repositories: Set<Int>) -> ReportPoint {
        var point = ReportPoint(
            name: PointName(plan: Self.plan, slot: Slot(at(hours))),
            recoveryInstant: at(hours),
            committedAt: at(hours),
            copies: repositories.count
        )
        point.repositories = repositories
        return point
    }

    private func report(_ points: [ReportPoint], _ events: [(Int, hours: Int, VerifyRun)]) -> ComplianceReport {
        var input = ReportInput(
            plan: Self.plan,
            from: begin,
            to: at(100),
            now: at(100),
            objectives: Objectives(rpo: .seconds(200 * 3600), copies: 2),
            points: points,
            records: events.map { event in
                RunRecord(
                    tool: "t",
                    plan: Self.plan,
                    host: "h",
                    started: at(event.hours),
                    finished: at(event.hours),
                    event: .verify(event.2)
                )
            }
        )
        input.origins = events.map(\.0)
        return ComplianceReport.make(input: input)
    }

    private func bad(_ points: [ReportPoint]) -> VerifyRun {
        VerifyRun(
            points: points.map(\.name),
            bytesRead: 0,
            bad: points.map { BadPoint(point: $0.name, reason: "flipped") }
        )
    }

    @Test("a point counts until its last good copy is known to be bad, and what one repository acquits is its own copy")
    func lastCopy() {
        let points = [point(1, in: [0, 1])]
        let both = [(0, hours: 10, bad(points)), (1, hours: 20, bad(points))]
        let one = report(points, [both[0]])
        #expect(one.recoveryPoint.badPoints.isEmpty && one.recoveryPoint.newest != nil)
        #expect(one.copies.newestPoint == 1 && one.copies.missedSince == at(10))
        let none = report(points, both)
        #expect(none.recoveryPoint.badPoints.map(\.since) == [at(20)])
        #expect(none.recoveryPoint.compliance.outcome == .missed)
        let good = VerifyRun(points: points.map(\.name), bytesRead: 0, bad: [])
        let mended = report(points, both + [(0, hours: 30, good)])
        #expect(mended.recoveryPoint.badPoints.isEmpty && mended.copies.newestPoint == 1)
    }

    @Test("what a later check finds again was known before, until a check has found the point sound in between")
    func foundAgain() {
        let points = [point(1, in: [0])]
        let good = VerifyRun(points: points.map(\.name), bytesRead: 0, bad: [])
        let again = report(points, [(0, hours: 25, bad(points)), (0, hours: 96, bad(points))])
        #expect(again.recoveryPoint.badPoints.map(\.since) == [at(25)])
        #expect(again.recoveryPoint.unprotectedAfterSeconds == 75 * 3600)
        let anew = report(
            points,
            [(0, hours: 25, bad(points)), (0, hours: 50, good), (0, hours: 96, bad(points))]
        )
        #expect(anew.recoveryPoint.badPoints.map(\.since) == [at(96)])
        // What lies in the repository says it later than the records did.
        var known = points
        known[0].badCopies = [0: at(90)]
        #expect(report(known, [(0, hours: 25, bad(points))]).recoveryPoint.badPoints.map(\.since) == [at(25)])
    }

    @Test("the promise of copies is missed since the oldest of the newest points that lack one")
    func since() {
        let points = [
            point(1, in: [0, 1]), point(2, in: [0]), point(3, in: [0, 1]), point(4, in: [1]), point(5, in: [0]),
        ]
        let found = report(points, [])
        #expect(found.copies.newestPoint == 1 && found.copies.missedSince == at(4))
        #expect(found.copies.compliance.reasons.first?.contains("since \(at(4))") == true)
        #expect(report(Array(points.prefix(3)), []).copies.missedSince == nil)
        #expect(report(Array(points.prefix(3)), []).copies.compliance.outcome == .met)
    }

    @Test("a run into two repositories is one run, and what it read crossed the connection once")
    func oneRun() {
        let name = PointName(plan: Self.plan, slot: Slot(at(1)))
        let records = [40, 60].map { bytes in
            RunRecord(
                tool: "t",
                plan: Self.plan,
                host: "h",
                started: at(1),
                finished: at(2),
                event: .backup(
                    BackupRun(
                        point: name,
                        recoveryInstant: at(1),
                        totals: BackupTotals(bytesRead: bytes, bytesStored: 5),
                        phases: [],
                        failure: nil
                    )
                )
            )
        }
        var input = ReportInput(plan: Self.plan, from: begin, to: at(100), now: at(100), records: records)
        input.origins = [0, 1]
        let runs = ComplianceReport.make(input: input).runs
        #expect(runs.done == 1 && runs.bytesRead == 60 && runs.bytesStored == 10)
        #expect(runs.partial == 0)
    }

    private func backUp(
        _ hour: Int,
        _ repository: Int,
        failing: Bool = false,
        missed: [String]? = nil
    ) -> (Int, RunRecord) {
        let run = BackupRun(
            point: failing ? nil : PointName(plan: Self.plan, slot: Slot(at(hour))),
            recoveryInstant: failing ? nil : at(hour),
            totals: nil,
            phases: [],
            failure: failing ? Failure(code: "repository-full", summary: "no space", cause: nil) : nil,
            missed: missed
        )
        let record = RunRecord(
            tool: "t",
            plan: Self.plan,
            host: "h",
            started: at(hour),
            finished: at(hour),
            event: .backup(run)
        )
        return (repository, record)
    }

    @Test("a run that did not reach every repository is told apart, whether the other one took a record of it or not")
    func partialRuns() {
        let records = [
            backUp(1, 0), backUp(1, 1), backUp(2, 0), backUp(2, 1, failing: true), backUp(3, 0, missed: ["second"]),
            backUp(4, 0, failing: true), backUp(4, 1, failing: true),
        ]
        var input = ReportInput(plan: Self.plan, from: begin, to: at(100), now: at(100), records: records.map(\.1))
        input.origins = records.map(\.0)
        let report = ComplianceReport.make(input: input)
        #expect(report.runs.done == 3 && report.runs.partial == 2 && report.runs.failed == 1)
        #expect(TextReport(report).text.contains("3 done (2 not in every repository), 1 failed in the period"))
    }

    @Test("of one repository the order of its records decides, and not what the clocks of the hosts said")
    func order() {
        let points = [point(1, in: [0])]
        var found = report(points, [(0, hours: 20, VerifyRun(points: points.map(\.name), bytesRead: 0, bad: []))])
        #expect(found.recoveryPoint.badPoints.isEmpty)
        let late = RunRecord(
            tool: "t",
            plan: Self.plan,
            host: "h",
            started: at(10),
            finished: at(10),
            foldedAt: at(21),
            event: .verify(bad(points))
        )
        var input = ReportInput(plan: Self.plan, from: begin, to: at(100), now: at(100), points: points)
        input.records = [late]
        input.records.append(
            RunRecord(
                tool: "t",
                plan: Self.plan,
                host: "h",
                started: at(20),
                finished: at(20),
                event: .verify(VerifyRun(points: points.map(\.name), bytesRead: 0, bad: []))
            )
        )
        found = ComplianceReport.make(input: input)
        #expect(found.recoveryPoint.badPoints.map(\.since) == [at(10)])
    }

    @Test("a point that is gone is missed and a record that cannot be read is unknown, whatever was promised")
    func evidence() {
        let points = [point(1, in: [0])]
        var input = ReportInput(plan: Self.plan, from: begin, to: at(100), now: at(100), points: points)
        let head = String(repeating: "ab", count: 32)
        let chain = ReportRepository.Chain(signer: "lbsig1qqqqqqqqqqqqqqqqq", records: 7, head: head)
        input.repositories = [ReportRepository(name: "r1", chains: [chain])]
        #expect(ComplianceReport.make(input: input).compliance.outcome == .noTarget)
        #expect(TextReport(ComplianceReport.make(input: input)).text.contains("7 records by lbsig1qqqqqq… in r1"))
        let broken = ReportRepository.BrokenRecord(record: "records/shop/x/000000001.record", reason: "flipped")
        input.repositories = [ReportRepository(name: "r1", chains: [chain], brokenRecords: [broken])]
        #expect(ComplianceReport.make(input: input).compliance.outcome == .unknown)
        let gone = ReportRepository.MissingPoint(point: points[0].name, reason: "it was there before")
        input.repositories = [
            ReportRepository(name: "r1", chains: [chain], brokenRecords: [broken], missingPoints: [gone])
        ]
        let report = ComplianceReport.make(input: input)
        #expect(report.compliance.outcome == .missed)
        #expect(report.compliance.reasons.first?.contains("in r1: it was there before") == true)
        // A report from records alone sees it too.
        input.repositories = []
        input.records = [backUp(2, 0).1]
        #expect(ComplianceReport.make(input: input).evidence.compliance.outcome == .missed)
    }
}
