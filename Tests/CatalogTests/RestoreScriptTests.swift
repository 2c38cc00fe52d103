@testable import Catalog
import Diagnostics
import Glibc
import PostgresClient
import Streams
import TestSupport
import Testing

@Suite("the catalog as SQL text")
struct RestoreScriptTests {
    @Test("psql makes the same database from the text, and runs nothing else")
    func byHand() throws {
        try Corpus.withOriginal(on: .v15, contrib: true) { original in
            let catalog = try Corpus.read(original)
            let sql = try RestoreScript(RestoreOrder(catalog, dropsMissingPublic: true)).sql(RestoreSection.allCases)
            try withDatabase(options: "TEMPLATE template0") { copy in
                let arguments = [
                    "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--host", copy.host, "--port", copy.port,
                    "--username", copy.user, "--dbname", copy.database,
                ]
                let psql = try PostgresMajor.v15.binaries() + "/psql"
                let outcome = try ChildProcess.run(ChildLaunch(psql, arguments), input: Array(sql.utf8))
                #expect(outcome.ending.isSuccess, "\(outcome.message.prefix(500))")
                let difference = try CatalogDifference.compare(catalog, Corpus.read(copy))
                #expect(difference.objects == [])
                #expect(access("/tmp/owned", F_OK) != 0, "a name was taken for a command")
            }
        }
    }

    @Test(
        "a statement that psql would not read as one statement is refused",
        arguments: [
            "SELECT 1 \\! id", "\\connect x", "SELECT 'open", "SELECT \"open", "SELECT $a$ open $b$", "SELECT /* open",
            "SELECT 1 -- open", "SELECT 'a\\' \\! id", "SELECT e'a\\'", "SELECT 1 -- \r\\! id\n", "SELECT a$b",
            "SELECT a$$x$ \\! id $x$", "SELECT $1$x$ ' $x$ \\! id '", "SELECT 1$x$ ' $x$ '", "SELECT a$e'\\'",
            "SELECT 1e'\\'", "SELECT E'a'\n'\\' '", "SELECT $1x",
        ]
    )
    func refused(statement: String) throws {
        #expect(!StatementText.isInert(statement))
        var object = CatalogObject(ObjectIdentity(.view, schema: "s", name: "v"), reference: "\"s\".\"v\"")
        object.stages = [Stage(.create, .preData, [statement])]
        let order = RestoreOrder(DatabaseCatalog(serverMajor: 15, objects: [object]))
        #expect(throws: Diagnostic.self) { try RestoreScript(order).sql([.preData]) }
    }

    @Test(
        "quotes of every sort may hold anything",
        arguments: [
            "SELECT '\\! id'", "SELECT \"\\! id\"", "SELECT $$ \\! id ' \" $$", "SELECT $a$ $$ \\! $a$",
            "SELECT E'it\\'s \\\\'",
            "SELECT 'it''s'", "SELECT $1, ($2)::text", "SELECT E'\\\\' ", "SELECT date'2026-01-01', name'\\'",
            "SELECT /* \\! /* nested */ ' */ 1", "SELECT 1 -- \\! '\n + 1",
            "SELECT ' E''\\'",
        ]
    )
    func inert(statement: String) { #expect(StatementText.isInert(statement)) }

    @Test(
        "psql sees no variable where SQL has a colon",
        arguments: [
            ("SELECT a[1:\"USER\"]", "SELECT a[1: \"USER\"]"), ("SELECT a[lo:hi]", "SELECT a[lo: hi]"),
            ("SELECT 1::text, ':x' || \":y\"", "SELECT 1::text, ':x' || \":y\""),
            ("SELECT a[1:'2'::int] -- :x\n", "SELECT a[1: '2'::int] -- :x\n"), ("SELECT $$:x$$", "SELECT $$:x$$"),
        ]
    )
    func colons(statement: String, written: String) { #expect(StatementText.withoutVariables(statement) == written) }
}
