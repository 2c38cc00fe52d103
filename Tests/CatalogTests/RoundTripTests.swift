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
            #expect(before.count > 1_500)
            #expect(after.difference(from: before).isEmpty)
        }
    }

    @Test("our own comparison of original and copy finds nothing", arguments: PostgresMajor.allCases)
    func noDifference(major: PostgresMajor) throws {
        try Corpus.withCopy(of: major, on: major) { original, copy in
            let difference = try CatalogDifference.compare(Corpus.read(original), Corpus.read(copy))
            #expect(difference.objects == [])
            #expect(difference.total > 120)
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

    @Test("no password of a role is read")
    func noPassword() throws {
        try Corpus.withOriginal(on: .v15) { original in
            let catalog = try Corpus.read(original)
            let texts = catalog.objects.flatMap(\.stages).flatMap(\.statements)
            #expect(texts.contains { $0.contains("corpus_writer") })
            #expect(!texts.contains { $0.contains("never-to-be-seen") || $0.contains("SCRAM-SHA-256") })
        }
    }
}
