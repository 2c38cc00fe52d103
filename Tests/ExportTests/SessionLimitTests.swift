import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("Where the server grants few sessions", .serialized)
struct SessionLimitTests {
    /// Runs full backups until one says `words`, five at most.
    ///
    /// On a loaded machine a worker may ask when another has done everything and left: then there is room for it too.
    private func someRunSays(_ words: Regex<Substring>, _ backup: () throws -> ExportOutcome) throws -> Bool {
        for _ in 0..<5 where try backup().report.notices.contains(where: { $0.contains(words) }) { return true }
        return false
    }

    @Test("a role's limit means fewer workers, down to none, and it is said", arguments: [(2, 0), (4, 2)])
    func roleLimit(limit: Int, granted: Int) throws {
        try withScene(sql: shopSQL + fourRangesSQL) { scene in
            let role = "limited_\(scene.source.database)"
            try scene.sql("CREATE ROLE \(role) LOGIN CONNECTION LIMIT \(limit); GRANT pg_read_all_data TO \(role)")
            defer { try? scene.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
            let source = try scene.source.with("user", role)
            let threeWorkers = { (plan: inout ExportPlan) in
                plan.source = source
                plan.workerCount = 3
                plan.rangeBytes = 1_300_000
            }
            let outcome = try scene.backup(after: 1, threeWorkers)
            #expect(
                try scene.rows(of: "orders", in: outcome.point.manifest).sorted()
                    == scene.liveRows(of: "orders").sorted()
            )
            let words = try Regex<Substring>("^the server granted only \(granted) of 3 sessions for copying$")
            let isSaid = try someRunSays(words) {
                try scene.backup(after: 1) { plan in
                    threeWorkers(&plan)
                    plan.isFull = true
                }
            }
            #expect(isSaid)
            // And what was read alone is as good a base as any.
            #expect(try scene.backup(after: 1, threeWorkers).report.totals.rangesRead == 0)
        }
    }

    @Test("a limit of one session is an error that says so")
    func oneSession() throws {
        try withScene(sql: shopSQL) { scene in
            let role = "single_\(scene.source.database)"
            try scene.sql("CREATE ROLE \(role) LOGIN CONNECTION LIMIT 1; GRANT pg_read_all_data TO \(role)")
            defer { try? scene.sql("DROP OWNED BY \(role); DROP ROLE \(role)") }
            let source = try scene.source.with("user", role)
            let refused = try diagnostic { try scene.backup { $0.source = source } }
            #expect(refused.code == .databaseUnreachable)
            #expect(refused.cause?.contains("too many connections for role") == true, "\(refused)")
            #expect(refused.hint?.contains("a backup needs two") == true, "\(refused)")
        }
    }

    @Test("a server that is nearly full means fewer workers, and it is said")
    func serverNearlyFull() throws {
        try withScratchFolder { folder in
            let cluster = try HistoryCluster(
                ["max_connections = 8", "superuser_reserved_connections = 2"],
                in: folder
            )
            let scene = try ExportScene(try cluster.settings, in: folder)
            try scene.sql("CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader")
            try scene.sql(fourRangesSQL)
            let source = try scene.source.with("user", "reader")
            let others = try (0..<3).map { _ in try Connection(source) }
            let isSaid = try someRunSays(/the server granted only [123] of 4 sessions for copying/) {
                let outcome = try scene.backup {
                    $0.source = source
                    $0.workerCount = 4
                    $0.rangeBytes = 1_300_000
                    $0.isFull = true
                }
                #expect(outcome.report.totals.rows == 15000)
                return outcome
            }
            #expect(isSaid)
            #expect(others.count == 3)
        }
    }
}
