import Export
import Model
import Repository
import TestSupport
import Testing

@Suite("A clock that is behind")
struct SlowClockTests {
    @Test("the point is named after the one before it, so that the latest is the latest, and the run says so")
    func behind() throws {
        try withDatabase(sql: "CREATE TABLE t (a int); INSERT INTO t VALUES (1)") { settings in
            try withScratchFolder { folder in
                let scene = try ExportScene(settings, in: folder)
                let first = try scene.backup(after: 10)
                let late = scene.nextPlan(after: -5)
                let second = try scene.run(late)
                #expect(second.point.name.slot.instant == first.point.name.slot.instant + .milliseconds(1))
                #expect(second.report.notices.contains { $0.contains("clock says") })
                #expect(try scene.repository.find("latest", plan: ExportScene.plan).name == second.point.name)
                let third = try scene.backup(after: 10)
                #expect(!third.report.notices.contains { $0.contains("clock says") })
            }
        }
    }
}
