import Model
import Policy
import Testing

@testable import Reports

@Suite("Verdicts of a report")
struct ComplianceTests {
    @Test("nothing is met while a fact it needs is missing", arguments: 0..<400)
    func nothingIsAssumed(seed: UInt64) {
        var random = SeededGenerator(seed: seed + 1)
        let scene = randomScene(&random)
        let report = scene.report
        let good = report.recoveryPoint.newest != nil
        let proven = scene.records.contains { record in
            guard case .drill(let run) = record.event else { return false }
            return run.verdict == .proven && run.target == scene.target && run.recoverySeconds != nil
        }
        if !good {
            #expect(report.recoveryPoint.compliance.outcome != .met)
            #expect(report.copies.compliance.outcome != .met)
            #expect(report.recoveryPoint.nowSeconds == nil)
        }
        if !proven {
            #expect(report.recoveryTime.compliance.outcome != .met)
            #expect(report.downtime.compliance.outcome != .met)
        }
        if report.proof.drills.proven == 0, report.proof.lastDrill == nil {
            #expect(report.proof.compliance.outcome != .met)
        }
        if let last = report.proof.lastDrill, last.verdict != .proven {
            #expect(report.proof.compliance.outcome != .met)
            #expect(report.compliance.outcome != .met)
        }
        checkOverall(report)
        checkPromises(report, scene.objectives)
    }

    private func checkOverall(_ report: ComplianceReport) {
        let parts = [
            report.recoveryPoint.compliance, report.recoveryTime.compliance, report.downtime.compliance,
            report.proof.compliance, report.copies.compliance,
        ]
        switch report.compliance.outcome {
        case .met:
            #expect(parts.allSatisfy { $0.outcome == .met || $0.outcome == .noTarget })
            #expect(parts.contains { $0.outcome == .met })
        case .missed: #expect(parts.contains { $0.outcome == .missed })
        case .unknown: #expect(!parts.contains { $0.outcome == .missed })
        case .noTarget: #expect(parts.allSatisfy { $0.outcome == .noTarget })
        }
        for part in parts + [report.compliance] {
            let needsReason = part.outcome == .missed || part.outcome == .unknown
            #expect(part.reasons.isEmpty != needsReason, "\(part)")
        }
    }

    private func checkPromises(_ report: ComplianceReport, _ objectives: Objectives) {
        #expect((report.recoveryPoint.compliance.outcome == .noTarget) == (objectives.rpo == nil))
        #expect((report.recoveryTime.compliance.outcome == .noTarget) == (objectives.rto == nil))
        #expect((report.downtime.compliance.outcome == .noTarget) == (objectives.mtd == nil))
        #expect((report.copies.compliance.outcome == .noTarget) == (objectives.copies == nil))
        if objectives.drillEvery != nil { #expect(report.proof.compliance.outcome != .noTarget) }
    }

    private func randomScene(_ random: inout SeededGenerator) -> Scene {
        var scene = Scene()
        let all = Scene.promises
        scene.objectives = Objectives(
            rto: Bool.random(using: &random) ? all.rto : nil,
            rpo: Bool.random(using: &random) ? all.rpo : nil,
            mtd: Bool.random(using: &random) ? all.mtd : nil,
            drillEvery: Bool.random(using: &random) ? all.drillEvery : nil,
            copies: Bool.random(using: &random) ? 2 : nil
        )
        scene.target = DrillRun.TargetClass.allCases.randomElement(using: &random) ?? .ephemeral
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            scene.backUp(at: Scene.now - .seconds(Int.random(in: 300...3_000_000, using: &random)))
        }
        for index in scene.points.indices {
            if Int.random(in: 0..<3, using: &random) == 0 { scene.points[index].badSince = Scene.now - .seconds(60) }
            scene.points[index].copies = Int.random(in: 1...2, using: &random)
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let verdict = [DrillRun.Verdict.proven, .failed, .unverified].randomElement(using: &random) ?? .failed
            let target = DrillRun.TargetClass.allCases.randomElement(using: &random) ?? .server
            let seconds = Double.random(in: 1...8000, using: &random)
            let declared = Scene.now - .seconds(Int.random(in: 9000...4_000_000, using: &random))
            scene.drill(at: declared, seconds: seconds, on: target) { $0.verdict = verdict }
        }
        return scene
    }

