import Diagnostics
import PostgresClient
import TestSupport
import Testing

@Suite("connection settings")
struct ConnectionSettingsTests {
    @Test("a URL, a keyword text and keywords say the same")
    func notations() throws {
        let url = try ConnectionSettings(text: "postgres://ann@db1.example:5433/shop?sslmode=require")
        let text = try ConnectionSettings(text: "host=db1.example port=5433 user=ann dbname=shop sslmode=require")
        let keywords = try ConnectionSettings(keywords: [
            "host": "db1.example", "port": "5433", "user": "ann", "dbname": "shop", "sslmode": "require",
        ])
        #expect(url == text)
        #expect(text == keywords)
        #expect(url.host == "db1.example")
        #expect(url.port == "5433")
        #expect(url.user == "ann")
        #expect(url.database == "shop")
        #expect(url.displayName == "shop on db1.example:5433")
        #expect(!url.isLocal)
    }

    @Test("what is left open is filled in as libpq fills it in")
    func defaults() throws {
        let settings = try ConnectionSettings(text: "postgres://ann@db1.example")
        #expect(settings.port == "5432")
        #expect(settings.database == "ann")
        #expect(settings.with(database: "other").displayName == "other on db1.example:5432")
    }

    @Test(
        "sockets and loopback addresses are local, everything else is not",
        arguments: [
            ("host=/run/postgresql", true), ("host=localhost", true), ("host=127.0.0.1", true), ("host=::1", true),
            ("hostaddr=127.1.2.3 host=db1.example", true), ("host=@abstract", true), ("host=db1.example", false),
            ("host=10.0.0.1", false), ("host=localhost,db1.example", false), ("host=127.example.org", false),
            ("host=localhost hostaddr=10.0.0.1", false),
        ]
    )
    func locality(text: String, isLocal: Bool) throws {
        #expect(try ConnectionSettings(text: text + " user=ann").isLocal == isLocal)
    }

    @Test("a password on a command line is refused, in a URL and in a keyword text")
    func passwordsRefused() throws {
        for text in [
            "postgres://ann:s3cret@db1/shop", "host=db1 password=s3cret", "postgres://db1/shop?password=s3cret",
        ] {
            let refusal = #expect(throws: Diagnostic.self) { try ConnectionSettings(text: text, allowPassword: false) }
            #expect(refusal?.code == .secretOnCommandLine)
            #expect(refusal?.description.contains("s3cret") == false)
        }
        #expect(throws: Never.self) { try ConnectionSettings(text: "postgres://ann@db1/shop", allowPassword: false) }
    }

    @Test("no way of printing settings shows the password")
    func passwordsHidden() throws {
        let settings = try ConnectionSettings(text: "postgres://ann:s3cret@db1/shop")
        var dumped = ""
        dump(settings, to: &dumped)
        for text in ["\(settings)", String(reflecting: settings), settings.displayName, dumped] {
            #expect(!text.contains("s3cret"))
            #expect(text.contains("shop on db1:5432"))
        }
    }

    @Test("a text that makes no sense is an error that quotes libpq and hides the password")
    func nonsense() {
        let texts = [
            "postgres://ann:s3cret@[db1/x", "no such thing", "host=db1 hots=db2 password=s3cret",
            "sslmode=maybe",
        ]
        for text in texts {
            let refusal = #expect(throws: Diagnostic.self) { try ConnectionSettings(text: text) }
            #expect(refusal?.code == .settingsInvalid)
            #expect(refusal?.cause != nil)
            #expect(refusal?.description.contains("s3cret") == false)
        }
    }

    @Test("a missing variable is named")
    func missingVariable() {
        let refusal = #expect(throws: Diagnostic.self) {
            try ConnectionSettings(environmentVariable: "LIFEBOAT_NO_SUCH")
        }
        #expect(refusal?.code == .settingsMissing)
        #expect(refusal?.summary.contains("'LIFEBOAT_NO_SUCH'") == true)
    }
}
