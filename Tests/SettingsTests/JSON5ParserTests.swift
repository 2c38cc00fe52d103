import Settings
import Testing

@Suite("JSON5 is read with the place of everything in it")
struct JSON5ParserTests {
    /// Documents and what they mean, written as plain JSON without blanks.
    private static let documents: [(text: String, meaning: String)] = [
        ("{}", "{}"),
        ("[]", "[]"),
        ("null", "null"),
        (" true ", "true"),
        ("\u{FEFF}{ a: 1 }", "{a:1.0}"),
        ("{a:1,}", "{a:1.0}"),
        ("[1,2,]", "[1.0,2.0]"),
        ("{'a b': \"c\"}", "{a b:'c'}"),
        ("{$_x9: 'y', été: 2}", "{$_x9:'y',été:2.0}"),
        ("// head\n{/* in\nside */a/**/:/***/1}// tail", "{a:1.0}"),
        (
            "[0x1F, -0xa, +1, .5, 5., -.5e1, 1e3, 0, -0.25, 1.e2]",
            "[31.0,-10.0,1.0,0.5,5.0,-5.0,1000.0,0.0,-0.25,100.0]"
        ),
        (#"['\'"', "\"'", '\x41\u0042\n\t\0\v\b\f\r\/\q']"#, "['\'\"','\"\'','AB\n\t\0\u{B}\u{8}\u{C}\r/q']"),
        ("'one \\\nline \\\r\nonly'", "'one line only'"),
        (#"'\ud83d\ude00 😀'"#, "'😀 😀'"),
        ("'a\u{2028}b'", "'a\u{2028}b'"),
        ("\t\u{B}\u{C}\u{A0}\u{2003}[\u{2029}1\r\n]", "[1.0]"),
        ("{a: {b: [{c: null}]}}", "{a:{b:[{c:null}]}}"),
        ("{a: 1, a: 2}", "{a:1.0,a:2.0}"),
    ]

    @Test("every form that JSON5 allows is read")
    func forms() throws {
        for (text, meaning) in Self.documents {
            #expect(shown(try JSON5Parser.parse(Array(text.utf8))) == meaning, "\(text)")
        }
    }

    /// Broken documents, the place that is blamed, and what for.
    private static let broken: [(text: String, place: String, message: String)] = [
        ("", "1:1", "the file is empty"),
        (" // only a comment\n", "2:1", "the file is empty"),
        ("{a:1", "1:5", "expected ',' or '}', found the end of the file"),
        ("{\n  a: 1\n  b: 2\n}", "3:3", "expected ',' or '}', found 'b'"),
        ("[1 2]", "1:4", "expected ',' or ']', found '2'"),
        ("[,]", "1:2", "expected a value, found ','"),
        ("{a}", "1:3", "expected ':' after 'a', found '}'"),
        ("{a:}", "1:4", "expected a value, found '}'"),
        ("{1a: 2}", "1:2", "expected a key, found '1'"),
        ("{a: yes}", "1:5", "'yes' is no value"),
        ("{a: 12h}", "1:5", "'12h' is no number"),
        ("[012]", "1:2", "'012' is no number"),
        ("[0x]", "1:2", "'0x' is no number"),
        ("[1e999]", "1:2", "'1e999' is no number"),
        ("[--1]", "1:2", "'--1' is no number"),
        ("[.]", "1:2", "'.' is no number"),
        ("NaN", "1:1", "'NaN' is no value here"),
        ("-Infinity", "1:1", "'-Infinity' is no number"),
        ("'abc", "1:1", "the text is not closed on its line"),
        ("{a: \"b\n\"}", "1:5", "the text is not closed on its line"),
        (#"'\x4g'"#, "1:3", "the escape needs 2 hexadecimal digits"),
        (#"'\u12'"#, "1:3", "the escape needs 4 hexadecimal digits"),
        (#"'\ud800x'"#, "1:3", "the escape is half of a surrogate pair"),
        (#"'\udc00'"#, "1:3", "the escape is half of a surrogate pair"),
        (#"'\1'"#, "1:3", #"'\1' is no escape"#),
        ("{} {}", "1:4", "'{' after the end of the document"),
        ("/* never", "1:1", "the comment is never closed"),
        ("/", "1:1", "expected a value, found '/'"),
        ("\u{0}", "1:1", "expected a value, found '\u{0}'"),
        ("{a: 'é', ü: }", "1:13", "expected a value, found '}'"),
        ("{\r\n\r\n a: ?}", "3:5", "expected a value, found '?'"),
    ]

    @Test("every break is blamed on its line and column")
    func breaks() throws {
        for (text, place, message) in Self.broken {
            let problem = #expect(throws: SettingsProblem.self, "\(text)") { try JSON5Parser.parse(Array(text.utf8)) }
            #expect(problem?.position.description == place, "\(text)")
            #expect(problem?.message == message, "\(text)")
        }
    }

    @Test("keys and values know where they stand")
    func positions() throws {
        let node = try JSON5Parser.parse(Array("{\n  plans: { 'é': [1,\n 2] } }".utf8))
        guard case .object(let members) = node.value, case .object(let inner) = members[0].value.value,
            case .array(let elements) = inner[0].value.value
        else {
            Issue.record("not the tree that was written")
            return
        }
        #expect(members[0].keyPosition.description == "2:3")
        #expect(members[0].value.position.description == "2:10")
        #expect(inner[0].keyPosition.description == "2:12")
        #expect(inner[0].value.position.description == "2:17")
        #expect(elements[1].position.description == "3:2")
    }

    @Test("hostile input is refused, not suffered")
    func hostile() throws {
        func problem(_ bytes: [UInt8]) -> SettingsProblem? {
            #expect(throws: SettingsProblem.self) { try JSON5Parser.parse(bytes) }
        }
        let deep = Array(String(repeating: "[", count: 100_000).utf8)
        #expect(problem(deep)?.message == "more than 64 levels of nesting")
        #expect(problem(Array(String(repeating: "{a:", count: 100_000).utf8))?.position.description == "1:193")
        let allowed = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSON5Parser.parse(Array(allowed.utf8)) }
        #expect(
            problem([UInt8](repeating: 0x20, count: JSON5Parser.byteLimit + 1))?.message
                == "the file is larger than 10 MB"
        )
        #expect(problem(Array("{\n a: '".utf8) + [0xC3, 0x28] + Array("'}".utf8))?.position.description == "2:6")
        for bytes: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0x22, 0xE2, 0x82],
        ] {
            #expect(problem(bytes)?.message == "the file is not UTF-8 text")
        }
    }

    @Test("20,000 damaged files are read or refused, never crashed on")
    func mutations() {
        let seeds =
            Self.documents.map { Array($0.text.utf8) } + [[UInt8]](repeating: Array(sampleSettings.utf8), count: 4)
        var random = SplitMix(state: 0x11F3_B0A7)
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1 where at < bytes.count: bytes.remove(at: at)
                case 2: bytes.insert(Array("{}[]:,'\"\\/*+-.x0ue".utf8).randomElement(using: &random) ?? 0, at: at)
                default: bytes = Array(bytes[..<at])
                }
            }
            guard (try? JSON5Parser.parse(bytes)) != nil else { continue }
            // Reading on through the whole of the settings must survive as well.
            do {
                _ = try Settings.parse(bytes, path: "lifeboat.json", folder: "/x")
                accepted += 1
            } catch {
                #expect(!error.diagnostics.isEmpty)
            }
        }
        #expect(accepted > 0, "no damage was harmless: nothing got past the parser")
    }

    private func shown(_ node: SettingsNode) -> String {
        switch node.value {
        case .null: "null"
        case .bool(let flag): String(flag)
        case .number(let number): String(number)
        case .string(let text): "'\(text)'"
        case .array(let elements): "[\(elements.map(shown).joined(separator: ","))]"
        case .object(let members): "{\(members.map { "\($0.key):\(shown($0.value))" }.joined(separator: ","))}"
        }
    }
}

/// The same damage in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
