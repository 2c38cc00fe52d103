import Diagnostics
import Testing

@Suite("The documents say what is true")
struct DocumentTests {
    @Test("docs/errors.md lists every code with its exit status, and no other")
    func errorCodes() throws {
        let document = try #require(SourceTree.read("docs/errors.md"))
        var documented: [String: Int32] = [:]
        for match in document.matches(of: /\n\| `([a-z-]+)` \| (\d+) \|/) {
            documented[String(match.1)] = Int32(match.2)
        }
        for code in DiagnosticCode.allCases {
            #expect(documented.removeValue(forKey: code.rawValue) == code.exitStatus.rawValue, "\(code.rawValue)")
        }
        #expect(documented.isEmpty, "unknown codes: \(documented.keys)")
    }

    @Test("docs/json.md names every kind of answer")
    func answerKinds() throws {
        let document = try #require(SourceTree.read("docs/json.md"))
        let kinds = SourceTree.files(below: "Sources/Commands").flatMap { file in
            file.text.matches(of: /\.answer\(\s*"([a-z-]+)",/).map { String($0.1) }
        }
        #expect(Set(kinds).count > 20)
        for kind in Set(kinds).sorted() { #expect(document.contains("| `\(kind)` |"), "\(kind)") }
    }
}
