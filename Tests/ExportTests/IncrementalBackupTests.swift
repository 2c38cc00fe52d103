import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("An incremental backup", .serialized)
struct IncrementalBackupTests {
    @Test("reads nothing when nothing changed, and refers to the archives of before", arguments: PostgresMajor.allCases)
    func nothingChanged(major: PostgresMajor) throws {
        try withScene(on: major, sql: shopSQL) { scene in
            let first = try scene.backup()
            let second = try scene.backup()
            #expect(second.report.totals.rangesRead == 0)
            #expect(second.report.reads.isEmpty)
            #expect(second.report.totals.bytesRepresented == first.report.totals.bytesRead)
            #expect(second.point.manifest.tables.map(\.proof) == first.point.manifest.tables.map(\.proof))
            #expect(second.point.manifest.archives == first.point.manifest.archives)
            #expect(second.point.manifest.archives.allSatisfy { $0.writtenIn == first.point.name })
            #expect(second.point.manifest.previous == first.point.asPrevious)
            // And so on, from the second.
            #expect(try scene.backup().report.totals.rangesRead == 0)
        }
    }

    @Test("reads the one range in which a row changed, and the rows are those of now")
    func oneRowChanged() throws {
        try withScene(sql: shopSQL) { scene in
            let first = try scene.backup().point.manifest
            let orders = try #require(first.tables.first { $0.name == "orders" })
            // In place of a deleted row, so that the new version stays within its block.
            try scene.sql("DELETE FROM orders WHERE id = 2")
            try scene.sql("VACUUM orders")
            try scene.backup()
            try scene.sql("UPDATE orders SET note = 'changed' WHERE id = 1")
            let outcome = try scene.backup()
            #expect(outcome.report.reads.keys.map(\.self) == [.rowsChanged])
            #expect(outcome.report.totals.rangesRead == 1)
            #expect(outcome.report.reused.ranges >= orders.ranges.count - 1)
            let manifest = try scene.repository.readPoint(outcome.point.name).manifest
            #expect(try scene.rows(of: "orders", in: manifest).sorted() == scene.liveRows(of: "orders").sorted())
        }
    }

    @Test(
        "notices inserts, updates, deletes and rolled-back work for what they are",
        arguments: [
            (sql: "INSERT INTO orders VALUES (0, now(), 'new', 1)", changes: true),
            (sql: "UPDATE orders SET total = total + 1 WHERE id % 5000 = 0", changes: true),
            (sql: "DELETE FROM orders WHERE id = 10000", changes: true),
            (sql: "BEGIN; UPDATE orders SET total = 0 WHERE id < 100; ROLLBACK", changes: false),
            (sql: "BEGIN; SELECT * FROM orders FOR UPDATE; COMMIT", changes: false),
            (sql: "VACUUM (FREEZE) orders", changes: false),
            (sql: "ANALYZE orders; CREATE INDEX ON orders (total)", changes: false),
        ]
    )
    func kindsOfChange(change: (sql: String, changes: Bool)) throws {
        try withScene(sql: shopSQL) { scene in
            try scene.backup()
            for statement in change.sql.split(separator: ";") where change.sql.hasPrefix("VACUUM") {
                try scene.sql(String(statement))
            }
            if !change.sql.hasPrefix("VACUUM") { try scene.sql(change.sql) }
            let outcome = try scene.backup()
            #expect((outcome.report.totals.rangesRead > 0) == change.changes, "\(change.sql)")
            #expect(outcome.report.alarm == nil, "\(change.sql)")
            let manifest = outcome.point.manifest
            #expect(try scene.rows(of: "orders", in: manifest).sorted() == scene.liveRows(of: "orders").sorted())
        }
    }

