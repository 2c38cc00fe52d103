/// A way in which secrets stand in texts.
enum Embedding: CaseIterable {
    case url
    case urlParameter
    case quoted
    case escaped
    case shell
    case ageKey
    case signerKey

    /// The text, and the spelling of the secret in it.
    func write(_ secret: String) -> (text: String, secret: String) {
        switch self {
        case .url:
            let spelled = Self.replaced(secret, [" ": "%20", "\n": "%0A"])
            return ("postgres://ada:\(spelled)@db.example.org/shop", spelled)
        case .urlParameter:
            let spelled = Self.replaced(secret, [" ": "%20", "\n": "%0A", "&": "%26", "=": "%3D"])
            return ("postgres://db/shop?sslpassword=\(spelled)&sslmode=require", spelled)
        case .quoted:
            let spelled = Self.replaced(secret, ["'": "\\'", "\\": "\\\\"])
            return ("password = '\(spelled)'", spelled)
        case .escaped:
            let spelled = Self.replaced(secret, ["'": "\\'", "\"": "\\\"", "\\": "\\\\", " ": "\\ ", "\n": "\\\n"])
            return ("passphrase=\(spelled) ", spelled)
        case .shell:
            let spelled = Self.replaced(secret, ["'": "", "\"": "", "\\": ""])
            return ("PGPASSWORD='\(spelled)' ", spelled)
        case .ageKey:
            let spelled = Self.letters(secret)
            return ("AGE-SECRET-KEY-1\(spelled)", spelled)
        case .signerKey:
            let spelled = Self.letters(secret)
            return ("LIFEBOAT-SIGNER-SECRET-1\(spelled)", spelled)
        }
    }

    /// Eight to thirty scalars, those that mean something to a parser among them.
    static func secret(_ random: inout some RandomNumberGenerator) -> String {
        let scalars = Array("abcXYZ0189@:/?#%&='\"\\ \n,;é\u{301}\u{202E}🙂[]".unicodeScalars)
        var secret = "S"
        for _ in 0..<Int.random(in: 8...30, using: &random) {
            secret.unicodeScalars.append(scalars.randomElement(using: &random) ?? "x")
        }
        return secret + "E"
    }

    /// What may stand before or behind a secret: words, quotes, other secrets, broken beginnings.
    static func filler(_ random: inout some RandomNumberGenerator) -> String {
        let pieces = [
            " ", "\n", "\t", "\"", "'", "é", "\u{301}", "word", "postgres://ada@db", "https://example.org:90/x",
            "host=db ", "password=", "password='", "secret = \"", "ada:", "@", "://", "?", "&", "\u{2028}", "🙂",
            "AGE-SECRET-KEY-1", "PGPASSWORD='x' ", "=", "(", ")",
        ]
        return (0..<Int.random(in: 0...6, using: &random))
            .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
    }

    private static func replaced(_ text: String, _ spellings: [Unicode.Scalar: String]) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let spelling = spellings[scalar] {
                result.append(contentsOf: spelling.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    private static func letters(_ secret: String) -> String {
        secret.utf8.map { String($0, radix: 16) }.joined()
    }
}