    @Test("a recovery time is judged on the class of target that the plan names")
    func targetClass() {
        var scene = Scene.healthy()
        scene.target = .server
        let report = scene.report
        #expect(report.recoveryTime.compliance.reasons == ["no drill has run on this class of target yet (server)"])
        #expect(report.proof.compliance.outcome == .met)
    }

    @Test("what a drill met long ago is not known any more, unless the promised rhythm still covers it")
    func ancientDrill() {
        var scene = Scene.healthy()
        scene.records.removeAll { if case .drill = $0.event { true } else { false } }
        scene.drill(at: Scene.now - .seconds(40 * 86_400), seconds: 40)
        scene.objectives.drillEvery = nil
        #expect(scene.report.recoveryTime.compliance.outcome == .unknown)
        #expect(scene.report.downtime.compliance.outcome == .unknown)
        #expect(scene.report.recoveryTime.compliance.reasons.first?.contains("lies before the period") == true)
        scene.objectives.drillEvery = .seconds(90 * 86_400)
        #expect(scene.report.recoveryTime.compliance.outcome == .met)
        // A miss stays one.
        scene.objectives.drillEvery = nil
        scene.objectives.rto = .seconds(30)
        #expect(scene.report.recoveryTime.compliance.outcome == .missed)
    }

    @Test("the allowance for the decision counts against the recovery time")
    func allowance() {
        var scene = Scene.healthy()
        scene.objectives.rto = .seconds(900)
        #expect(scene.report.recoveryTime.compliance.outcome == .missed)
        scene.objectives.decisionAllowance = nil
        #expect(scene.report.recoveryTime.compliance.outcome == .met)
    }

    @Test("work after the recovery counts against the tolerable downtime")
    func tolerableDowntime() throws {
        var scene = Scene.healthy()
        scene.objectives.mtd = .seconds(3600)
        #expect(scene.report.downtime.compliance.outcome == .met)
        scene.objectives.workRecovery = .seconds(3600)
        #expect(scene.report.downtime.compliance.outcome == .missed)
        let outage = try #require(scene.report.downtime.outageSeconds)
        #expect(abs(outage - 4541) < 0.001)
    }

    @Test("a drill that is late misses its rhythm, and an unverified one does not reset it")
    func lateDrill() {
        var scene = Scene.healthy()
        scene.objectives.drillEvery = .seconds(86_400 / 2)
        #expect(scene.report.proof.compliance.outcome == .missed)
        #expect(scene.report.proof.lateBySeconds != nil)
        scene.drill(at: Scene.now - .seconds(3600), seconds: 40) { $0.verdict = .unverified }
        #expect(scene.report.proof.compliance.outcome == .missed)
        scene.drill(at: Scene.now - .seconds(1800), seconds: 40)
        let report = scene.report
        #expect(report.proof.lateBySeconds == nil)
        #expect(report.proof.compliance.outcome == .missed, "it was late in the period")
        #expect(report.proof.longestGapSeconds.map { $0 > 6 * 86_400 } == true)
        #expect(TextReport(report).text.contains("without a proven drill, from"))
    }

    private func drillOldPoint(of scene: inout Scene, ago: Duration) {
        let point = scene.points[3]
        scene.drill(at: Scene.now - ago, seconds: 5) { run in
            run.point = point.name
            run.recoveryInstant = point.recoveryInstant
        }
    }

    @Test("a drill of an old or a small point judges no recovery time, keeps no rhythm and hides no failure")
    func irrelevantDrill() throws {
        var scene = Scene.healthy()
        scene.objectives.rto = .seconds(930)
        drillOldPoint(of: &scene, ago: .seconds(7200))
        let report = scene.report
        #expect(report.recoveryTime.compliance.outcome == .missed)
        #expect(report.recoveryTime.lastDrill?.notCounted?.contains("newer points existed then") == true)
        #expect(report.recoveryTime.lastProven?.recoverySeconds == 41)
        #expect(report.recoveryTime.drills == 6 && report.recoveryTime.notCountedDrills == 1)
        #expect(report.proof.dueAt == Scene.healthy().report.proof.dueAt)
        #expect(TextReport(report).text.contains("it does not count: "))
        // A failed drill of the newest stays the last word.
        scene = Scene.healthy()
        scene.drill(at: Scene.now - .seconds(7200), seconds: 5) { $0.verdict = .failed }
        drillOldPoint(of: &scene, ago: .seconds(3600))
        #expect(scene.report.proof.compliance.outcome == .missed)
        // Where every drill was of an old point, nothing is known.
        scene = Scene.healthy()
        scene.records.removeAll { if case .drill = $0.event { true } else { false } }
        drillOldPoint(of: &scene, ago: .seconds(7200))
        #expect(scene.report.recoveryTime.compliance.outcome == .unknown)
        #expect(scene.report.recoveryTime.compliance.reasons.first?.contains("no drill of a recent point") == true)
    }

