import Catalog
import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite("a copy that lost something is not taken for the original")
struct MutationTests {
    /// A sample of the mutations of every object in an ordinary run, all of them with LIFEBOAT_CAMPAIGN=1.
    private static let stride = getenv("LIFEBOAT_CAMPAIGN") == nil ? 37 : 1

    @Test(
        "whatever one object, grant, comment, owner or setting loses is named, for every object",
        arguments: PostgresMajor.allCases
    )
    func everyObject(major: PostgresMajor) throws {
        try withMutant(major) { mutant in
            let mutations = mutant.original.objects.flatMap(Mutation.all)
            var tried: Set<ObjectKind> = []
            var refused = 0
            for (number, mutation) in mutations.enumerated() where number % Self.stride == 0 {
                guard let difference = try mutant.difference(after: mutation.sql) else {
                    refused += 1
                    continue
                }
                tried.insert(mutation.object.kind)
                #expect(difference.objects.contains { mutation.isNamed(by: $0.object) }, "\(mutation)")
                #expect(difference.fidelity < 1 || difference.objects.contains { $0.change == .extra }, "\(mutation)")
            }
            let total = (mutations.count + Self.stride - 1) / Self.stride
            #expect(mutations.count > 1_100)
            // What the server itself does not allow (a view's column, a constraint's index) tells nothing.
            #expect(Double(refused) / Double(total) < 0.2, "\(refused) of \(total) were refused")
            #expect(tried.count > (Self.stride == 1 ? 40 : 8))
        }
    }

    @Test("every object of the corpus can be changed in some way, and the change is looked for")
    func nothingIsLeftOut() throws {
        try withMutant(.v15) { mutant in
            for object in mutant.original.objects {
                #expect(!Mutation.all(of: object).isEmpty, "\(object.identity)")
            }
        }
    }

    @Test("a changed default, a disabled trigger, a widened policy are named")
    func changedDetails() throws {
        let changes = [
            "ALTER TABLE shop.orders ALTER state SET DEFAULT 'paid'",
            "ALTER TABLE shop.orders ENABLE TRIGGER off",
            "ALTER POLICY own ON shop.orders USING (true)",
            "ALTER TABLE shop.orders NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE shop.orders ALTER total SET STATISTICS 10",
            "ALTER SEQUENCE shop.numbers INCREMENT 4",
            "ALTER TABLE shop.customer SET WITHOUT CLUSTER",
            "ALTER INDEX shop.orders_expression SET (fillfactor = 61)",
            "ALTER VIEW shop.open_orders RESET (security_barrier)",
            "ALTER FUNCTION shop.area(integer, integer, integer[]) SET work_mem = '2MB'",
            "ALTER TABLE family.child NO INHERIT family.other",
            "ALTER TABLE family.events DETACH PARTITION family.events_old",
            "ALTER DEFAULT PRIVILEGES FOR ROLE corpus_owner IN SCHEMA shop REVOKE SELECT ON TABLES FROM corpus_reader",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) TO PUBLIC",
            "REVOKE SET ON PARAMETER log_statement FROM corpus_writer",
            "REVOKE corpus_reader FROM pg_monitor",
        ]
        try withMutant(.v15) { mutant in
            for change in changes {
                let difference = try mutant.difference(after: change)
                #expect(difference?.objects.isEmpty == false, "\(change)")
                #expect((difference?.fidelity ?? 1) < 1 || difference?.objects.contains { $0.change == .extra } == true)
            }
        }
    }

    private func withMutant(_ major: PostgresMajor, _ body: (Mutant) throws -> Void) throws {
        try Corpus.withOriginal(on: major) { settings in
            let connection = try Connection(settings)
            try connection.execute("ALTER EVENT TRIGGER \"ev \"\"odd\" DISABLE; SET search_path = ''")
            try body(Mutant(original: CatalogReader(connection).read(), connection: connection))
        }
    }
}

/// A database that is changed in transactions that never commit.
private struct Mutant {
    let original: DatabaseCatalog
    let connection: Connection

    /// What the comparison says after a change; nil when the server refused the change.
    func difference(after change: String) throws -> CatalogDifference? {
        try connection.execute("BEGIN")
        defer { connection.rollBack() }
        do { try connection.execute(change) } catch { return nil }
        return try CatalogDifference.compare(original, CatalogReader(connection).read())
    }
}
