import Model
import Policy
import Testing

@testable import Reports

@Suite("The report as people read it")
struct TextReportTests {
    @Test("everything that was promised holds")
    func allMet() throws {
        let report = Scene.healthy().report
        #expect(report.compliance.outcome == .met)
        try Golden.check(TextReport(report).text, "all-met")
    }

    @Test("a gap in the backups misses the recovery point objective, long after it was closed")
    func missedRecoveryPoint() throws {
        var scene = Scene.healthy()
        scene.spoilBackUps(from: Scene.now - .seconds(18 * 86_400), to: Scene.now - .seconds(16 * 86_400))
        let report = scene.report
        #expect(report.recoveryPoint.compliance.outcome == .missed)
        #expect(report.compliance.outcome == .missed)
        try Golden.check(TextReport(report).text, "missed-recovery-point")
    }

    @Test("without a drill the recovery time is unknown, not met")
    func neverDrilled() throws {
        var scene = Scene.healthy()
        scene.records.removeAll { if case .drill = $0.event { true } else { false } }
        let report = scene.report
        #expect(report.recoveryTime.compliance.outcome == .unknown)
        try Golden.check(TextReport(report).text, "never-drilled")
    }

    @Test("a failed drill misses, whatever the drills before it proved")
    func failedDrill() throws {
        var scene = Scene.healthy()
        scene.drill(at: Scene.now - .seconds(7200), seconds: 40) { run in
            run.verdict = .failed
            run.recoverySeconds = nil
            run.tables.proven = 10
            run.tables.mismatches = ["public.orders: 48,209 rows instead of 48,210", "public.lines: the rows differ"]
            run.catalog = DrillRun.CatalogScore(equal: 83, total: 84, differences: ["index public.orders_by_day"])
            run.checks.append(DrillRun.Check(name: "orders are recent", passed: false, detail: "the answer was false"))
        }
        let report = scene.report
        #expect(report.recoveryTime.compliance.outcome == .missed)
        #expect(report.proof.compliance.outcome == .missed)
        #expect(report.recoveryPoint.badPoints.count == 1, "rows differ: the point does not count any more")
        try Golden.check(TextReport(report).text, "failed-drill")
    }

    @Test("a drill that could not check everything is no pass")
    func unverifiedDrill() throws {
        var scene = Scene.healthy()
        scene.drill(at: Scene.now - .seconds(7200), seconds: 40) { run in
            run.verdict = .unverified
            run.tables.proven = 11
            run.notChecked = [
                Omission(object: "extension 'postgis'", reason: "is not installed on this machine"),
                Omission(object: "extension 'pg_cron'", reason: "needs a preloaded library"),
            ]
        }
        scene.expected = [Omission(object: "extension 'pg_cron'", reason: "scratch never calls out")]
        let report = scene.report
        #expect(report.compliance.outcome == .unknown)
        try Golden.check(TextReport(report).text, "unverified-drill")
    }

    @Test("without any point everything would be lost, and that is said")
    func noPoints() throws {
        var scene = Scene()
        for hours in [30, 18, 6] { scene.failBackUp(at: Scene.now - .seconds(hours * 3600)) }
        let report = scene.report
        #expect(report.compliance.outcome == .missed)
        try Golden.check(TextReport(report).text, "no-points")
    }

    @Test("a point found bad does not count from then on")
    func badPoint() throws {
        var scene = Scene.healthy()
        let newest = try #require(scene.points.last)
        let bad = BadPoint(point: newest.name, reason: "archive 3f… has another hash")
        let run = VerifyRun(points: [newest.name], bytesRead: 20_400_000, bad: [bad])
        scene.add(.verify(run), at: Scene.now - .seconds(3600), seconds: 12)
        let report = scene.report
        #expect(report.recoveryPoint.newest?.name != newest.name.description)
        let now = try #require(report.recoveryPoint.nowSeconds)
        let before = try #require(Scene.healthy().report.recoveryPoint.nowSeconds)
        #expect(now == before + 43_200)
        try Golden.check(TextReport(report).text, "bad-point")
    }

    @Test("after the first hour the report says from when on there is protection")
    func firstHour() throws {
        var scene = Scene()
        scene.backUp(at: Scene.now - .seconds(300), seconds: 4)
        scene.drill(at: Scene.now - .seconds(120), seconds: 6.4)
        let report = scene.report
        #expect(report.compliance.outcome == .met)
        #expect(report.recoveryPoint.unprotectedBeforeSeconds > 29 * 86_400)
        try Golden.check(TextReport(report).text, "first-hour")
    }

    @Test("what was not promised is neither met nor missed")
    func nothingPromised() throws {
        var scene = Scene.healthy()
        scene.objectives = Objectives()
        let report = scene.report
        #expect(report.compliance.outcome == .noTarget)
        try Golden.check(TextReport(report).text, "nothing-promised")
    }

    @Test("what a database's messages contain moves no cursor")
    func hostileText() {
        var scene = Scene.healthy()
        scene.failBackUp(at: Scene.now - .seconds(60), cause: "\u{1B}[2Jgone\u{202E}\ncompliance: met")
        let lines = TextReport(scene.report).lines
        #expect(!lines.contains { $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x202E } })
        #expect(lines.count { $0.hasPrefix("compliance: ") } == 1)
    }

    @Test("no line is wider than asked for", arguments: [50, 60, 80, 120])
    func width(_ width: Int) {
        var scene = Scene.healthy()
        scene.failBackUp(at: Scene.now - .seconds(60), cause: String(repeating: "x", count: 300))
        scene.drill(at: Scene.now - .seconds(7200), seconds: 4000) { run in
            run.verdict = .failed
            run.phases.append(Phase(name: String(repeating: "long ", count: 20), started: Scene.now, seconds: 1))
            run.tables.mismatches = (0..<30).map { "public.table_\($0) with a few more words about what differs in it" }
        }
        for line in TextReport(scene.report, width: width).lines { #expect(line.count <= width, "\(line)") }
    }
}
