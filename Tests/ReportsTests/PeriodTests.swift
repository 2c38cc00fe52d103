import Model
import Policy
import Testing

@testable import Reports

@Suite("The whole period in a report")
struct PeriodTests {
    @Test("every time beyond the target is counted, also those that a worse one hides")
    func breaches() {
        var scene = Scene.healthy()
        #expect(scene.report.recoveryPoint.breaches == 0)
        for days in [18, 9] {
            let end = Scene.now - .seconds(days * 86_400)
            scene.spoilBackUps(from: end - .seconds(2 * 86_400), to: end)
        }
        let facts = scene.report.recoveryPoint
        #expect(facts.breaches == 2)
        // Two times 60 h and a backup without a point, 24 h of them allowed.
        let seconds = facts.breachSeconds ?? 0
        let outside = (1 - (facts.insideShare ?? 1)) * Scene.month.inSeconds
        #expect(abs(seconds - outside) < 1 && seconds > 2 * 24 * 3600)
        #expect(TextReport(scene.report).text.contains("beyond target    2 times, "))
    }

    @Test("a report is headed by the part of the period that it judges, and nothing is due before the first point")
    func young() {
        var scene = Scene()
        scene.objectives.drillEvery = Scene.day
        scene.backUp(at: Scene.now - .seconds(300), seconds: 4)
        let report = scene.report
        #expect(report.proof.drills.due == 0)
        #expect(report.recoveryPoint.protectedShare.map { $0 < 0.001 } == true)
        let text = TextReport(report).text
        #expect(text.contains("Recovery point     target 24 h, judged in under 0.1 % of the period "))
        for line in TextReport(report, width: 50).lines { #expect(line.count <= 50, "\(line)") }
        #expect(!TextReport(Scene.healthy().report).text.contains("judged in"))
    }

    @Test("a verification of several repositories is one, and what a drill notes of a damaged copy is none")
    func verifications() {
        var input = Scene.healthy().input
        input.origins = input.records.map { _ in 0 }
        func verify(_ hours: Int, _ repository: Int, _ points: [PointName]) {
            input.records.append(
                RunRecord(
                    tool: "t",
                    plan: Scene.plan,
                    host: "h",
                    started: Scene.now - .seconds(hours * 3600),
                    finished: Scene.now - .seconds(hours * 3600 - 60),
                    event: .verify(VerifyRun(points: points, bytesRead: 0, bad: []))
                )
            )
            input.origins.append(repository)
        }
        let points = [input.points[9].name]
        for (hours, repository) in [(50, 0), (49, 1), (26, 0), (25, 1)] { verify(hours, repository, points) }
        verify(3, 0, [])
        let runs = ComplianceReport.make(input: input).runs
        #expect(runs.verifications == 2 && runs.lastVerified == Scene.now - .seconds(25 * 3600 - 60))
    }

    @Test("failed and partial backups and failed drills are listed, the last ones first, the rest is counted")
    func failures() {
        var scene = Scene.healthy()
        for hours in 1...9 { scene.failBackUp(at: Scene.now - .seconds(hours * 3600 + 60)) }
        let partial = BackupRun(
            point: scene.points[9].name,
            recoveryInstant: nil,
            totals: nil,
            phases: [],
            failure: nil,
            missed: ["far"]
        )
        scene.add(.backup(partial), at: Scene.now - .seconds(1800), seconds: 3)
        scene.drill(at: Scene.now - .seconds(900), seconds: 5) { run in
            run.verdict = .failed
            run.failure = Failure(code: "object-corrupt", summary: "an archive is damaged", cause: "another hash")
        }
        scene.drill(at: Scene.now - .seconds(40 * 86_400), seconds: 5) { $0.verdict = .failed }
        let failures = scene.report.runs.failures
        #expect(failures.last.count == 10 && failures.earlier == 1)
        #expect(failures.last[0].event == .drill && failures.last[0].reason == "an archive is damaged: another hash")
        #expect(failures.last[1].reason == "it did not reach far")
        #expect(failures.last[2].reason.hasSuffix("connection refused"))
        let text = TextReport(scene.report, width: 200).text
        #expect(text.contains("drill shop/") && text.contains("and 1 before these"))
    }

    @Test("targets that are not the plan's own are named")
    func typedTargets() {
        var input = Scene.healthy().input
        input.typedTargets = [
            TypedTarget(name: "rto", typed: .seconds(3600), plan: .seconds(1800)),
            TypedTarget(name: "rpo", typed: .seconds(86_400), plan: nil),
        ]
        let text = TextReport(ComplianceReport.make(input: input), width: 120).text
        #expect(
            text.contains("targets typed for this report, not the plan's own: rto 1 h (the plan: 30 min), rpo 24 h\n")
        )
    }

    @Test("a point of the future is named, and protects no more than one of now")
    func future() {
        var scene = Scene.healthy()
        let last = scene.points.count - 1
        scene.points[last].recoveryInstant = Scene.now + .seconds(86_400)
        let report = scene.report
        #expect(report.recoveryPoint.futurePoints == [scene.points[last].name.description])
        #expect(report.recoveryPoint.nowSeconds.map { $0 > 0 } == true)
        #expect(TextReport(report, width: 120).text.contains("it is dated in the future, a clock was wrong"))
    }

    @Test("who made the newest point and ran the last drill is told")
    func makers() {
        let report = Scene.healthy().report
        #expect(report.recoveryPoint.newest?.host == "db1" && report.recoveryPoint.newest?.tool == "lifeboat 1")
        #expect(report.recoveryTime.lastDrill?.host == "db1")
    }

    @Test("a tolerable downtime that nobody promised is not reported against")
    func noDowntime() {
        var scene = Scene.healthy()
        scene.objectives.mtd = nil
        #expect(!TextReport(scene.report).text.contains("Downtime"))
        #expect(scene.report.downtime.compliance.outcome == .noTarget)
    }

    @Test("a period that is over looks as it did then, whatever was pruned, found or backed up since")
    func until() {
        var scene = Scene.healthy()
        let end = Scene.now - .seconds(5 * 86_400)
        var then = scene.input
        (then.to, then.now, then.from) = (end, end, end - Scene.month)
        (then.points, then.records) = (
            scene.points.filter { $0.committedAt <= end }, scene.records.filter { $0.finished <= end }
        )
        let expected = ComplianceReport.make(input: then)

        let removed = scene.points[10..<40].map { PreviousPoint(point: $0.name, sha256: "00") }
        scene.points.removeSubrange(10..<40)
        scene.add(
            .prune(PruneRun(removedPoints: removed, removedArchives: 1, freedBytes: 1)),
            at: Scene.now - Scene.day,
            seconds: 1
        )
        scene.points[9].badSince = Scene.now - .seconds(60)
        let bad = BadPoint(point: scene.points[5].name, reason: "flipped")
        scene.add(.verify(VerifyRun(points: [], bytesRead: 0, bad: [bad])), at: Scene.now - Scene.day, seconds: 1)
        var input = scene.input
        (input.to, input.from) = (end, end - Scene.month)
        let report = ComplianceReport.make(input: input)
        #expect(report.recoveryPoint == expected.recoveryPoint)
        #expect(report.recoveryTime == expected.recoveryTime)
        #expect(report.proof == expected.proof && report.copies == expected.copies)
        #expect(report.runs == expected.runs && report.evidence == expected.evidence)
    }
}