    @Test(
        "reads a table again whose text may differ though its tuples do not",
        arguments: [
            (prepare: "", change: "VACUUM FULL orders"),
            (prepare: "", change: "CLUSTER orders USING orders_pkey"),
            (prepare: "", change: "ALTER TABLE orders ADD flag text DEFAULT 'x'"),
            (prepare: "", change: "ALTER TABLE orders DROP note"),
            (prepare: "", change: "ALTER TABLE orders DROP total; ALTER TABLE orders ADD total numeric DEFAULT 5"),
            (
                prepare: "ALTER TABLE orders ALTER placed TYPE timestamptz",
                change: "SET TimeZone = 'UTC'; ALTER TABLE orders ALTER placed TYPE timestamp"
            ),
            (
                prepare:
                    "CREATE TYPE mood AS ENUM ('good', 'bad'); ALTER TABLE orders ADD mood mood; UPDATE orders SET mood = 'good'",
                change: "ALTER TYPE mood RENAME VALUE 'good' TO 'fine'"
            ),
            (
                prepare:
                    "CREATE TYPE pair AS (a int, b int); ALTER TABLE orders ADD p pair[]; UPDATE orders SET p = ARRAY[(1, 2)::pair]",
                change: "ALTER TYPE pair ADD ATTRIBUTE c int"
            ),
        ]
    )
    func catalogChange(change: (prepare: String, change: String)) throws {
        try withScene(sql: shopSQL) { scene in
            if !change.prepare.isEmpty { try scene.sql(change.prepare) }
            try scene.backup()
            try scene.sql(change.change)
            let outcome = try scene.backup()
            let orders = try #require(outcome.point.manifest.tables.first { $0.name == "orders" })
            #expect(outcome.report.reads.keys.map(\.self) == [.tableChanged], "\(change.change)")
            #expect(outcome.report.totals.rangesRead == orders.ranges.count)
            #expect(
                try scene.rows(of: "orders", in: outcome.point.manifest).sorted()
                    == scene.liveRows(of: "orders").sorted()
            )
        }
    }

    @Test("never takes over a table whose text depends on other objects' names")
    func namesOfObjects() throws {
        let sql = "CREATE TABLE names (t regclass); CREATE TABLE a (i int); INSERT INTO names VALUES ('a')"
        try withScene(sql: sql) { scene in
            try scene.backup()
            try scene.sql("ALTER TABLE a RENAME TO b")
            let outcome = try scene.backup()
            #expect(try scene.rows(of: "names", in: outcome.point.manifest) == ["public.b"])
            #expect(outcome.report.reads[.notComparable]?.ranges == 1)
        }
    }

    @Test("reads everything when it is told to")
    func forced() throws {
        try withScene(sql: shopSQL) { scene in
            let first = try scene.backup()
            let second = try scene.backup { $0.isFull = true }
            #expect(second.report.totals.rangesRead == first.report.totals.rangesRead)
            #expect(Set(second.report.reads.keys) == [.forced])
            #expect(
                Set(second.point.manifest.archives.map(\.id)).isDisjoint(with: first.point.manifest.archives.map(\.id))
            )
            #expect(second.point.manifest.tables.map(\.proof) == first.point.manifest.tables.map(\.proof))
        }
    }

    @Test("grows: boundaries stay, and only the open end is cut anew")
    func growth() throws {
        try withScene(sql: shopSQL) { scene in
            let before = try #require(try scene.backup().point.manifest.tables.first { $0.name == "orders" })
            try scene.sql(
                "INSERT INTO orders SELECT i, now(), repeat('y', 80), 1 FROM generate_series(100000, 115000) AS i"
            )
            let outcome = try scene.backup()
            let after = try #require(outcome.point.manifest.tables.first { $0.name == "orders" })
            #expect(after.tilingProblem == nil)
            #expect(after.ranges.count > before.ranges.count)
            #expect(
                after.ranges.prefix(before.ranges.count - 1).map(\.location) == before.ranges.dropLast().map(\.location)
            )
            #expect(outcome.report.reads[.newRange] != nil)
            #expect(
                try scene.rows(of: "orders", in: outcome.point.manifest).sorted()
                    == scene.liveRows(of: "orders").sorted()
            )
        }
    }

    @Test("reads every range again within the time that was set, a few in each run")
    func rereading() throws {
        try withScene(sql: shopSQL) { scene in
            let first = try scene.backup { $0.rereadWithin = .seconds(10 * 86400) }
            let ranges = first.report.totals.rangesRead
            var oldest = 0
            var largest = 0
            for _ in 1...24 {
                let outcome = try scene.backup(after: 12) { $0.rereadWithin = .seconds(10 * 86400) }
                #expect(Set(outcome.report.reads.keys).isSubset(of: [.rereadDue]))
                largest = max(largest, outcome.report.totals.rangesRead)
                let now = outcome.point.name.slot.instant
                for range in outcome.point.manifest.tables.flatMap(\.ranges) {
                    oldest = max(oldest, Int((now - range.readIn.instant).inSeconds))
                }
            }
            #expect(oldest <= 10 * 86400)
            #expect(oldest > 4 * 86400)
            #expect(largest < ranges)
        }
    }

    @Test("reads again no more than the budget allows, what has waited longest first, and says what it put off")
    func rereadBudget() throws {
        try withScene(sql: shopSQL) { scene in
            try scene.backup()
            func later(_ budget: Int64?) throws -> ExportOutcome {
                try scene.backup(after: 48) {
                    $0.rereadWithin = .seconds(86400)
                    $0.rereadBudget = budget
                }
            }
            let first = try later(400_000)
            let read = try #require(first.report.reads[.rereadDue])
            #expect(read.textBytes <= 400_000 && read.ranges > 0)
            #expect(first.report.reused.ranges > 0)
            let words = "\(first.report.reused.ranges) ranges"
            #expect(first.report.notices.contains { $0.hasPrefix(words) && $0.contains("400 kB") })
            // The next run goes on where this one stopped.
            func readIn(_ outcome: ExportOutcome) -> Set<RowProof> {
                let ranges = outcome.point.manifest.tables.flatMap(\.ranges)
                return Set(ranges.filter { $0.readIn == outcome.point.name.slot && $0.proof.rows > 0 }.map(\.proof))
            }
            #expect(try readIn(later(400_000)).isDisjoint(with: readIn(first)))
            #expect(try later(nil).report.totals.rangesReused == 0)
        }
    }

    @Test("stops looking for changes where everything changes every time, says so, and finds the peace again")
    func restlessTable() throws {
        try withScene(sql: shopSQL) { scene in
            try scene.backup()
            func run(changing: Bool) throws -> ExportOutcome {
                if changing { try scene.sql("UPDATE orders SET total = total + 1") }
                let outcome = try scene.backup()
                #expect(
                    try scene.rows(of: "orders", in: outcome.point.manifest).sorted()
                        == scene.liveRows(of: "orders").sorted()
                )
                return outcome
            }
            for _ in 0..<2 { #expect(try run(changing: true).report.reads[.alwaysChanges] == nil) }
            let resting = try run(changing: true)
            let orders = try #require(resting.point.manifest.tables.first { $0.name == "orders" })
            #expect(resting.report.reads[.alwaysChanges]?.ranges == orders.ranges.count)
            #expect(orders.ranges.allSatisfy { $0.fingerprint == nil })
            // The other tables are looked at as before.
            #expect(resting.report.reused.ranges > 0)
            // Whatever it does meanwhile, it is read, and in the end it is looked at again.
            var (runs, isLookedAt) = (1, false)
            while !isLookedAt {
                let tables = try run(changing: false).point.manifest.tables
                isLookedAt = tables.first { $0.name == "orders" }?.rhythm?.unscanned == 0
                runs += 1
                try #require(runs < 20)
            }
            #expect(try run(changing: false).report.totals.rangesRead == 0)
        }
    }

    @Test("reads what lies in an archive that is gone")
    func missingArchive() throws {
        try withScene(sql: shopSQL) { scene in
            let first = try scene.backup().point.manifest
            for archive in first.archives { try scene.repository.store.remove(scene.repository.archiveKey(archive.id)) }
            let outcome = try scene.backup()
            #expect(outcome.report.totals.rangesReused == 0)
            #expect(outcome.report.reads[.archiveMissing] != nil)
        }
    }

    @Test("raises an alarm and reads everything when a range changed without a trace")
    func violation() throws {
        try withScene(sql: shopSQL) { scene in
            let first = try scene.backup()
            // What a flipped bit in the server's memory would do, told backwards: the base remembers other rows.
            var lie = first.point.manifest
            lie.point = scene.nextPlan().point
            let index = try #require(lie.tables.firstIndex { $0.name == "orders" })
            lie.tables[index].ranges[1].fingerprint?.second ^= 1
            let catalog = try scene.repository.readCatalog(first.point.name, identities: scene.identities)
            _ = try scene.repository.commit(manifest: lie, catalog: catalog)
            let outcome = try scene.backup()
            #expect(outcome.report.alarm?.cause?.contains("public.orders") == true)
            #expect(outcome.report.totals.rangesReused == 0)
            #expect(outcome.point.manifest.continuity == nil)
            #expect(Set(outcome.report.reads.keys) == [.violation])
            #expect(
                try scene.rows(of: "orders", in: outcome.point.manifest).sorted()
                    == scene.liveRows(of: "orders").sorted()
            )
        }
    }

    @Test("holds what it reads again against what it read before")
    func rereadComparison() throws {
        try withScene(sql: shopSQL) { scene in
            let first = try scene.backup()
            var lie = first.point.manifest
            lie.point = scene.nextPlan().point
            let index = try #require(lie.tables.firstIndex { $0.name == "orders" })
            lie.tables[index].ranges[1].proof.sum ^= 1
            let catalog = try scene.repository.readCatalog(first.point.name, identities: scene.identities)
            _ = try scene.repository.commit(manifest: lie, catalog: catalog)
            let outcome = try scene.backup { $0.rereadWithin = .seconds(1) }
            #expect(outcome.report.alarm?.cause?.contains("looked unchanged") == true)
            #expect(outcome.point.manifest.continuity == nil)
        }
    }
}
