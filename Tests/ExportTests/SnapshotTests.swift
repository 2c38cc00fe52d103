import Diagnostics
import Glibc
import Model
import PostgresClient
import Streams
import TestSupport
import Testing

@testable import Export

@Suite("Locks and snapshot", .serialized)
struct SnapshotTests {
    @Test(
        "a table that was truncated or rewritten after the snapshot is noticed",
        arguments: [
            "TRUNCATE orders", "ALTER TABLE orders ALTER total TYPE text", "CLUSTER orders USING orders_pkey",
        ]
    )
    func rewritten(change: String) throws {
        try withScene(sql: shopSQL) { scene in
            let reader = try Connection(scene.source)
            try reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
            let listing = try RelationListing(from: reader, excluding: [])
            try SnapshotCheck(reader).requireOriginalFiles(of: listing.relations)
            try scene.sql(change)
            #expect(throws: SnapshotRace.self) {
                try SnapshotCheck(reader).requireOriginalFiles(of: listing.relations)
            }
        }
    }

    @Test("every table under the snapshot is locked, while others create, drop and rename tables")
    func churn() throws {
        try withScene(sql: shopSQL) { scene in
            let stop = Stop()
            let ended = Latch(count: 1)
            let source = scene.source
            startDedicatedThread {
                defer { ended.arrive() }
                guard let connection = try? Connection(source) else { return }
                try? connection.execute(
                    "SET lock_timeout = '50ms'; CREATE TABLE swap_a (id int); CREATE TABLE swap_b (id int)"
                )
                var number = 0
                while !stop.isRequested {
                    number += 1
                    try? connection.execute("CREATE TABLE churn_\(number) (id int)")
                    try? connection.execute(
                        "BEGIN; ALTER TABLE swap_a RENAME TO swap_c; ALTER TABLE swap_b RENAME TO swap_a;"
                            + " ALTER TABLE swap_c RENAME TO swap_b; COMMIT"
                    )
                    try? connection.execute("ROLLBACK")
                    if number > 5 { try? connection.execute("DROP TABLE churn_\(number - 5)") }
                }
            }
            defer {
                stop.request()
                ended.wait()
            }
            var taken = 0
            for _ in 0..<40 {
                let coordinator = try SnapshotCoordinator(scene.nextPlan(), stop: Stop())
                do {
                    let snapshot = try coordinator.takeSnapshot()
                    let held = try coordinator.probe.query(
                        """
                        SELECT relation FROM pg_locks
                        WHERE pid = \(coordinator.connection.backendProcess) AND granted AND mode = 'AccessShareLock'
                        """
                    )
                    let locked = Set(held.compactMap { $0[0] })
                    let unlocked = snapshot.relations.filter { !locked.contains(String($0.identity.oid)) }
                    #expect(unlocked == [])
                    taken += 1
                } catch let error as Diagnostic {
                    #expect(error.code == .databaseChangedDuringExport, "\(error)")
                }
            }
            #expect(taken > 0)
        }
    }

    @Test(
        "the recovery instant lies before the snapshot: what is committed after it may be there, nothing before it is missing"
    )
    func instant() throws {
        try withScene(sql: "CREATE TABLE t (at timestamptz)") { scene in
            for _ in 0..<5 {
                try scene.sql("INSERT INTO t VALUES (clock_timestamp())")
                let coordinator = try SnapshotCoordinator(scene.nextPlan(), stop: Stop())
                let snapshot = try coordinator.takeSnapshot()
                let now = try #require(
                    try scene.value("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8")
                )
                let last = try #require(try scene.value("SELECT (extract(epoch FROM max(at)) * 1000000)::int8 FROM t"))
                #expect(snapshot.instant.microsecondsSinceEpoch > (Int64(last) ?? .max))
                #expect(snapshot.instant.microsecondsSinceEpoch < (Int64(now) ?? 0))
            }
        }
    }

    @Test("a worker that would see another snapshot refuses to work")
    func otherSnapshot() throws {
        try withScene(sql: shopSQL) { scene in
            let plan = scene.nextPlan()
            let coordinator = try SnapshotCoordinator(plan, stop: Stop())
            var snapshot = try coordinator.takeSnapshot()
            _ = try SnapshotReader(plan, snapshot: snapshot, pinned: coordinator.pinned, stop: Stop())
            snapshot.text = "3:3:"
            let refused = try diagnostic {
                _ = try SnapshotReader(plan, snapshot: snapshot, pinned: coordinator.pinned, stop: Stop())
            }
            #expect(refused.summary == "a worker does not see the snapshot it imported")
        }
    }

    @Test("a range that got lost shows in the count of the whole table")
    func audit() throws {
        try withScene(sql: shopSQL) { scene in
            let plan = scene.nextPlan()
            let coordinator = try SnapshotCoordinator(plan, stop: Stop())
            let inventory = try Inventory(
                of: try coordinator.takeSnapshot(),
                leavingOut: [],
                on: coordinator.connection
            )
            let rows: [String: Int64] = ["orders": 20000, "customers": 4, "documents": 40]
            let entries = inventory.tables.map { (table: $0, rows: rows[$0.name] ?? 0) }
            let audit = RowAudit(connection: coordinator.connection)
            try audit.check(entries)
            let wrong = entries.map { (table: $0.table, rows: $0.table.name == "orders" ? 19999 : $0.rows) }
            let refused = try diagnostic { try audit.check(wrong) }
            #expect(refused.cause == "its ranges hold 19999 rows, the table 20000")
            #expect(RowAudit.due(inventory.tables, .none, in: plan.point.slot) == [])
            // A plan that runs at the same time every night.
            let turns = (0..<150).map { night in
                RowAudit.due(inventory.tables, .rotating, in: Slot(Instant(secondsSinceEpoch: Int64(night) * 86_400)))
            }
            #expect(Set(turns.joined()) == Set(inventory.tables.indices))
            #expect(turns.joined().count < 150 * inventory.tables.count / 8)
        }
    }
}
