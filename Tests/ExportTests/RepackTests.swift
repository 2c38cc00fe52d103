import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("Archives that are mostly dead", .serialized)
struct RepackTests {
    private static let noiseSQL = """
        CREATE TABLE noise AS
            SELECT id, md5(id::text) || md5((id + 1)::text) AS text FROM generate_series(1, 30000) AS id
        """

    @Test("are read again once marked, and their space comes back while every point stays restorable")
    func spaceComesBack() throws {
        try withScene(sql: Self.noiseSQL) { scene in
            let repository = scene.repository
            let first = try scene.backup { $0.workerCount = 1 }.point
            try scene.sql("UPDATE noise SET text = md5(text) || md5(text || 'x') WHERE id <= 24000")
            let second = try scene.backup { $0.workerCount = 1 }.point
            let shared = Set(second.manifest.archives.map(\.id)).intersection(first.manifest.archives.map(\.id))
            #expect(!shared.isEmpty)
            // As long as the first point is kept, what it uses is alive.
            #expect(try repository.planPrune([]).repack.candidates.isEmpty)
            _ = try prune([first.name], in: repository)

            let plan = try repository.planPrune([]).repack
            #expect(Set(plan.candidates.map(\.archive)) == shared)
            #expect(plan.liveBytes * 2 < plan.bytes)
            #expect(try repository.repack(plan).count == shared.count)
            let before = try bytes(in: repository)

            let outcome = try scene.backup { $0.workerCount = 1 }
            #expect(Set(outcome.report.reads.keys) == [.repack])
            #expect(outcome.report.totals.bytesStored < plan.bytes)
            #expect(shared.isDisjoint(with: outcome.point.manifest.archives.map(\.id)))
            #expect(try repository.verify([second.name, outcome.point.name], stop: Stop()).bad.isEmpty)
            _ = try prune([second.name], in: repository)
            #expect(try bytes(in: repository) < before - plan.bytes + plan.liveBytes * 2)
            #expect(try shared.isDisjoint(with: repository.listArchives().map(\.id)))
            #expect(
                try scene.rows(of: "noise", in: outcome.point.manifest).sorted() == scene.liveRows(of: "noise").sorted()
            )
            // And the mark costs nothing any more.
            #expect(try scene.backup().report.totals.rangesRead == 0)
        }
    }

    private func bytes(in repository: Repository) throws -> Int64 {
        try repository.listArchives().reduce(0) { $0 + $1.bytes }
    }

    private func prune(_ points: [PointName], in repository: Repository) throws -> PruneRun {
        let decisions = points.map { PruneDecision(point: $0, isKept: false, reasons: []) }
        let plan = try repository.planPrune(decisions, options: PruneOptions(skipsWait: true))
        return try repository.prune(plan, tool: "test", now: .now)
    }
}
