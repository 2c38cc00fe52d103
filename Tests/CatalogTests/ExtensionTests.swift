import Catalog
import PostgresClient
import TestSupport
import Testing

@Suite("a database with every extension at hand comes back as it was")
struct ExtensionTests {
    /// How many extensions each server has at least, and how many types and operator classes of theirs are used here.
    private static let least: [PostgresMajor: (extensions: Int, statements: Int)] = [
        .v15: (40, 80), .v16: (2, 3), .v18: (2, 3),
    ]

    @Test("with tables of their types and indexes of their operator classes", arguments: PostgresMajor.allCases)
    func everyExtension(major: PostgresMajor) throws {
        let least = try #require(Self.least[major])
        try withDatabase(on: major, options: "TEMPLATE template0") { original in
            let connection = try Connection(original)
            let names = try connection.query(Self.available).compactMap { $0[0] }
            #expect(names.count >= least.extensions, "\(names)")
            for name in names { try connection.execute("CREATE EXTENSION IF NOT EXISTS \"\(name)\" CASCADE") }
            try connection.execute("CREATE TABLE uses ()")
            let used = try [Self.columns, Self.indexes].flatMap { try connection.query($0).compactMap { $0[0] } }
                .count { (try? connection.execute($0)) != nil }
            #expect(used >= least.statements)
            try withDatabase(on: major, options: "TEMPLATE template0") { copy in
                let before = try Corpus.read(original)
                #expect(before.objects(of: .extension).count == names.count)
                try Corpus.restore(before, into: copy)
                #expect(CatalogDifference.compare(before, try Corpus.read(copy)).objects == [])
                let known = try Corpus.dump(original, by: major)
                #expect(try Corpus.dump(copy, by: major).difference(from: known).isEmpty)
            }
        }
    }

    /// Those whose own requirements are there too.
    private static let available = """
        SELECT e.name FROM pg_available_extensions e
        JOIN pg_available_extension_versions v ON v.name = e.name AND v.version = e.default_version
        WHERE NOT EXISTS (SELECT FROM unnest(v.requires) r WHERE r NOT IN (SELECT name FROM pg_available_extensions))
        ORDER BY e.name
        """

    /// A column of each type that an extension made.
    private static let columns = """
        SELECT format('ALTER TABLE uses ADD COLUMN %I %s', 'of ' || t.typname,
          format_type(t.oid, NULL) || CASE t.typname WHEN 'vector' THEN '(3)' ELSE '' END)
        FROM pg_type t JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
        WHERE t.typtype IN ('b', 'd', 'r') AND t.typcategory <> 'A' AND t.typlen <> 0
        ORDER BY t.typname
        """

    /// An index of each operator class that an extension made, on a column of its type, with a column for that first.
    private static let indexes = """
        SELECT statement FROM (
          SELECT DISTINCT 1 AS sort, format('ALTER TABLE uses ADD COLUMN IF NOT EXISTS %I %s',
            'of ' || t.typname, format_type(t.oid, NULL)) AS statement
          FROM pg_opclass c JOIN pg_type t ON t.oid = c.opcintype
          JOIN pg_depend d ON d.classid = 'pg_opclass'::regclass AND d.objid = c.oid AND d.deptype = 'e'
          WHERE t.typtype <> 'p'
          UNION ALL
          SELECT 2, format('CREATE INDEX ON uses USING %I (%I %I)', m.amname, 'of ' || t.typname, c.opcname)
          FROM pg_opclass c JOIN pg_type t ON t.oid = c.opcintype JOIN pg_am m ON m.oid = c.opcmethod
          JOIN pg_depend d ON d.classid = 'pg_opclass'::regclass AND d.objid = c.oid AND d.deptype = 'e'
        ) s ORDER BY sort, statement
        """
}
