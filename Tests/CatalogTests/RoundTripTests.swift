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
        "a catalog restores on a later major without an error",
        arguments: [(PostgresMajor.v15, PostgresMajor.v16), (.v15, .v18), (.v16, .v18)]
    )
    func laterMajor(source: PostgresMajor, target: PostgresMajor) throws {
        try Corpus.withCopy(of: source, on: target) { original, copy in
            // Only lost objects count here: a later server may write the same definition in other words.
            let difference = try CatalogDifference.compare(Corpus.read(original), Corpus.read(copy))
            #expect(difference.objects.filter { $0.change == .missing || $0.change == .extra } == [])
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

    @Test("the roles of a catalog are those pg_dumpall tells")
    func roles() throws {
        try Corpus.withOriginal(on: .v15) { original in
            let cluster = try PostgresServer(ownFor: .v15)
            defer { cluster.stop() }
            let connection = try Connection(cluster.settings())
            for step in try RestoreOrder(Corpus.read(original)).steps where step.section == .roles {
                for statement in step.statements { try connection.execute(statement) }
            }
            // Settings of roles come with the privileges, when what they name is there.
            let catalog = try Corpus.read(original)
            for stage in catalog.objects(of: .role).flatMap(\.stages) where stage.section == .privileges {
                for statement in stage.statements { try connection.execute(statement) }
            }
            let told = try Corpus.dumpRoles(cluster.settings(), by: .v15).filter { !$0.contains("IN DATABASE") }
            let known = try Corpus.dumpRoles(original, by: .v15).filter { !$0.contains("IN DATABASE") }
            #expect(told.difference(from: known).isEmpty)
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
