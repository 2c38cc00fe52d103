import AgeEncryption
import Diagnostics
import Model
import Repository
import Streams
import TestSupport
import Testing

@testable import Export

@Suite("One run into several repositories", .serialized)
struct SeveralRepositoriesTests {
    @Test("reads the database once and leaves each repository complete on its own")
    func together() throws {
        try withScene(sql: shopSQL) { scene in
            let second = try scene.another("second")
            let progress = ExportProgress()
            let results = scene.runTogether(with: [second], scene.nextPlan(), progress: progress)
            let manifests = try results.map { try $0.get().point.manifest }
            #expect(progress.rows == manifests[0].tables.reduce(0) { $0 + $1.proof.rows })
            #expect(manifests[0].snapshot == manifests[1].snapshot)
            #expect(manifests[0].tables.map(\.proof) == manifests[1].tables.map(\.proof))
            // The same recipients, hence the same encrypted bytes: either can mend the other.
            #expect(manifests[0].archives == manifests[1].archives)
            for (place, manifest) in zip([scene, second], manifests) { try expectLiveRows(manifest, in: place) }

            let later = try scene.runTogether(with: [second], scene.nextPlan()).map { try $0.get() }
            #expect(later.map(\.report.totals.rangesRead) == [0, 0])
            for (outcome, (place, first)) in zip(later, zip([scene, second], results)) {
                #expect(outcome.point.manifest.previous == (try first.get().point.asPrevious))
                #expect(try place.repository.verifyChain(plan: ExportScene.plan).isEmpty)
            }
            #expect(try first(later).sha256 != second.repository.newestPoint(plan: ExportScene.plan)?.sha256)
        }
    }

