import AgeEncryption
import Diagnostics
import Drills
import Export
import Model
import PostgresClient
import Repository
import Restore
import Streams
import TestSupport
import Testing

@Suite("What a drill reads of a repository", .serialized)
struct ReadingTests {
    /// Large ranges, tables of 100 KB, small ones in their hundreds, and values out of line that nothing makes smaller.
    private static let sql = """
        CREATE TABLE wide AS SELECT i, sha512(i::text::bytea)::text || sha512((-i)::text::bytea)::text AS body
          FROM generate_series(1, 25000) AS i;
        CREATE TABLE documents (id int, body text);
        ALTER TABLE documents ALTER body SET STORAGE EXTERNAL;
        INSERT INTO documents SELECT g, (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 500) AS i)
          FROM generate_series(1, 100) AS g;
        DO $$ BEGIN FOR i IN 1..300 LOOP
          EXECUTE format('CREATE TABLE small_%s AS SELECT g AS id, md5(g::text) AS body FROM generate_series(1, %s) AS g', i, 20 + i % 40);
        END LOOP;
        FOR i IN 1..60 LOOP
          EXECUTE format('CREATE TABLE medium_%s AS SELECT g AS id, md5((g * %s)::text) AS body FROM generate_series(1, 5000) AS g', i, i);
        END LOOP; END $$;
        """

    @Test("every archive once, beside the borders of its ranges, and the point itself once")
    func once() throws {
        try withDatabase(sql: Self.sql) { source in
            try withScratchFolder { folder in
                let now = Instant.now
                let keyring = try Keyring.createIfMissing(folder + "/keys", now: now).keyring
                let store = CountingStore(MemoryStore())
                let repository = try Repository.create(in: store, keyring: keyring, now: now)
                let plan = try #require(PlanName("shop"))
                let point = PointName(plan: plan, slot: Slot(Instant(secondsSinceEpoch: 1_790_000_000)))
                var export = ExportPlan(point: point, source: source, tool: "lifeboat test", host: "here")
                export.workerCount = 2
                let exporter = Exporter(export, into: [repository], stop: Stop(), progress: ExportProgress())
                let made = try exporter.run()[0].get()
                store.forget()

                let identities = try keyring.identities { throw Diagnostic(.keyMissing, "no passphrase in this test") }
                var drill = DrillPlan(point: point, identities: identities, tool: "lifeboat test", host: "here")
                drill.workers = 2
                let run = try Drill(repository: repository, plan: drill, progress: RestoreProgress())
                    .run(declared: now, stop: Stop())
                #expect(run.verdict == .proven, "\(run)")

                let archives = made.point.manifest.archives.reduce(0) { $0 + $1.bytes }
                let all = store.bytesRead
                let read = all.filter { $0.key.text.hasPrefix("archives/") }.reduce(0) { $0 + $1.value }
                let points = all.filter { $0.key.text.hasPrefix("points/") }.reduce(0) { $0 + $1.value }
                let sizes = "\(archives) in archives, and \(points) of the point's \(made.point.bytes)"
                print("a drill read \(read) bytes of \(sizes)")
                #expect(points == made.point.bytes)
                #expect(read < archives + archives / 10)
            }
        }
    }
}
