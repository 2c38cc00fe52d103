/// A command line that cannot be understood: what is wrong with it, why, and what to write instead.
///
/// `message` and `cause` start in lower case and end without a full stop. The texts may quote what was typed, so they pass
/// redaction before they are shown.
package struct UsageError: Error, Sendable, Equatable {
    package var message: String
    package var cause: String
    /// Nil where the command's own help page says it best; `CommandTree` then names the page.
    package var hint: String?

    /// Creates an error.
    package init(_ message: String, cause: String, hint: String? = nil) {
        self.message = message
        self.cause = cause
        self.hint = hint
    }
}
