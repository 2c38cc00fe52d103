/// What went wrong, in the user's nouns: what could not be done, the cause in the words of whoever refused, and what to
/// do next.
///
/// `summary` and `cause` start in lower case and end without a full stop; `hint` is a sentence. None of the fields may
/// carry a password, a key or row data: every text that comes from outside passes `redacted(_:)` first.
package struct Diagnostic: Error, Sendable, Equatable {
    /// Whether trying again can help.
    package enum Retry: String, Sendable {
        case never
        case later
    }

    package var code: DiagnosticCode
    package var summary: String
    package var cause: String?
    package var hint: String?
    /// Extra facts, shown with `--verbose` and in JSON.
    package var context: [String: String]
    package var retry: Retry

    /// Creates a diagnostic.
    package init(
        _ code: DiagnosticCode,
        _ summary: String,
        cause: String? = nil,
        hint: String? = nil,
        context: [String: String] = [:],
        retry: Retry = .never
    ) {
        self.code = code
        self.summary = summary
        self.cause = cause
        self.hint = hint
        self.context = context
        self.retry = retry
    }

    /// The lines a person reads: `error:`, `cause:`, `hint:`; an error always has a hint.
    package func lines(label: String = "error") -> [String] {
        var lines = ["\(label): \(summary.onOneLine)"]
        if let cause { lines.append("cause: \(cause.onOneLine)") }
        if let hint = shownHint(as: label) { lines.append("hint: \(hint.onOneLine)") }
        return lines
    }
}

extension Diagnostic: CustomStringConvertible {
    /// The same lines as `lines()`, joined.
    package var description: String { lines().joined(separator: "\n") }
}
