import Catalog
import Diagnostics
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("a second session makes the reading of a catalog faster and nothing else")
struct QueryAheadTests {
    private static let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    private static let pins = "SET LOCAL search_path = ''; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'"

    @Test("the catalog is the same, and the snapshot is", arguments: PostgresMajor.allCases)
    func same(on major: PostgresMajor) throws {
        try Corpus.withOriginal(on: major) { settings in
            let connection = try Connection(settings)
            try connection.execute("\(Self.begin); \(Self.pins)")
            let snapshot = try connection.query("SELECT pg_export_snapshot()")[0, 0] ?? ""
            let alone = try CatalogReader(connection).read()
            // What is made now belongs to no snapshot of this test.
            try Connection(settings).execute("CREATE TABLE public.late (id integer PRIMARY KEY)")
            let asked = Mutex(0)
            let both = try CatalogReader(connection) { body in
                let second = try Connection(settings)
                try second.execute("\(Self.begin); SET TRANSACTION SNAPSHOT '\(snapshot)'; \(Self.pins)")
                try body(second)
                asked.withLock { $0 += 1 }
            }.read()
            #expect(both == alone)
            #expect(asked.withLock { $0 } == 1)
        }
    }

    @Test("a second session that cannot be had, or breaks, is done without")
    func withoutSecond() throws {
        try Corpus.withOriginal(on: .v15) { settings in
            let connection = try Connection(settings)
            try connection.execute("\(Self.begin); \(Self.pins)")
            let alone = try CatalogReader(connection).read()
            let refused = try CatalogReader(connection) { _ in throw PostgresError(message: "full") }.read()
            #expect(refused == alone)
            let broken = try CatalogReader(connection) { body in
                let second = try Connection(settings)
                try second.execute("BEGIN; SELECT pg_catalog.set_config('statement_timeout', '1ms', true)")
                try body(second)
            }.read()
            #expect(broken == alone)
        }
    }
}
