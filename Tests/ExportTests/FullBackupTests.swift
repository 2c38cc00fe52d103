import Diagnostics
import Export
import Model
import PostgresClient
import Repository
import Streams
import TestSupport
import Testing

@Suite("A full backup", .serialized)
struct FullBackupTests {
    @Test("holds every row of every table, byte for byte", arguments: PostgresMajor.allCases)
    func everyRow(major: PostgresMajor) throws {
        try withScene(on: major, sql: shopSQL) { scene in
            let outcome = try scene.backup()
            let manifest = try scene.repository.readPoint(outcome.point.name).manifest
            for table in ["orders", "customers", "empty", "documents"] {
                #expect(try scene.rows(of: table, in: manifest).sorted() == scene.liveRows(of: table).sorted())
            }
            #expect(try #require(manifest.tables.first { $0.name == "orders" }).ranges.count > 3)
            #expect(try #require(manifest.tables.first { $0.name == "documents" }).ranges.count > 3)
            #expect(outcome.report.totals.rows == 20044)
            #expect(outcome.report.reads.keys.sorted { $0.rawValue < $1.rawValue } == [.noBase])
        }
    }

    @Test("reads sequences exactly, called and uncalled")
    func sequences() throws {
        try withScene(sql: shopSQL) { scene in
            let manifest = try scene.backup().point.manifest
            #expect(
                manifest.sequences == [
                    SequenceState(schema: "public", name: "numbers", lastValue: 41, isCalled: true),
                    SequenceState(schema: "public", name: "untouched", lastValue: 1, isCalled: false),
                ]
            )
        }
    }

    @Test("of an empty database is a point like any other")
    func emptyDatabase() throws {
        try withScene { scene in
            let point = try scene.backup().point
            #expect(try scene.repository.readPoint(point.name).manifest.tables.isEmpty)
        }
        try withScene(sql: "CREATE TABLE nothing (id int); CREATE TABLE columns_none ()") { scene in
            let manifest = try scene.backup().point.manifest
            #expect(manifest.tables.count == 2)
            #expect(manifest.tables.allSatisfy { $0.proof.rows == 0 })
        }
    }

    @Test("leaves generated columns out, keeps partitions apart and reads parents only for themselves")
    func shapes() throws {
        let sql = """
            CREATE TABLE sums (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text);
            INSERT INTO sums (a, c) VALUES (1, 'x'), (2, 'y');
            CREATE TABLE parts (id int) PARTITION BY LIST (id);
            CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
            CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
            INSERT INTO parts VALUES (1), (2), (2);
            CREATE TABLE base (id int); CREATE TABLE child () INHERITS (base);
            INSERT INTO base VALUES (10); INSERT INTO child VALUES (11);
            """
        try withScene(sql: sql) { scene in
            let manifest = try scene.backup().point.manifest
            #expect(try scene.rows(of: "sums", in: manifest) == ["1\tx", "2\ty"])
            #expect(try scene.rows(of: "parts_1", in: manifest) == ["1"])
            #expect(try scene.rows(of: "parts_2", in: manifest) == ["2", "2"])
            #expect(try scene.rows(of: "base", in: manifest) == ["10"])
            #expect(try scene.rows(of: "child", in: manifest) == ["11"])
            #expect(!manifest.tables.contains { $0.name == "parts" })
        }
    }

    @Test("copies rows in the database's own encoding")
    func encodings() throws {
        let sql = "CREATE TABLE \"größe\" (\"straße\" text); INSERT INTO \"größe\" VALUES ('Ä')"
        try withScene(options: "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", sql: sql) { scene in
            let manifest = try scene.backup().point.manifest
            #expect(manifest.source.encoding == "LATIN1")
            let table = try #require(manifest.tables.first)
            #expect(table.name == "größe" && table.columns == ["straße"])
            #expect(try scene.bytes(of: try #require(table.ranges.first), in: manifest) == [0xC4, 0x0A])
        }
    }

    @Test("leaves out the rows that the plan excludes, and says so")
    func excludedRows() throws {
        let sql = shopSQL + "CREATE SCHEMA audit; CREATE TABLE audit.log AS SELECT 1 AS id"
        try withScene(sql: sql) { scene in
            let manifest = try scene.backup { plan in
                plan.excludedRows = [TablePattern("audit"), TablePattern("public.doc*")]
            }.point.manifest
            #expect(Set(manifest.tables.map(\.name)) == ["orders", "customers", "empty"])
            #expect(
                manifest.omissions.map(\.object).sorted() == [
                    "rows of table 'audit.log'", "rows of table 'public.documents'",
                ]
            )
        }
    }

    @Test("of an extension's tables holds only the configuration it has declared")
    func extensionConfiguration() throws {
        let sql = """
            CREATE TABLE conf (id int, mine bool); INSERT INTO conf VALUES (1, false), (2, true), (3, true);
            CREATE TABLE conf_all (id int); INSERT INTO conf_all VALUES (7);
            CREATE TABLE internal (id int); INSERT INTO internal VALUES (1);
            ALTER EXTENSION plpgsql ADD TABLE conf; ALTER EXTENSION plpgsql ADD TABLE conf_all;
            ALTER EXTENSION plpgsql ADD TABLE internal;
            UPDATE pg_extension SET extconfig = ARRAY['conf'::regclass::oid, 'conf_all'::regclass::oid],
              extcondition = ARRAY['WHERE mine', ''] WHERE extname = 'plpgsql';
            """
        try withScene(sql: sql) { scene in
            let manifest = try scene.backup().point.manifest
            #expect(try scene.rows(of: "conf", in: manifest) == ["2\tt", "3\tt"])
            #expect(try scene.rows(of: "conf_all", in: manifest) == ["7"])
            #expect(manifest.tables.map(\.condition) == ["WHERE mine", nil])
            #expect(!manifest.tables.contains { $0.name == "internal" })
            let again = try scene.backup().report
            #expect(again.reads.keys.map(\.self) == [.notComparable])
        }
    }

    @Test("packs many small tables into one archive per worker")
    func manyTables() throws {
        let sql = """
            DO $$ BEGIN FOR i IN 1..1500 LOOP
              EXECUTE format('CREATE TABLE many_%s AS SELECT %s AS id WHERE %s %% 3 <> 0', i, i, i);
            END LOOP; END $$
            """
        try withScene(sql: sql) { scene in
            let outcome = try scene.backup()
            #expect(outcome.point.manifest.tables.count == 1500)
            #expect(outcome.point.manifest.archives.count <= 2)
            #expect(outcome.report.totals.rows == 1000)
            let again = try scene.backup()
            #expect(again.report.reads[.small]?.ranges == 1000 && again.report.reads.count == 1)
            #expect(again.point.manifest.archives == outcome.point.manifest.archives)
        }
    }

    @Test("carries large objects, their owners and their comments")
    func largeObjects() throws {
        let sql = """
            SELECT lo_from_bytea(4242, decode(repeat('ab', 5000), 'hex'));
            SELECT lo_create(4243);
            COMMENT ON LARGE OBJECT 4243 IS 'nothing in it';
            """
        try withScene(sql: sql) { scene in
            let manifest = try scene.backup().point.manifest
            let data = try #require(manifest.largeObjects)
            #expect(data.objects.map(\.oid) == [4242, 4243])
            #expect(data.objects.map(\.comment) == [nil, "nothing in it"])
            #expect(data.objects.allSatisfy { $0.owner == "postgres" })
            let rows = try data.ranges.flatMap { try scene.rows(of: $0, in: manifest) }
            #expect(rows.map { $0.prefix(7) } == ["4242\t0\t", "4242\t1\t", "4242\t2\t"])
        }
    }

    @Test("records every run, the failed ones with their reason")
    func records() throws {
        try withScene(sql: shopSQL) { scene in
            try scene.backup()
            var plan = scene.nextPlan()
            plan.source = plan.source.with(database: "no_such_database")
            #expect(throws: Diagnostic.self) { try scene.run(plan) }
            let runs = try scene.repository.records().compactMap { stored -> BackupRun? in
                if case .backup(let run) = stored.record.event { run } else { nil }
            }
            #expect(runs.count == 2)
            #expect(runs[0].point != nil && runs[0].failure == nil)
            #expect(runs[1].point == nil && runs[1].failure?.code == "database-unreachable")
        }
    }
}
