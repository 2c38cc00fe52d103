import Diagnostics
import Testing

@Suite("Secrets stay out of messages")
struct RedactionTests {
    @Test(
        "the secret is masked and the rest stays",
        arguments: [
            ("cannot reach postgres://ada:s3cret@db:5432/shop now", "cannot reach postgres://ada:***@db:5432/shop now"),
            ("postgres://ada:p@ss@w@db/shop", "postgres://ada:***@db/shop"),
            ("postgres://ada:p/a?s#s@db/shop", "postgres://ada:***@db/shop"),
            ("postgres://ada:p%40ss%2F@db/shop", "postgres://ada:***@db/shop"),
            ("postgres://:only@db", "postgres://:***@db"),
            ("'postgres://ada:it's@db'", "'postgres://ada:***@db'"),
            ("from sftp://a:one@x/1 to s3://b:two@y/2", "from sftp://a:***@x/1 to s3://b:***@y/2"),
            ("postgres://ada:two words@db/shop", "postgres://ada:***@db/shop"),
            ("postgres://ada:cut", "postgres://ada:***"),
            ("postgres://db/shop?password=a%20b&sslmode=require", "postgres://db/shop?password=***&sslmode=require"),
            ("host=db password = 'x y' user=ada", "host=db password = *** user=ada"),
            (#"password='it\'s \\ long' user=ada"#, "password=*** user=ada"),
            (#"password=two\ words user=ada"#, "password=*** user=ada"),
            ("password=a'b\"c&d user=ada", "password=*** user=ada"),
            ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
            (#"PGPASSWORD='it'\''s' psql"#, "PGPASSWORD=*** psql"),
            ("sslpassword=abc sslkey=k", "sslpassword=*** sslkey=k"),
            ("Passphrase=abc\nnext", "Passphrase=***\nnext"),
            ("AWS_SECRET_ACCESS_KEY=ab/cd+ef AWS_REGION=eu", "AWS_SECRET_ACCESS_KEY=*** AWS_REGION=eu"),
            ("ALTER ROLE ada PASSWORD 'x y'; SELECT 1", "ALTER ROLE ada PASSWORD *** SELECT 1"),
            (#"{"password": "x y", "user": "ada"}"#, #"{"password": *** "user": "ada"}"#),
            ("key AGE-SECRET-KEY-1QQPZRY is bad", "key AGE-SECRET-KEY-*** is bad"),
            ("age-secret-key-1qqpzry", "age-secret-key-***"),
            ("line one\nLIFEBOAT-SIGNER-SECRET-1QQPZRY\nline", "line one\nLIFEBOAT-SIGNER-SECRET-***\nline"),
            ("password='never closed\nand more", "password=***"),
        ]
    )
    func examples(text: String, shown: String) {
        #expect(redacted(text) == shown)
        #expect(redacted(shown) == shown)
    }

    @Test(
        "what holds no secret is shown as it is",
        arguments: [
            "", "password authentication failed for user \"ada\"", "no password supplied", "mail ada@example.org",
            "postgres://ada@db:5432/shop", "postgres://one:5432,two:5433/shop", "postgres://[::1]:5432/shop",
            "'https://example.org:9000'", "file:///tmp/a:b", "the secret: none", "wrong passphrase: try again",
            "table 'passwords' is empty", "größe = 7\u{301}",
        ]
    )
    func untouched(text: String) { #expect(redacted(text).utf8.elementsEqual(text.utf8)) }

    @Test(
        "a combining character hides nothing",
        arguments: [
            "password=\u{301}hidden", "password='\u{301}hidden'", "password=\"\u{301}x hidden\"",
            "password\u{301}=hidden", "password =\u{301}hidden\u{301}",
            "postgres://\u{301}ada:\u{301}hidden\u{301}@\u{301}db", "postgres:/\u{2F}ada:hidden\u{301}@db",
            "AGE-SECRET-KEY-1\u{301}hidden", "AGE-SECRET-KEY-1AB\u{301}hidden", "LIFEBOAT-SIGNER-SECRET-\u{301}1hidden",
            "x\u{301}password=hidden\u{301}", "\"\u{301}password\"\u{20}:\u{20}\"\u{301}hidden\"",
        ]
    )
    func combining(text: String) { #expect(!redacted(text).utf8Contains("hidden"), "\(redacted(text))") }

    @Test("no secret survives in any of 10,000 random surroundings")
    func property() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<10_000 {
            let secret = Embedding.secret(&random)
            let embedding = Embedding.allCases.randomElement(using: &random) ?? .url
            let written = embedding.write(secret)
            let text = Embedding.filler(&random) + written.text + Embedding.filler(&random)
            let shown = redacted(text)
            #expect(!shown.utf8Contains(written.secret), "\(embedding) of '\(secret)': \(shown)")
            #expect(shown.utf8Contains("***"))
        }
    }
}

extension String {
    /// By bytes: as characters, a combining mark behind it would hide a secret that is in plain sight.
    fileprivate func utf8Contains(_ part: String) -> Bool {
        let (whole, part) = (Array(utf8), Array(part.utf8))
        return whole.indices.contains { whole[$0...].starts(with: part) }
    }
}
