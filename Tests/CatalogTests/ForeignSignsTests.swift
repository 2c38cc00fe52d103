import Diagnostics
import PostgresClient
import TestSupport
import Testing

@testable import Catalog

/// To Swift a quote is no quote where a combining sign follows it or a prepended one stands before it.
@Suite("Signs that cling to quotes")
struct ForeignSignsTests {
    private static let signs = [
        "\u{0301}", "\u{0600}", "\u{0E33}", "\u{200D}", "\u{FE0F}", "\r", "\n", "x", "\u{1F1E6}", "",
    ]
    private static let marks = [
        "'", "\"", "\\", "=", "%", "$do$", ";", ":", "--", "/*", ",", ".", "{", "}", "\n", "\" WITH SUPERUSER ",
    ]

    /// Every mark between every two signs, and all of them together.
    private static var texts: [String] {
        var texts: [String] = []
        for before in signs {
            for after in signs {
                for mark in marks { texts.append("a" + before + mark + after + "b") }
                texts.append(before + marks.joined(separator: after + before) + after)
            }
        }
        return texts
    }

    @Test("a literal is the text, and a name is the name, to every server", arguments: PostgresMajor.allCases)
    func quoting(_ major: PostgresMajor) throws {
        try withDatabase(on: major, options: "TEMPLATE template0") { settings in
            let connection = try Connection(settings)
            for setting in ["on", "off"] {
                try connection.execute("SET standard_conforming_strings = \(setting)")
                for texts in Self.texts.chunks(of: 200) {
                    let array = "ARRAY[" + texts.map(literal).joined(separator: ", ") + "]"
                    #expect(StatementText.isSingle(array))
                    #expect(try connection.query("SELECT \(array) = $1", [Self.array(texts)])[0, 0] == "t")
                }
            }
            for names in Self.texts.filter({ $0.utf8.count < 64 }).chunks(of: 200) {
                let list = names.enumerated().map { "\($0) AS \(quoted($1))" }.joined(separator: ", ")
                #expect(StatementText.isSingle(list))
                let told = try connection.query("SELECT " + list).columns
                #expect(told.map { Array($0.utf8) } == names.map { Array($0.utf8) })
            }
        }
    }

    private static func array(_ texts: [String]) -> String {
        let elements = texts.map { text in
            "\"" + text.replacingEach("\\", with: "\\\\").replacingEach("\"", with: "\\\"") + "\""
        }
        return "{" + elements.joined(separator: ",") + "}"
    }

    private static let attack = "x\u{0600}'; CREATE ROLE pwned_by_comment SUPERUSER; SELECT '\u{0301}y"
    private static let value = "\u{0600}$do$; CREATE ROLE pwned_by_comment SUPERUSER; SELECT $do$\u{0301}"

    private static func fill(_ connection: Connection, _ database: String) throws {
        try connection.execute(
            """
            CREATE TABLE mine (a int, "c\u{0600}""; DROP TABLE other; --\u{0301}" int);
            CREATE TABLE other (a int);
            COMMENT ON TABLE mine IS \(try connection.quoteLiteral(attack));
            COMMENT ON COLUMN mine.a IS 'vowel ''\u{0E33}'' sign';
            CREATE TYPE mood AS ENUM ('''\u{0301}', 'b\u{0600}''');
            CREATE FOREIGN DATA WRAPPER w;
            CREATE SERVER s FOREIGN DATA WRAPPER w
              OPTIONS (host 'h', dbname '\u{0301}db', "n\u{0600}" '\u{0E33}');
            CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS ("user" '\u{0E33}u', x 'y');
            COMMENT ON DATABASE \(database) IS '50%\u{0301} off %\u{0600}';
            ALTER DATABASE \(database) SET app.greeting = '\u{0E33}hello';
            ALTER DATABASE \(database) SET search_path = public, \(try connection.quoteIdentifier(value));
            """
        )
    }

    @Test("what is called and said so comes back as it was, and nothing in it runs")
    func roundTrip() throws {
        try withDatabase(options: "TEMPLATE template0") { original in
            let connection = try Connection(original)
            try Self.fill(connection, try connection.quoteIdentifier(original.database))
            try withDatabase(options: "TEMPLATE template0") { copy in
                let before = try Corpus.read(original)
                try Corpus.restore(before, into: copy)
                #expect(CatalogDifference.compare(before, try Corpus.read(copy)).objects == [])
                let told = try Connection(copy).query(
                    """
                    SELECT obj_description('public.mine'::regclass), srvoptions,
                      (SELECT umoptions FROM pg_user_mappings LIMIT 1),
                      (SELECT setconfig FROM pg_db_role_setting r JOIN pg_database d ON d.oid = setdatabase
                        WHERE datname = current_database() AND setrole = 0),
                      (SELECT count(*) FROM pg_roles WHERE rolname = 'pwned_by_comment')
                    FROM pg_foreign_server
                    """
                )
                #expect(told[0, 0].map { Array($0.utf8) } == Array(Self.attack.utf8))
                #expect(told[0, 1]?.holdsBytes(of: "dbname=\u{0301}db") == true)
                #expect(told[0, 2]?.holdsBytes(of: "user=\u{0E33}u") == true)
                #expect(told[0, 3]?.holdsBytes(of: "app.greeting=\u{0E33}hello") == true)
                #expect(told[0, 4] == "0")
            }
        }
    }

    @Test("a statement with another one in it is refused, whoever made it")
    func several() throws {
        for statement in [
            "SELECT 1", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT ';' /* ; */", "DO $a$;$a$",
        ] { #expect(StatementText.isSingle(statement)) }
        for statement in ["SELECT 1; SELECT 2", "SELECT (1); SELECT 2", "SELECT 'a'''; SELECT 2", "SELECT 1;"] {
            #expect(!StatementText.isSingle(statement))
        }
        let function = ObjectIdentity(.function, name: "f")
        #expect(function.isPlain("CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END"))
        let case_ = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END"
        #expect(function.isPlain(case_) && !function.isPlain(case_ + "; DROP TABLE t"))
        #expect(
            !function.isPlain(case_ + " DROP TABLE t; SELECT 1 AS END") && !function.isPlain(String(case_.dropLast(3)))
        )
        #expect(!function.isPlain("CREATE OR REPLACE FUNCTION f() RETURNS int AS $$x$$; DROP TABLE t"))
        #expect(!StatementText.isSingle("SELECT 1 -- \r; DROP TABLE t\n"))
        #expect(!function.isPlain("COMMENT ON FUNCTION f() IS 'a'; DROP TABLE t"))
        let stage = Stage(.create, .preData, ["CREATE TABLE t (); DROP TABLE u"])
        let identity = ObjectIdentity(.table, schema: "public", name: "t")
        var object = CatalogObject(identity, reference: "\"public\".\"t\"", stages: [stage])
        #expect(throws: (any Error).self) {
            try RestoreOrder(DatabaseCatalog(serverMajor: 15, objects: [object])).requirePlain()
        }
        object.stages[0].statements = ["CREATE TABLE t ()"]
        try RestoreOrder(DatabaseCatalog(serverMajor: 15, objects: [object])).requirePlain()
    }
}

extension Array {
    fileprivate func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
