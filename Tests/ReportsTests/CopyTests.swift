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
        // The second point had one copy only for as long as it was the newest.
        let over = report(Array(points.prefix(3)), []).copies
        #expect(over.missedSince == nil && over.newestPoint == 2)
        #expect(over.compliance.outcome == .missed && over.points == 3 && over.shortPoints == 1)
        #expect(over.worstFrom == at(2) && over.worstTo == at(3))
        #expect(report(Array(points.prefix(1)), []).copies.compliance.outcome == .met)
    }

    @Test("a copy that came late, was pruned again or is gone is told by the records")
    func copiesByRecords() {
        func input(_ points: [ReportPoint], _ records: [(Int, RunRecord)]) -> ReportInput {
            var input = ReportInput(plan: Self.plan, from: begin, to: at(100), now: at(100), points: points)
            input.objectives = Objectives(copies: 2)
            (input.records, input.origins) = (records.map(\.1), records.map(\.0))
            return input
        }
        func copies(_ points: [ReportPoint], _ records: [(Int, RunRecord)]) -> CopyFacts {
            ComplianceReport.make(input: input(points, records)).copies
        }
        var sync = SyncRun(source: "elsewhere")
        sync.points = [PreviousPoint(point: point(1, in: []).name, sha256: "00")]
        // It lay in both before the next one was taken, and was pruned in one of them later.
        let removal = PruneRun(removedPoints: sync.points, removedArchives: 0, freedBytes: 0)
        let later = [record(.sync(sync), hours: 3, 1), record(.prune(removal), hours: 60, 1)]
        #expect(copies([point(1, in: [0]), point(5, in: [0, 1])], later).compliance.outcome == .met)
        let early = [record(.sync(sync), hours: 3, 1), record(.prune(removal), hours: 4, 1)]
        #expect(copies([point(1, in: [0]), point(5, in: [0, 1])], early).shortPoints == 1)
        // Of a copy that was there, and is not, nobody knows since when.
        let gone = copies([point(5, in: [0])], [backUp(5, 0), backUp(5, 1)])
        #expect(gone.compliance.outcome == .missed && gone.missedSince == nil && gone.newestPoint == 1)
        let pruned = [backUp(5, 0), backUp(5, 1)] + [record(.prune(pruned(5)), hours: 30, 1)]
        #expect(copies([point(5, in: [0])], pruned).missedSince == at(30))
    }

    private func pruned(_ hour: Int) -> PruneRun {
        let points = [PreviousPoint(point: point(hour, in: []).name, sha256: "00")]
        return PruneRun(removedPoints: points, removedArchives: 0, freedBytes: 0)
    }

    private func record(_ event: RunRecord.Event, hours: Int, _ repository: Int) -> (Int, RunRecord) {
        let (started, finished) = (at(hours), at(hours))
        return (
            repository,
            RunRecord(tool: "t", plan: Self.plan, host: "h", started: started, finished: finished, event: event)
        )
    }

    @Test("a repository that was not examined makes what depends on it unknown, and is named")
    func notExamined() {
        var input = ReportInput(plan: Self.plan, from: begin, to: at(100), now: at(100), points: [point(1, in: [0])])
        input.objectives = Objectives(rpo: .seconds(400 * 3600), copies: 2)
        input.notExamined = [UnexaminedRepository(name: "far", reason: "no route to host")]
        let report = ComplianceReport.make(input: input)
        #expect(report.copies.compliance.outcome == .unknown && report.copies.missedSince == nil)
        #expect(report.evidence.compliance.outcome == .unknown && report.compliance.outcome == .unknown)
        #expect(report.recoveryPoint.compliance.outcome == .met)
        let text = TextReport(report).text
        #expect(text.contains("not examined     repository 'far': no route to host"))
        #expect(!text.contains("too few since"))
        // What was exposed in the past may be told otherwise there; what would be lost now is lost.
        input.points.append(point(90, in: [0]))
        input.objectives.rpo = .seconds(50 * 3600)
        #expect(ComplianceReport.make(input: input).recoveryPoint.compliance.outcome == .unknown)
        input.objectives.rpo = .seconds(9 * 3600)
        #expect(ComplianceReport.make(input: input).recoveryPoint.compliance.outcome == .missed)
        input.objectives = Objectives(drillEvery: .seconds(3600))
        #expect(ComplianceReport.make(input: input).proof.compliance.outcome == .unknown)
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
