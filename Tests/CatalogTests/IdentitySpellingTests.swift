import Catalog
import PostgresClient
import TestSupport
import Testing

@Suite("names are compared as the server compares them")
struct IdentitySpellingTests {
    private static let composed = "caf\u{E9}"
    private static let decomposed = "cafe\u{301}"

    @Test("a composed and a decomposed name are two identities, in whatever part they stand")
    func identities() {
        let make: [(String) -> ObjectIdentity] = [
            { ObjectIdentity(.table, schema: "public", name: $0) },
            { ObjectIdentity(.table, schema: $0, name: "t") },
            { ObjectIdentity(.trigger, schema: "public", name: "t", parent: $0) },
            { ObjectIdentity(.function, schema: "public", name: "f", signature: $0) },
        ]
        for identity in make {
            let (one, other) = (identity(Self.composed), identity(Self.decomposed))
            #expect(one != other && one == identity(Self.composed))
            #expect(Set([one, other, one]).count == 2)
            #expect((one < other) != (other < one))
        }
    }

    @Test("a name without a part stands before one with it, and two that agree stand nowhere apart")
    func order() {
        let bare = ObjectIdentity(.function, schema: "public", name: "f")
        let signed = ObjectIdentity(.function, schema: "public", name: "f", signature: "")
        #expect(bare < signed && !(signed < bare) && !(bare < bare) && bare != signed)
    }

    @Test("two tables that differ in nothing but the spelling stay two: read, ordered, restored, compared")
    func twoTables() throws {
        try withDatabase(on: .v15, options: "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'") {
            original in
            try Connection(original).execute(
                """
                CREATE TABLE "\(Self.composed)" (a integer PRIMARY KEY);
                CREATE TABLE "\(Self.decomposed)" (b text, "\(Self.composed)" text, "\(Self.decomposed)" text);
                CREATE VIEW v AS SELECT * FROM "\(Self.composed)", "\(Self.decomposed)";
                """
            )
            let catalog = try Corpus.read(original)
            let tables = catalog.objects(of: .table)
            #expect(
                tables.map { Array($0.identity.name.utf8) } == [Self.decomposed, Self.composed].map { Array($0.utf8) }
            )
            let steps = RestoreOrder(catalog).steps.filter { $0.object.kind == .table && $0.action == .create }
            #expect(Set(steps.map(\.object)).count == 2)

            try withDatabase(on: .v15, options: "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'") {
                copy in
                try Corpus.restore(catalog, into: copy)
                #expect(try CatalogDifference.compare(catalog, Corpus.read(copy)).objects == [])
                try Connection(copy).execute("DROP VIEW v; DROP TABLE \"\(Self.decomposed)\"")
                let missing = try CatalogDifference.compare(catalog, Corpus.read(copy)).objects
                let lost = ObjectIdentity(.table, schema: "public", name: Self.decomposed)
                #expect(missing.contains { $0.object == lost && $0.change == .missing })
                #expect(!missing.contains { $0.object == tables.last?.identity })
            }
        }
    }
}