    private func first(_ outcomes: [ExportOutcome]) throws -> StoredPoint { try #require(outcomes.first).point }

    @Test("one that missed a run catches up by its own window, and only it reads what it missed")
    func catchingUp() throws {
        try withScene(sql: shopSQL) { scene in
            var plug: BreakableStore?
            let second = try scene.another("second") { inner in
                let store = BreakableStore(inner)
                plug = store
                return store
            }
            _ = try scene.runTogether(with: [second], scene.nextPlan()).map { try $0.get() }
            try scene.sql("UPDATE orders SET note = 'second run' WHERE id % 5000 = 0")
            plug?.breakAt(1)
            let broken = scene.runTogether(with: [second], scene.nextPlan())
            _ = try broken[0].get()
            #expect(throws: Diagnostic.self) { try broken[1].get() }
            plug?.mend()

            try scene.sql("UPDATE customers SET name = 'third run' WHERE id = 2")
            let progress = ExportProgress()
            let caught = try scene.runTogether(with: [second], scene.nextPlan(), progress: progress).map {
                try $0.get()
            }
            #expect(caught[0].report.totals.rangesRead == 1)
            #expect(caught[1].report.totals.rangesRead > 1)
            #expect(caught[1].report.reads.keys.map(\.self) == [.rowsChanged])
            #expect(progress.ranges - progress.reusedRanges == caught[1].report.totals.rangesRead)
            for (place, outcome) in zip([scene, second], caught) {
                try expectLiveRows(outcome.point.manifest, in: place)
                #expect(try place.repository.verify([outcome.point.name], stop: Stop()).bad.isEmpty)
            }
            // And in step again.
            let later = try scene.runTogether(with: [second], scene.nextPlan()).map { try $0.get() }
            #expect(later.map(\.report.totals.rangesRead) == [0, 0])
        }
    }

    @Test("a repository that joins later gets everything, the other only what changed")
    func joining() throws {
        try withScene(sql: shopSQL) { scene in
            try scene.backup()
            let second = try scene.another("second")
            let outcomes = try scene.runTogether(with: [second], scene.nextPlan()).map { try $0.get() }
            #expect(outcomes[0].report.totals.rangesRead == 0)
            #expect(outcomes[1].report.totals.rangesReused == 0)
            for (place, outcome) in zip([scene, second], outcomes) {
                try expectLiveRows(outcome.point.manifest, in: place)
            }
        }
    }

    @Test("other recipients get archives of their own")
    func otherRecipients() throws {
        try withScene(sql: shopSQL) { scene in
            try withScratchFolder { folder in
                let other = try ExportScene(scene.source, in: folder)
                let outcomes = try scene.runTogether(with: [other], scene.nextPlan()).map { try $0.get() }
                let ids = outcomes.map { Set($0.point.manifest.archives.map(\.id)) }
                #expect(ids[0].isDisjoint(with: ids[1]))
                for (place, outcome) in zip([scene, other], outcomes) {
                    try expectLiveRows(outcome.point.manifest, in: place)
                }
            }
        }
    }

    @Test("one that breaks at any operation loses its own point only, and the next run needs no repair")
    func breaking() throws {
        let sql =
            "CREATE TABLE orders (id int, note text);"
            + " INSERT INTO orders SELECT i, repeat('x', 80) FROM generate_series(1, 3000) AS i"
        try withScene(sql: sql) { scene in
            var plug: BreakableStore?
            let second = try scene.another("second") { inner in
                let store = BreakableStore(inner)
                plug = store
                return store
            }
            let store = try #require(plug)
            // The second run has a base, as those to come.
            for _ in 1...2 {
                store.mend()
                try scene.sql("UPDATE orders SET note = 'x' WHERE id % 1000 = 0")
                _ = try scene.runTogether(with: [second], scene.nextPlan()).map { try $0.get() }
            }
            let operations = store.operations
            try #require(operations > 20)
            var (lost, kept) = (0, 0)
            for operation in 1...operations {
                try scene.sql("UPDATE orders SET note = '\(operation)' WHERE id % 1000 = \(operation)")
                store.breakAt(operation)
                let results = scene.runTogether(with: [second], scene.nextPlan())
                _ = try results[0].get()
                switch results[1] {
                case .success: kept += 1
                case .failure(let error):
                    lost += 1
                    #expect(error is Diagnostic, "\(error)")
                }
                store.mend()
                // This process lives on, so its lost sessions would count as live, and each makes the next run longer.
                for session in try store.list("sessions") { try store.remove(session.key) }
            }
            #expect(lost > 10)
            // After the commit only the record and the session are left to fail.
            #expect(kept > 0)
            let outcomes = try scene.runTogether(with: [second], scene.nextPlan()).map { try $0.get() }
            for (place, outcome) in zip([scene, second], outcomes) {
                try expectOrders(outcome.point.manifest, in: place)
                let all = try place.repository.listPoints(plan: ExportScene.plan).map(\.name)
                #expect(try place.repository.verify(all, stop: Stop()).bad.isEmpty)
            }
        }
    }

    @Test("a slot that another run has committed in the first repository is committed nowhere")
    func takenSlot() throws {
        try withScene(sql: shopSQL) { scene in
            let second = try scene.another("second")
            let plan = scene.nextPlan()
            try scene.run(plan)
            let results = scene.runTogether(with: [second], plan)
            for result in results {
                let error = try diagnostic { _ = try result.get() }
                #expect(error.code == .objectExists)
            }
            #expect(try second.repository.listPoints().isEmpty)
            #expect(try second.repository.listArchives().isEmpty)
        }
    }

    @Test("an end that is asked for between two commits leaves the point where it is, and says where not")
    func stoppedBetweenCommits() throws {
        try withScene(sql: shopSQL) { scene in
            let stop = Stop()
            let first = try scene.another("first") { inner in
                let store = BreakableStore(inner)
                store.whenPointIsWritten { stop.request() }
                return store
            }
            let results = first.runTogether(with: [scene], scene.nextPlan(), stop: stop)
            let point = try results[0].get().point
            #expect(throws: Stopped.self) { try results[1].get() }
            #expect(try first.repository.verify([point.name], stop: Stop()).bad.isEmpty)
            #expect(try scene.repository.listPoints().isEmpty)
            #expect(try scene.repository.listArchives().isEmpty)
        }
    }

    @Test("nobody within reach is an error for each, and the database is left alone")
    func nobody() throws {
        try withScene(sql: shopSQL) { scene in
            var plugs: [BreakableStore] = []
            let others = try ["a", "b"].map { name in
                try scene.another(name) { inner in
                    plugs.append(BreakableStore(inner))
                    return plugs[plugs.count - 1]
                }
            }
            for plug in plugs { plug.breakAt(1) }
            let results = others[0].runTogether(with: [others[1]], scene.nextPlan())
            for result in results {
                #expect(try diagnostic { _ = try result.get() }.summary == "the plug was pulled")
            }
        }
    }

    @Test("what two bases remember differently is read, and doubted everywhere")
    func disagreement() {
        let range = Self.range(rows: 10)
        var other = range
        other.proof = RowProof(rows: 10, sum: 2)
        let scan = WindowedScan(
            fingerprint: RangeFingerprint(rows: 10, first: 1, second: 2, permanent: 0),
            inWindows: [0, 0]
        )
        let windows = ScanWindows([.init(low: 5, high: 9), .init(low: 3, high: 9)])
        let agreed = RangeDecisions(
            [.candidate(range, isDue: false), .candidate(range, isDue: false)],
            scan,
            windows
        )
        #expect(agreed.decisions == [.takeOver(range), .takeOver(range)])
        #expect(agreed.contradiction == nil)
        let doubted = RangeDecisions([.candidate(range, isDue: false), .candidate(other, isDue: false)], scan, windows)
        #expect(doubted.decisions == [.read(.violation), .read(.violation)])
        #expect(doubted.contradiction != nil)
    }

    @Test("each base looks through its own window of one scan")
    func windows() {
        let shared = FingerprintScan.Window(low: 5, high: 9)
        let windows = ScanWindows([shared, nil, .init(low: 3, high: 9), shared])
        #expect(windows.distinct.count == 2)
        #expect(windows.positions == [0, nil, 1, 0])
        let range = Self.range(rows: 10)
        let scan = WindowedScan(
            fingerprint: RangeFingerprint(rows: 10, first: 1, second: 2, permanent: 0),
            inWindows: [0, 4]
        )
        let candidate = ReuseBasis.Prospect.candidate(range, isDue: false)
        let decided = RangeDecisions([candidate, .read(.noBase), candidate, .settled], scan, windows)
        #expect(decided.decisions == [.takeOver(range), .read(.noBase), .read(.rowsChanged), .settled])
    }

    private static func range(rows: Int64) -> TableRange {
        guard let id = ArchiveID(String(repeating: "0", count: 32)) else { preconditionFailure("32 digits") }
        return TableRange(
            blocks: .all,
            proof: RowProof(rows: rows, sum: 1),
            textBytes: 100,
            location: ArchiveLocation(archive: id, offset: 0, length: 1, members: 1, sha256: ""),
            fingerprint: RangeFingerprint(rows: rows, first: 1, second: 2, permanent: 0),
            readIn: Slot(Instant(secondsSinceEpoch: 0))
        )
    }

    private func expectLiveRows(_ manifest: Manifest, in scene: ExportScene) throws {
        for table in ["orders", "customers", "documents"] {
            #expect(try scene.rows(of: table, in: manifest).sorted() == scene.liveRows(of: table).sorted())
        }
    }

    private func expectOrders(_ manifest: Manifest, in scene: ExportScene) throws {
        #expect(try scene.rows(of: "orders", in: manifest).sorted() == scene.liveRows(of: "orders").sorted())
    }
}
