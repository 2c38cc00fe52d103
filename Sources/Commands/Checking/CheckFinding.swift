import Diagnostics
import Terminal

/// One thing that `check` looked at, and what it found.
struct CheckFinding: Sendable, Encodable {
    enum Level: String, Sendable, Encodable {
        case ok
        case warning
        case error
    }

    var level: Level
    /// The plan or database it is about; nil for what concerns the whole machine.
    var plan: String?
    /// What was looked at, such as `source` or `privileges`.
    var subject: String
    var summary: String
    var cause: String?
    var hint: String?
    /// The code of what would fail; errors only.
    var code: String?

    private enum CodingKeys: String, CodingKey {
        case level, plan, subject, summary, cause, hint, code
    }

    /// What a run would end with; `done` for what is no error.
    var exitStatus: ExitStatus {
        guard level == .error, let code else { return .done }
        return DiagnosticCode(rawValue: code)?.exitStatus ?? .failed
    }

    /// The finding as people read it, under the plan's heading.
    var lines: [StyledText] {
        let ink: Ink = level == .ok ? .green : level == .warning ? .yellow : .boldRed
        let indent = String(repeating: " ", count: 25)
        var lines = [
            StyledText("  ") + StyledText(level.rawValue.padded(to: 9), ink) + StyledText(subject.padded(to: 14), .dim)
                + StyledText(summary)
        ]
        if let cause { lines.append(StyledText("\(indent)cause: \(cause)")) }
        if let hint { lines.append(StyledText("\(indent)hint: \(hint)", .cyan)) }
        return lines
    }
}

/// Findings in the order in which they were made.
struct CheckList: Sendable {
    let plan: String?
    private(set) var findings: [CheckFinding] = []

    init(plan: String?) { self.plan = plan }

    mutating func ok(_ subject: String, _ summary: String) {
        findings.append(CheckFinding(level: .ok, plan: plan, subject: subject, summary: summary))
    }

    mutating func warn(_ subject: String, _ summary: String, cause: String? = nil, hint: String? = nil) {
        findings.append(
            CheckFinding(level: .warning, plan: plan, subject: subject, summary: summary, cause: cause, hint: hint)
        )
    }

    mutating func fail(_ subject: String, _ diagnostic: Diagnostic) {
        findings.append(
            CheckFinding(
                level: .error,
                plan: plan,
                subject: subject,
                summary: diagnostic.summary,
                cause: diagnostic.cause,
                hint: diagnostic.hint,
                code: diagnostic.code.rawValue
            )
        )
    }

    /// Runs a step; what it throws becomes a finding and stops nothing but the step.
    mutating func attempt<Value>(_ subject: String, _ step: () throws -> Value) -> Value? {
        do {
            return try step()
        } catch {
            fail(subject, diagnostic(for: error))
            return nil
        }
    }

    mutating func add(_ other: CheckList) { findings += other.findings }
}
