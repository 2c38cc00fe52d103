/// A command line that cannot be understood: what is wrong with it, and what to write instead.
///
/// `message` starts in lower case and ends without a full stop. Both texts quote what was typed, so they pass
/// redaction before they are shown.
package struct UsageError: Error, Sendable, Equatable {
    package var message: String
    package var hint: String?

    /// Creates an error.
    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
