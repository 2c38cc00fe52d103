import Diagnostics
import Testing

@Suite("Text from outside on one line")
struct OneLineTextTests {
    @Test("no control character and no mark of direction is left")
    func everyScalar() {
        for value in UInt32(0)...0x2FFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let shown = "a\(Character(scalar))b".onOneLine
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: #expect(shown == "a b", "U+\(value)")
            default:
                let turns =
                    [0x061C, 0x200E, 0x200F].contains(value) || (0x202A...0x202E).contains(value)
                    || (0x2066...0x2069).contains(value)
                #expect(shown.utf8.elementsEqual((turns ? "ab" : "a\(Character(scalar))b").utf8), "U+\(value)")
            }
        }
    }

    @Test("a diagnostic cannot forge a second line or turn the first")
    func diagnostic() {
        let failure = Diagnostic(.internalError, "a\nerror: b", cause: "c\u{202E}d\u{2066}e\u{1B}[2J")
        #expect(failure.lines().prefix(2) == ["error: a error: b", "cause: cde [2J"])
    }

    @Test("indentation stays, blanks at the end of controls go")
    func blanks() {
        #expect("  a\r\n\tb\n".onOneLine == "  a b")
    }
}
