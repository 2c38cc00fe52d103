/// What the server, or libpq, said when it refused.
///
/// The texts are the server's and may quote row data or object names: they reach people only through
/// `diagnostic(while:)`.
package struct PostgresError: Error, Sendable, Equatable {
    /// Where in a connection's life the error happened.
    package enum Phase: Sendable {
        /// While connecting: libpq 15 gives a message only, never an SQLSTATE.
        case connecting
        /// While a statement ran.
        case statement
    }

    /// The five-character SQLSTATE, when the server gave one.
    package var sqlState: String?
    package var message: String
    package var detail: String?
    package var hint: String?
    /// The server's call stack: which function, which line of a COPY.
    package var context: String?
    package var phase: Phase

    /// Creates an error.
    package init(
        sqlState: String? = nil,
        message: String,
        detail: String? = nil,
        hint: String? = nil,
        context: String? = nil,
        phase: Phase = .statement
    ) {
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.hint = hint
        self.context = context
        self.phase = phase
    }
}
