import Export
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

/// Tables of a few rows where there are so many that looking for changes takes longer than reading them.
@Suite("Thousands of small tables", .serialized)
struct SmallTablesTests {
    private static let tables = (1...6).map { "t\($0)" }
    private static let sql = """
        CREATE TYPE mood AS ENUM ('good', 'bad');
        """
        + tables.map { name in
            """
            CREATE TABLE \(name) (id int PRIMARY KEY, mood mood, note text);
            INSERT INTO \(name) SELECT g, 'good', '\(name) ' || g FROM generate_series(1, 50) AS g;
            """
        }.joined() + "CREATE TABLE empty (id int); CREATE TABLE large AS SELECT generate_series(1, 20000) AS id;"

    private func many(_ plan: inout ExportPlan) { plan.manySmallTables = 3 }

    private func check(_ scene: ExportScene, _ manifest: Manifest) throws {
        for table in Self.tables + ["empty", "large"] {
            #expect(try scene.rows(of: table, in: manifest).sorted() == scene.liveRows(of: table).sorted(), "\(table)")
        }
    }

    private func location(_ table: String, _ manifest: Manifest) throws -> ArchiveLocation {
        try #require(manifest.tables.first { $0.name == table }?.ranges.first?.location)
    }

    @Test("what is as it was is read and not stored again, what is other is", arguments: PostgresMajor.allCases)
    func unchanged(major: PostgresMajor) throws {
        try withScene(on: major, sql: Self.sql) { scene in
            let first = try scene.backup(many).point.manifest
            try check(scene, first)
            #expect(first.tables.first { $0.name == "t1" }?.ranges[0].fingerprint == nil)
            #expect(first.tables.first { $0.name == "large" }?.ranges[0].fingerprint != nil)
            let idle = try scene.backup(many)
            #expect(idle.report.reads[.small]?.ranges == 6 && idle.report.reads.count == 1)
            #expect(idle.report.reused.ranges > 1)
            #expect(idle.point.manifest.archives == first.archives)
            let slots = Set(idle.point.manifest.tables.filter { Self.tables.contains($0.name) }.map(\.ranges[0].readIn))
            #expect(slots == [idle.point.name.slot])

            try scene.sql("UPDATE t1 SET note = note")
            try scene.sql("VACUUM t1")
            try scene.sql("UPDATE t2 SET note = 'other' WHERE id = 7")
            try scene.sql("TRUNCATE t3")
            try scene.sql("INSERT INTO t4 SELECT g, 'bad', repeat('x', 100) FROM generate_series(51, 5000) AS g")
            try scene.sql("ALTER TABLE t5 ADD more int")
            let changed = try scene.backup(many)
            try check(scene, changed.point.manifest)
            #expect(try location("t6", changed.point.manifest) == location("t6", first))
            for table in ["t2", "t3", "t4", "t5"] {
                #expect(try location(table, changed.point.manifest) != location(table, first), "\(table)")
            }
            #expect(changed.report.reads[.small]?.ranges ?? 0 >= 1)
            #expect(changed.report.reads[.rowsChanged]?.ranges ?? 0 >= 1)
            // Of before and of now, and of a point that took over from one that had taken over.
            #expect(try scene.backup(many).report.reads.keys.map(\.self) == [.small])
        }
    }

    @Test("a label that is renamed changes the text, though no tuple and no table does")
    func renamedLabel() throws {
        try withScene(sql: Self.sql) { scene in
            let first = try scene.backup(many).point.manifest
            try scene.sql("ALTER TYPE mood RENAME VALUE 'good' TO 'fine'")
            let second = try scene.backup(many)
            #expect(second.report.reads[.rowsChanged]?.ranges == 6)
            try check(scene, second.point.manifest)
            #expect(try location("t1", second.point.manifest) != location("t1", first))
        }
    }

    @Test("what is stored no more is stored again, and so is everything when that is asked for")
    func missingArchive() throws {
        try withScene(sql: Self.sql) { scene in
            let first = try scene.backup(many).point.manifest
            let gone = try location("t1", first).archive
            try scene.repository.store.remove(scene.repository.archiveKey(gone))
            let second = try scene.backup(many)
            #expect(second.report.reads[.archiveMissing]?.ranges ?? 0 >= 1)
            try check(scene, second.point.manifest)
            let full = try scene.backup { plan in
                many(&plan)
                plan.isFull = true
            }
            #expect(full.report.reads.keys.map(\.self) == [.forced])
            try check(scene, full.point.manifest)
        }
    }

    @Test("from one way of looking for changes to the other and back nothing is lost")
    func change() throws {
        try withScene(sql: Self.sql) { scene in
            let scanned = try scene.backup().point.manifest
            let read = try scene.backup(many)
            #expect(read.report.reads[.small]?.ranges == 6)
            #expect(read.point.manifest.archives == scanned.archives)
            let back = try scene.backup()
            #expect(back.report.reads.keys.map(\.self) == [.notComparable])
            try check(scene, back.point.manifest)
            #expect(try scene.backup().report.totals.rangesRead == 0)
        }
    }

    @Test("two repositories take what each of them lacks")
    func twoRepositories() throws {
        try withScene(sql: Self.sql) { scene in
            let other = try scene.another("second")
            for result in scene.runTogether(with: [other], scene.nextPlan(many)) { _ = try result.get() }
            try scene.sql("UPDATE t2 SET note = 'other' WHERE id = 7")
            try scene.backup(many)
            for (index, result) in scene.runTogether(with: [other], scene.nextPlan(many)).enumerated() {
                let outcome = try result.get()
                #expect(outcome.report.reads[.small]?.ranges == (index == 0 ? 6 : 5))
                try check(index == 0 ? scene : other, outcome.point.manifest)
            }
        }
    }
}