    @Test("points that retention removed still count for the time they existed")
    func prunedPoints() {
        var scene = Scene.healthy()
        let before = scene.report.recoveryPoint
        let removed = scene.points.dropLast(4).map { PreviousPoint(point: $0.name, sha256: "00") }
        scene.points.removeFirst(removed.count)
        let run = PruneRun(removedPoints: removed, removedArchives: 1, freedBytes: 1)
        scene.add(.prune(run), at: Scene.now - .seconds(60), seconds: 1)
        let after = scene.report.recoveryPoint
        #expect(after.worstSeconds == before.worstSeconds)
        #expect(after.insideShare == before.insideShare)
        #expect(after.compliance.outcome == .met)
        #expect(after.missingPoints.isEmpty)
    }

    @Test("a point that is gone without a prune is named and protects nobody now")
    func vanishedPoint() throws {
        var scene = Scene.healthy()
        let newest = try #require(scene.points.last)
        scene.points.removeLast()
        let report = scene.report.recoveryPoint
        #expect(report.missingPoints == [newest.name.description])
        #expect(report.newest?.name == scene.points.last?.name.description)
        let now = try #require(report.nowSeconds)
        #expect(now > 43_200)
    }

    @Test("what has not happened yet is not counted")
    func future() {
        var scene = Scene.healthy()
        scene.backUp(at: Scene.now + .seconds(60))
        scene.drill(at: Scene.now + .seconds(600), seconds: 9000)
        let report = scene.report
        let healthy = Scene.healthy().report
        #expect(report.recoveryPoint.newest == healthy.recoveryPoint.newest)
        #expect(report.recoveryPoint.nowSeconds == healthy.recoveryPoint.nowSeconds)
        #expect(report.recoveryPoint.points == healthy.recoveryPoint.points)
        #expect(report.recoveryPoint.futurePoints.count == 1 && healthy.recoveryPoint.futurePoints.isEmpty)
        #expect(report.recoveryTime == healthy.recoveryTime && report.copies == healthy.copies)
    }

    @Test("growing recovery times name the day on which they cross the target")
    func forecast() throws {
        var scene = Scene.healthy()
        scene.records.removeAll { if case .drill = $0.event { true } else { false } }
        // 100 s more every week, 1000 s at last: the room of 2700 s is used up 17 weeks later.
        for week in 0..<4 {
            scene.drill(
                at: Scene.now - .seconds((3 - week) * 7 * 86_400 + 3600),
                seconds: Double(700 + week * 100)
            )
        }
        let forecast = try #require(scene.report.recoveryTime.forecast)
        let expected = Scene.now + .seconds(17 * 7 * 86_400 - 3600)
        #expect(abs((forecast.crossesAt - expected).inSeconds) < 60)
    }

    @Test("a schedule that cannot keep the promise is said to")
    func schedule() {
        var scene = Scene.healthy()
        scene.schedule = ReportSchedule(longestGap: .seconds(86_400))
        #expect(scene.report.recoveryPoint.schedule?.fitsTarget == false)
        #expect(TextReport(scene.report).text.contains("cannot keep the target"))
    }

    @Test("100 % is said only when nothing is missing")
    func shares() {
        #expect(percent(1) == "100 %")
        #expect(percent(0.99999) == "99.9 %")
        #expect(percent(0.0001) == "under 0.1 %")
        #expect(percent(0) == "0 %")
        #expect(percent(0.7) == "70 %" && percent(0.0286) == "2.9 %" && percent(0.9995) == "99.9 %")
        #expect(grouped(1_234_567) == "1,234,567")
        #expect(grouped(12) == "12")
    }
}
