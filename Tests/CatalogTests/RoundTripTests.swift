import Catalog
import PostgresClient
import TestSupport
import Testing

@Suite("a database made from its catalog is the same database")
struct RoundTripTests {
    @Test("pg_dump of the copy says what pg_dump of the original says", arguments: PostgresMajor.allCases)
    func sameDump(major: PostgresMajor) throws {
        try Corpus.withCopy(of: major, on: major) { original, copy in
            let before = try Corpus.dump(original, by: major)
            let after = try Corpus.dump(copy, by: major)
            #expect(before.count > 3_000)
            #expect(after.difference(from: before).isEmpty)
        }
    }

    @Test("our own comparison of original and copy finds nothing", arguments: PostgresMajor.allCases)
    func noDifference(major: PostgresMajor) throws {
        try Corpus.withCopy(of: major, on: major) { original, copy in
            let difference = try CatalogDifference.compare(Corpus.read(original), Corpus.read(copy))
            #expect(difference.objects == [])
            #expect(difference.total > 220)
            #expect(difference.fidelity == 1)
        }
    }

    @Test(
        "a catalog restores on a later major without an error, and is the same there",
        arguments: [(PostgresMajor.v15, PostgresMajor.v16), (.v15, .v18), (.v16, .v18)]
    )
    func laterMajor(source: PostgresMajor, target: PostgresMajor) throws {
        try Corpus.withCopy(of: source, on: target) { original, copy in
            let (before, after) = (try Corpus.read(original), try Corpus.read(copy))
            let difference = CatalogDifference.compare(before, after)
            // 16 tells views otherwise than 15, and nothing else is different.
            if source == .v15 { #expect(difference.objects.contains { $0.object.kind == .view }) }
            let settled = try Corpus.settled(difference, before, after, on: copy)
            #expect(settled.objects == [])
        }
    }

    @Test("no password of a role or a subscription is kept")
    func noPassword() throws {
        try Corpus.withOriginal(on: .v15) { original in
            let catalog = try Corpus.read(original)
            let texts = catalog.objects.flatMap(\.stages).flatMap(\.statements)
            #expect(texts.contains { $0.contains("corpus_writer") && $0.contains("LOGIN") })
            #expect(!texts.contains { $0.contains("never-to-be-seen") || $0.contains("SCRAM-SHA-256") })
            // Nor that of a subscription's connection.
            #expect(texts.contains { $0.contains("host=nowhere dbname=x user=u") })
            #expect(!texts.contains { $0.contains("hidden-thing") })
        }
    }

    @Test(
        "on a server of its own, the globals and the database's own settings are the same too",
        arguments: PostgresMajor.allCases
    )
    func globals(major: PostgresMajor) throws {
        try Corpus.withOriginal(on: major) { original in
            let cluster = try PostgresServer(ownFor: major)
            defer { cluster.stop() }
            // Under the same name, because settings of roles in a database name it.
            let name = original.database
            let source = try Connection(original)
            try source.execute("ALTER DATABASE \(name) IS_TEMPLATE true")
            // Such a database cannot be dropped.
            defer { try? source.execute("ALTER DATABASE \(name) IS_TEMPLATE false") }
            try Connection(cluster.settings()).execute("CREATE DATABASE \(name) TEMPLATE template0")
            let copy = try cluster.settings(database: name)
            try Corpus.restore(try Corpus.read(original), into: copy)
            let roles = try Corpus.dumpGlobals(copy, by: major)
            #expect(roles.count > 20)
            #expect(roles.difference(from: try Corpus.dumpGlobals(original, by: major)).isEmpty)
            let database = try Corpus.dump(copy, by: major, ["--create"])
            #expect(database.contains { $0.hasPrefix("ALTER ROLE") && $0.contains("IN DATABASE") })
            #expect(database.contains { $0.contains("CONNECTION LIMIT = 42") })
            #expect(database.contains { $0.contains("IS_TEMPLATE = true") })
            #expect(database.difference(from: try Corpus.dump(original, by: major, ["--create"])).isEmpty)
        }
    }

    @Test("that a new database has a language which the source dropped is no difference")
    func withoutLanguage() throws {
        try withDatabase(options: "TEMPLATE template0", sql: "DROP EXTENSION plpgsql; CREATE TABLE t (a integer)") {
            original in
            try withDatabase(options: "TEMPLATE template0") { copy in
                let catalog = try Corpus.read(original)
                try Corpus.restore(catalog, into: copy)
                #expect(try CatalogDifference.compare(catalog, Corpus.read(copy)).objects == [])
                try Connection(copy).execute("DROP TABLE t")
                #expect(try CatalogDifference.compare(catalog, Corpus.read(copy)).objects.count == 1)
            }
        }
    }

    @Test("the same database gives the same steps")
    func deterministic() throws {
        try Corpus.withOriginal(on: .v15) { original in
            let first = try RestoreOrder(Corpus.read(original)).steps
            let second = try RestoreOrder(Corpus.read(original)).steps
            #expect(first == second)
            #expect(first.indices.allSatisfy { step in first[step].after.allSatisfy { $0 < step } })
        }
    }

    @Test(
        "the schema public comes back as it was",
        arguments: [
            "GRANT ALL ON SCHEMA public TO PUBLIC", "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "ALTER SCHEMA public OWNER TO corpus_owner", "DROP SCHEMA public",
            "REVOKE CREATE ON SCHEMA public FROM pg_database_owner", "SELECT 1",
        ]
    )
    func publicSchema(change: String) throws {
        try Corpus.makeRoles(on: .v15)
        try withDatabase(options: "TEMPLATE template0", sql: change) { original in
            try withDatabase(options: "TEMPLATE template0") { copy in
                let catalog = try Corpus.read(original)
                try Corpus.restore(catalog, into: copy)
                let before = try Corpus.dump(original, by: .v15)
                let after = try Corpus.dump(copy, by: .v15)
                #expect(before == after)
                let difference = try CatalogDifference.compare(catalog, Corpus.read(copy))
                #expect(difference.objects == [])
            }
        }
    }
}
