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
    }
}
