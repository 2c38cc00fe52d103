import Catalog
import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("a database that nobody wrote comes back as it was")
struct GeneratedSchemaTests {
    /// Five seeds on every major in an ordinary run, thousands with LIFEBOAT_CAMPAIGN=1, a part of them with 0.1;
    /// LIFEBOAT_SEED names the first.
    private static let seeds: Range<UInt64> = {
        let first = getenv("LIFEBOAT_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
        let part = getenv("LIFEBOAT_CAMPAIGN").flatMap { Double(String(cString: $0)) }
        return first..<(first + (part.map { UInt64(2_000 * $0) } ?? 5))
    }()

    @Test("pg_dump and our own comparison find nothing", arguments: PostgresMajor.allCases)
    func roundTrip(major: PostgresMajor) throws {
        try Corpus.makeRoles(on: major)
        for seed in Self.seeds {
            Self.copied(seed, from: major, to: major) { accepted, isSame, original, copy in
                #expect(accepted > 0.6, "seed \(seed): the server takes \(accepted) of the statements only")
                // Where the server itself reads a definition back in other words, the texts differ as well.
                guard isSame else { return }
                let (told, known) = (try Corpus.dump(copy, by: major), try Corpus.dump(original, by: major))
                #expect(told.difference(from: known).isEmpty, "seed \(seed)")
            }
        }
    }

    @Test("a later major takes it without an error, and it is proven the same there")
    func laterMajor() throws {
        for target in [PostgresMajor.v16, .v18] {
            try Corpus.makeRoles(on: .v15)
            try Corpus.makeRoles(on: target)
            for seed in Self.seeds.prefix(getenv("LIFEBOAT_CAMPAIGN") == nil ? 3 : 500) {
                Self.copied(seed, from: .v15, to: target)
            }
        }
    }

    /// Makes a copy of what a seed invents and compares the two; one seed's failure does not end the others.
    private static func copied(
        _ seed: UInt64,
        from source: PostgresMajor,
        to target: PostgresMajor,
        _ further: ((_ accepted: Double, _ isSame: Bool, ConnectionSettings, ConnectionSettings) throws -> Void)? = nil
    ) {
        do {
            try withDatabase(on: source, options: "TEMPLATE template0") { original in
                let accepted = try fill(original, seed: seed)
                try withDatabase(on: target, options: "TEMPLATE template0") { copy in
                    let before = try Corpus.read(original)
                    let unfilled = try Corpus.restore(before, of: original, into: copy)
                    let after = try Corpus.read(copy)
                    let difference = CatalogDifference.compare(before, after) { emptied($0, unfilled) }
                    var known = before
                    known.objects = before.objects.map { emptied($0, unfilled) }
                    let settled = try Corpus.settled(difference, known, after, on: copy)
                    #expect(settled.objects == [], "seed \(seed) on \(target): \(settled.objects)")
                    try further?(accepted, difference.objects.isEmpty, original, copy)
                }
            }
        } catch {
            Issue.record(error, "seed \(seed) on \(target)")
        }
    }

    /// A materialized view without what says that it is filled, where it cannot be.
    private static func emptied(_ object: CatalogObject, _ unfilled: Set<ObjectIdentity>) -> CatalogObject {
        guard unfilled.contains(object.identity) else { return object }
        var object = object
        object.facts["populated"] = nil
        object.stages.removeAll { $0.purpose == .refresh }
        return object
    }

    /// Runs what was invented, and returns the share that the server accepted.
    private static func fill(_ settings: ConnectionSettings, seed: UInt64) throws -> Double {
        let connection = try Connection(settings)
        let statements = SchemaGenerator(seed: seed).statements
        let accepted = statements.count { (try? connection.execute($0)) != nil }
        return Double(accepted) / Double(statements.count)
    }
}
