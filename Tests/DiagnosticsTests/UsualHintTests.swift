import Diagnostics
import Testing

@Suite("What to do about an error of which nobody knows more")
struct UsualHintTests {
    @Test(
        "every error says what to do next, in a sentence; a warning only what somebody wrote",
        arguments: DiagnosticCode.allCases
    )
    func allCodes(code: DiagnosticCode) {
        #expect((code.usualHint == nil) == (code == .settingsInvalid))
        let lines = Diagnostic(code, "it failed").lines()
        #expect(lines == ["error: it failed"] + (code.usualHint.map { ["hint: \($0)"] } ?? []))
        #expect(code.usualHint?.hasSuffix(".") != false)
        #expect(Diagnostic(code, "it failed").lines(label: "warning") == ["warning: it failed"])
    }

    @Test("what whoever failed knows goes before")
    func ownHint() {
        #expect(Diagnostic(.busy, "no", hint: "Ask Ann.").lines() == ["error: no", "hint: Ask Ann."])
    }
}
